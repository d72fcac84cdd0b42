package signature_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Which bytes an id, a word and a hexadecimal text may hold is written down here on its own, and tried with every byte.
func TestEveryByteIsInAGrammarOrNot(t *testing.T) {
	t.Parallel()
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, row := range []struct {
		name    string
		grammar entry.Grammar
		allowed string
	}{
		{"a token", entry.Token, digits + lower + upper + "_-"},
		{"a word", entry.Word, lower + upper + "_"},
		{"hexadecimal", entry.HexText, digits + "abcdefABCDEF"},
		{"a grammar that is not known", 200, ""},
	} {
		first := "a"
		for c := range 256 {
			one := string([]byte{byte(c)})
			in := strings.Contains(row.allowed, one)
			require.Equal(t, in, signature.MatchesGrammar(row.grammar, one), "%s: byte %d", row.name, c)
			require.Equal(t, in, signature.MatchesGrammar(row.grammar, first+one), "%s: byte %d at the end", row.name,
				c)
			require.Equal(t, in, signature.MatchesGrammar(row.grammar, one+first), "%s: byte %d at the start", row.name,
				c)
		}
		require.False(t, signature.MatchesGrammar(row.grammar, ""), row.name)
		require.Equal(t, row.allowed != "", signature.MatchesGrammar(row.grammar, strings.Repeat(first, 128)), row.name)
		require.False(t, signature.MatchesGrammar(row.grammar, strings.Repeat(first, 129)), row.name)
	}
}
