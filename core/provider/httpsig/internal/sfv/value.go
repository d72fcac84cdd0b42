package sfv

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value reads a value that stands alone: everything but an inner list.
func (s *scanner) value() (any, bool) {
	switch c := s.next(); {
	case c == '"':
		return s.string()
	case c == ':':
		return s.bytes()
	case c == '-', isDigit(c):
		return s.number()
	case c == '?':
		return s.boolean()
	case c == '@':
		return s.date()
	case c == '%':
		return s.displayString()
	case c == '*', isLower(c), isUpper(c):
		return Token(s.while(isTokenChar)), true
	default:
		return nil, false
	}
}

// string reads a text in quotes. A backslash may only stand before a quote or another one.
func (s *scanner) string() (string, bool) {
	s.at++
	escaped := false
	for start := s.at; !s.end(); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			text := s.text[start:s.at]
			s.at++
			if escaped {
				text = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text)
			}
			return text, true
		case c == '\\':
			escaped = true
			s.at++
			if c := s.next(); c != '"' && c != '\\' {
				return "", false
			}
		case !isPrintable(c):
			return "", false
		}
	}
	return "", false
}

// bytes reads Base64 between colons.
func (s *scanner) bytes() ([]byte, bool) {
	encoded, rest, ok := strings.Cut(s.text[s.at+1:], ":")
	// The decoder would pass over line breaks.
	if !ok || strings.ContainsAny(encoded, "\r\n") {
		return nil, false
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	s.at = len(s.text) - len(rest)
	return decoded, err == nil
}

// number reads an int64 of at most 15 digits, or a float64 of at most 12 digits and 3 behind the point.
func (s *scanner) number() (any, bool) {
	start := s.at
	s.take('-')
	whole := len(s.while(isDigit))
	if !s.take('.') {
		n, err := strconv.ParseInt(s.text[start:s.at], 10, 64)
		return n, err == nil && whole <= 15
	}
	fraction := len(s.while(isDigit))
	f, err := strconv.ParseFloat(s.text[start:s.at], 64)
	return f, err == nil && whole >= 1 && whole <= 12 && fraction >= 1 && fraction <= 3
}

func (s *scanner) boolean() (bool, bool) {
	s.at++
	is := s.take('1')
	return is, is || s.take('0')
}

func (s *scanner) date() (Date, bool) {
	s.at++
	n, ok := s.number()
	seconds, whole := n.(int64)
	return Date(seconds), ok && whole
}

// displayString reads UTF-8 in quotes. All but printable ASCII is written as %e2, with small letters.
func (s *scanner) displayString() (DisplayString, bool) {
	s.at++
	if !s.take('"') {
		return "", false
	}
	var text []byte
	for ; !s.end(); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return DisplayString(text), utf8.Valid(text)
		case c == '%':
			pair := s.text[s.at+1 : min(s.at+3, len(s.text))]
			decoded, err := hex.DecodeString(pair)
			if err != nil || len(decoded) != 1 || strings.ToLower(pair) != pair {
				return "", false
			}
			text = append(text, decoded...)
			s.at += 2
		case !isPrintable(c):
			return "", false
		default:
			text = append(text, c)
		}
	}
	return "", false
}
