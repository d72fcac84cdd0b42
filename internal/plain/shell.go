package plain

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Quoted returns a text in single quotes, in which a POSIX shell changes nothing.
func Quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// Word returns a text as one word of a POSIX shell, and holds no character that [Steers]: what a terminal does not show
// as it is, printf writes. The text must not end in a line break, which the shell would remove then.
func Word(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, Steers) {
		return Quoted(text)
	}
	return `"$(printf ` + Quoted(Octal(text)) + `)"`
}

// Octal returns bytes as the format of printf, in which it changes nothing. A hyphen at the beginning, as of a form
// with files, would be an option.
func Octal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == '\\' || c == '%' || c == '\'' || c == '-' && i == 0 {
			fmt.Fprintf(&b, "\\%03o", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
