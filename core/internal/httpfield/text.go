package httpfield

import (
	"strconv"
	"strings"
	"time"
)

// Clean keeps control characters, terminal escapes and long texts out of logs.
func Clean(s string) string {
	const most = 512
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
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

// OneLine returns an error's text without line breaks: errors.Join puts one between its errors.
func OneLine(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") }

// TrimOWS removes optional white space (RFC 9110, section 5.6.3) from both ends.
func TrimOWS(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// Span writes a duration as people read it: 5m, 90s as 1m30s, and 3 days for 72h0m0s.
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= 48*time.Hour {
		days := strconv.FormatInt(int64(d/(24*time.Hour)), 10) + " days"
		if rest := (d % (24 * time.Hour)).Round(time.Hour); rest > 0 {
			return days + " " + Span(rest)
		}
		return days
	}
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}
