// Package percent encodes text in percent-encoding (RFC 3986, section 2.1), where a scheme signs one exact spelling.
package percent

import "strings"

// Encode encodes every byte but ASCII letters, digits and those in plain, with digits in upper case.
func Encode(text, plain string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
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
