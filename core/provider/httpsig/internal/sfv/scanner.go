package sfv

import "strings"

// scanner is a text, and the place up to which it is read.
type scanner struct {
	text string
	at   int
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

// next returns the next character without reading it: 0, which no field may hold, at the end.
func (s *scanner) next() byte {
	if s.end() {
		return 0
	}
	return s.text[s.at]
}

// take reads c, if it is the next character.
func (s *scanner) take(c byte) bool {
	if s.end() || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// while reads characters of a class, and returns them.
func (s *scanner) while(class func(byte) bool) string {
	start := s.at
	for !s.end() && class(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at]
}

// skip reads the characters that are in set.
func (s *scanner) skip(set string) {
	for !s.end() && strings.IndexByte(set, s.text[s.at]) >= 0 {
		s.at++
	}
}

// key reads the name of a member or of a parameter.
func (s *scanner) key() (string, bool) {
	c := s.next()
	return s.while(isKeyChar), c == '*' || isLower(c)
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isLower(c byte) bool     { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool     { return 'A' <= c && c <= 'Z' }
func isPrintable(c byte) bool { return ' ' <= c && c <= '~' }
func isKeyChar(c byte) bool   { return isLower(c) || isDigit(c) || strings.IndexByte("_-.*", c) >= 0 }

func isTokenChar(c byte) bool {
	return isLower(c) || isUpper(c) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~:/", c) >= 0
}
