package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns a scalar as text: a string unescaped, a number or a boolean as written. ok is false for null, an object,
// an array and an absent value. It is false too for a string with a malformed escape, which fails closed.
func Text(raw []byte) (string, bool) {
	text, ok := Bytes(raw)
	return string(text), ok
}

// Bytes returns what Text does. Without escapes the result is a part of the document, and not a copy.
func Bytes(raw []byte) ([]byte, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	switch raw[0] {
	case '"':
		if len(raw) < 2 { // not a value of this package
			return nil, false
		}
		inner := raw[1 : len(raw)-1]
		// The usual case: the text is in the document as it is.
		if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
			return inner, true
		}
		return unescape(make([]byte, 0, len(inner)), inner, maxText)
	case '{', '[', 'n': // an object, an array, null
		return nil, false
	default: // a number, true or false
		return raw, true
	}
}

// maxText is no limit: the document is bounded already.
const maxText = int(^uint(0) >> 1)

// unescape appends the value of a string to text, as encoding/json reads it. Bytes that are not UTF-8, and half of a
// surrogate pair, become U+FFFD. ok is false for a malformed escape. It is false too where the text is longer than
// limit; the work stops there.
func unescape(text, inner []byte, limit int) (out []byte, ok bool) {
	for len(inner) > 0 {
		if len(text) > limit {
			return nil, false
		}
		if n := bytes.IndexByte(inner, '\\'); n != 0 {
			if n < 0 {
				n = len(inner)
			}
			if n > limit-len(text) {
				return nil, false
			}
			text, inner = appendUTF8(text, inner[:n]), inner[n:]
			continue
		}
		n := escapeLength(inner)
		switch n {
		case 0:
			return nil, false
		case 6:
			r, _ := hex4(inner[2:])
			// A character beyond U+FFFF is two escapes, a surrogate pair (RFC 8259, section 7).
			if utf16.IsSurrogate(r) {
				second := rune(0)
				// Not both halves are there: DecodeRune returns U+FFFD, and the second escape is read on its own.
				if escapeLength(inner[6:]) == 6 {
					second, _ = hex4(inner[8:])
				}
				if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
					n = 12
				}
			}
			text = utf8.AppendRune(text, r)
		default:
			text = append(text, escaped(inner[1]))
		}
		inner = inner[n:]
	}
	return text, len(text) <= limit
}

// escaped returns the character that a backslash and c stand for. c must be one that escapeLength accepts.
func escaped(c byte) byte {
	switch c { // the others stand for themselves: the quote, the backslash and the slash
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// appendUTF8 appends a run without escapes. Each byte that is not UTF-8 becomes U+FFFD, as in encoding/json.
func appendUTF8(text, run []byte) []byte {
	if utf8.Valid(run) {
		return append(text, run...)
	}
	for len(run) > 0 {
		r, n := utf8.DecodeRune(run)
		if r == utf8.RuneError && n == 1 {
			text = utf8.AppendRune(text, utf8.RuneError)
		} else {
			text = append(text, run[:n]...)
		}
		run = run[n:]
	}
	return text
}
