package httpfield

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Clean makes a text from outside safe for logs. Control characters, line separators and bytes that are not UTF-8
// become "?": a sender could otherwise write log lines of its own, or escapes for the operator's terminal. The text is
// cut after 512 bytes.
func Clean(s string) string {
	const most = 512
	cut := len(s) > most
	if cut { // before the rest, so that the work is bounded; half a character becomes "?"
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
		// C0, DEL, C1, and the line and paragraph separators of Unicode.
		if r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if cut {
		s += "..."
	}
	return s
}

// OneLine returns an error's text without line breaks: errors.Join writes one between its errors.
func OneLine(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") }

// TrimOWS removes optional white space (RFC 9110, section 5.6.3) from both ends. strings.TrimSpace would remove more,
// and a value that another reader keeps would match.
func TrimOWS(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// Span returns a duration in the form that people read: "5m", "1m30s" for 90 seconds, "3 days" for 72h0m0s. It rounds
// to seconds, and from two days on to hours.
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= 48*time.Hour {
		days := strconv.FormatInt(int64(d/(24*time.Hour)), 10) + " days"
		if rest := (d % (24 * time.Hour)).Round(time.Hour); rest > 0 {
			return days + " " + Span(rest)
		}
		return days
	}
	// String writes "5m0s" and "1h0m0s".
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

// TextOf returns the text of an error or a panic's value, whose own code may panic.
func TextOf(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T that cannot be printed", v)
		}
	}()
	if err, ok := v.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(v)
}
