// Package plain says which characters are not shown as they are: on a terminal, on a page, in a command to copy.
package plain

import "unicode"

// Steers reports whether a character changes the terminal, or how the text around it is read: control characters, line
// ends and tabs among them, and what turns the direction of writing.
func Steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// CurlHeader returns a header as curl takes it: with a colon it would leave out one without a value.
func CurlHeader(name, value string) string {
	if value == "" {
		return name + ";"
	}
	return name + ": " + value
}
