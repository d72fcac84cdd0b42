package formscan

import "bytes"

// escaped reports whether each percent sign of a text begins an escape.
func escaped(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '%')
		if i < 0 {
			return true
		}
		text = text[i:]
		// Escapes often follow one another, and each is looked at faster than a search begins.
		for len(text) > 0 && text[0] == '%' {
			if len(text) < 3 || digit(text[1]) > 15 || digit(text[2]) > 15 {
				return false
			}
			text = text[3:]
		}
	}
}

// Unescape returns what a URL-encoded text means, as net/url reads it: a plus is a space. It returns the text itself
// where nothing is escaped. ok is false for a malformed escape.
func Unescape(text []byte) (value []byte, ok bool) {
	switch n := decodedLen(text); {
	case n < 0:
		return nil, false
	case n == len(text) && bytes.IndexByte(text, '+') < 0:
		return text, true
	default:
		return appendDecoded(make([]byte, 0, n), text), true
	}
}

// decodedLen returns the length of what a text means; -1 where an escape is malformed.
func decodedLen(text []byte) int {
	if !escaped(text) {
		return -1
	}
	return len(text) - 2*bytes.Count(text, []byte{'%'})
}

// appendDecoded appends what a text means whose escapes are well-formed.
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

// digit returns the value of a hexadecimal digit; 16 for what is not one.
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
