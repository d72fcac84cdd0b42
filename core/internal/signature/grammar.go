package signature

import (
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// MatchesGrammar reports whether a signed value has only the characters that set it apart from its neighbours. It fails
// closed: an unknown grammar allows nothing.
func MatchesGrammar(g entry.Grammar, text string) bool {
	switch g {
	case entry.AnyText:
		return true
	case entry.NoControl, entry.NoColon:
		// A line break would end a line of the signed text, and a colon a field of it.
		for i := range len(text) {
			if text[i] < 0x20 || text[i] == 0x7f || g == entry.NoColon && text[i] == ':' {
				return false
			}
		}
		return true
	// A challenge and any other text must never be confused: some providers sign a challenge for
	// whoever asks. NoChallenge is the counterpart.
	case entry.Challenge:
		return len(text) >= 20 && len(text) <= 32 && strings.Trim(text, "0123456789abcdef") == ""
	case entry.NoChallenge:
		return strings.Trim(text, "0123456789abcdef") != ""
	case entry.Object:
		// An object cannot be mistaken for the text of a neighbour that never begins so.
		return strings.HasPrefix(text, "{")
	case entry.WholeJSON:
		return wholeJSON([]byte(text))
	case entry.Sentence:
		return true // handshakes check the characters of a challenge
	case entry.Status:
		return len(text) == 3 && text[0] >= '2' && text[0] <= '9' && isDigits(text)
	case entry.Amount:
		// One amount has one form. A leading zero would be a digit that moved in from the neighbour.
		whole, cents, dotted := strings.Cut(text, ".")
		return isDigits(whole) && (whole[0] != '0' || len(whole) == 1) && (!dotted || isDigits(cents))
	}
	return text != "" && len(text) <= 128 && charactersOf(g).hold(text)
}

// characters are some of ASCII, a bit for each: those below '@', and the others.
//
// The zero value allows nothing, which is what an unknown grammar gets.
type characters struct{ low, high uint64 }

const (
	digitBits = 0x3ff << '0'
	upperBits = 0x3ffffff << ('A' - '@')
	lowerBits = 0x3ffffff << ('a' - '@')
	hexBits   = 0x3f<<('A'-'@') | 0x3f<<('a'-'@')
)

// charactersOf returns the characters that a grammar allows. An unknown grammar allows none.
func charactersOf(g entry.Grammar) characters {
	switch g {
	case entry.Token:
		return characters{digitBits | 1<<'-', upperBits | lowerBits | 1<<('_'-'@')}
	case entry.Word:
		return characters{0, upperBits | lowerBits | 1<<('_'-'@')}
	case entry.HexText:
		return characters{digitBits, hexBits}
	}
	return characters{}
}

// hold reports whether they include all of the text. It has no branches for kinds of characters: ids are random, and a
// processor would predict such branches wrongly every other time.
//
// Bytes from 0x80 are refused by their highest bit: Unicode has several forms for what looks alike. The
// time depends on the length only, and a signed value is not a secret.
func (s characters) hold(text string) bool {
	foreign := uint64(0)
	for i := range len(text) {
		c := uint64(text[i])
		word := s.low
		if c >= '@' {
			word = s.high
		}
		foreign |= ^(word >> (c % 64)) & 1
		foreign |= c >> 7
	}
	return foreign == 0
}

// isDigits reports whether a text is 1 to 20 digits of ASCII. The limit holds every number of 64 bits.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != "" && len(text) <= 20
}
