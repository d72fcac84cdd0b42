// Package terminal writes text for people: without what would steer a terminal, in columns, and in colours where a
// terminal shows them. The command and the demo share it.
package terminal

import (
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/internal/plain"
)

// OneLine returns a text in one line.
func OneLine(text string) string { return Printable(strings.Join(strings.Fields(text), " ")) }

// Printable removes what would change the terminal, or how the text around it is read: control characters, escape
// sequences with them, and what turns the direction of writing. Line ends and tabs stay.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case plain.Steers(r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Escaped escapes in JSON what Printable removes from text, and encoding/json leaves as it is. Such characters stand in
// strings only.
func Escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != '\n' && plain.Steers(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Paragraphs wraps a text at the width of a terminal.
func Paragraphs(text string) string {
	const width = 100
	var all []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				all = append(all, line)
				line = ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		all = append(all, line, "")
	}
	return strings.TrimSpace(strings.Join(all, "\n"))
}

// Columns aligns rows. The last column is not padded.
func Columns(rows [][]string) string {
	var wide []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell
			if i < len(row)-1 {
				line += strings.Repeat(" ", wide[i]-len([]rune(cell))+2)
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
