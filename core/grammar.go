package core

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// matchesGrammar says whether a signed value can be told from what stands beside it.
func matchesGrammar(g entry.Grammar, text string) bool {
	switch g {
	case entry.AnyText:
		return true
	case entry.NoControl, entry.NoColon:
		for i := range len(text) {
			if text[i] < 0x20 || text[i] == 0x7f || g == entry.NoColon && text[i] == ':' {
				return false
			}
		}
		return true
	case entry.Challenge:
		return len(text) >= 20 && len(text) <= 32 && strings.Trim(text, "0123456789abcdef") == ""
	case entry.NoChallenge:
		return strings.Trim(text, "0123456789abcdef") != ""
	case entry.Object:
		return strings.HasPrefix(text, "{")
	case entry.Sentence:
		return true // echo judges the characters
	case entry.Status:
		return len(text) == 3 && text[0] >= '2' && text[0] <= '9' && isDigits(text)
	case entry.Amount:
		whole, cents, dotted := strings.Cut(text, ".")
		return isDigits(whole) && (whole[0] != '0' || len(whole) == 1) && (!dotted || isDigits(cents))
	}
	if text == "" || len(text) > 128 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		digit, lower, upper := c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
		ok := false
		switch g {
		case entry.Token:
			ok = digit || lower || upper || c == '_' || c == '-'
		case entry.Word:
			ok = lower || upper || c == '_'
		case entry.HexText:
			ok = digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		}
		if !ok {
			return false
		}
	}
	return true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != "" && len(text) <= 20
}
