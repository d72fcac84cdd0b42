package main

import (
	"strings"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

// line is text for people in one colour, with its line end. A sender may have chosen its words, never its colour.
type line struct {
	colour terminal.Colour // none: that of the terminal
	text   string
}

// verdict is a text in the colour of good or bad.
func verdict(right bool, text string) line {
	if right {
		return line{terminal.Green, text}
	}
	return line{terminal.Red, text}
}

// concluded is a report whose last line is its verdict.
func concluded(right bool, text string) []line {
	last := strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n') + 1
	return []line{{text: text[:last]}, verdict(right, text[last:])}
}

// painted are rows as lines, each in its colour.
func painted(rows [][]string, colours []terminal.Colour) []line {
	var all []line
	for _, row := range rows {
		for i := range row {
			row[i] = oneLine(row[i]) // one row, one colour
		}
	}
	for text := range strings.Lines(columns(rows)) {
		all = append(all, line{colours[len(all)], text})
	}
	return all
}

// painting returns lines with their colours. What would steer the terminal is removed from a text before it is painted.
func (p *program) painting(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		text := printable(l.text)
		if l.colour == "" {
			b.WriteString(text)
			continue
		}
		inner, ended := strings.CutSuffix(text, "\n") // a colour ends before its line does
		b.WriteString(p.paint(l.colour, inner))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
