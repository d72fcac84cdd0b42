package formscan

import "bytes"

// escaped reports whether each percent sign of a text begins a well-formed escape. Readers disagree on the others: some
// keep the sign, and some refuse the form.
func escaped(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '%')
		if i < 0 {
			return true
		}
		text = text[i:]
		// Escapes often follow one another, and checking the next one is cheaper than a new search.
		for len(text) > 0 && text[0] == '%' {
			if len(text) < 3 || digit(text[1]) > 15 || digit(text[2]) > 15 {
				return false
			}
			text = text[3:]
		}
	}
}

// Unescape returns the value of a URL-encoded text, as net/url reads it: a plus is a space. It returns the text itself
// where nothing is escaped. ok is false for a malformed escape, which fails closed.
func Unescape(text []byte) (value []byte, ok bool) {
	switch n := decodedLen(text); { // the length is known first, so there is one allocation
	case n < 0:
		return nil, false
	case n == len(text) && bytes.IndexByte(text, '+') < 0:
		return text, true
	default:
		return appendDecoded(make([]byte, 0, n), text), true
	}
}

// decodedLen returns the length of the value of a text, or -1 where an escape is malformed.
func decodedLen(text []byte) int {
	if !escaped(text) {
		return -1
	}
	return len(text) - 2*bytes.Count(text, []byte{'%'})
}

// appendDecoded appends the value of a text. Its escapes must be well-formed, see escaped.
func appendDecoded(out, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			c = digit(text[i+1])<<4 | digit(text[i+2])
			i += 2
		}
		out = append(out, c)
	}
	return out
}

// digit returns the value of a hexadecimal digit, or 16 for every other byte.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
