package httpfield

import "strings"

// PercentEncode encodes every byte except ASCII letters, digits and the bytes in plain. The hexadecimal digits are in
// upper case (RFC 3986, section 2.1). Signatures depend on the exact set of plain bytes, and it differs between
// providers: net/url has no function for it.
func PercentEncode(text, plain string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) { // bytes, not characters: UTF-8 is encoded byte by byte
		c := text[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
