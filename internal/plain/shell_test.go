package plain_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/plain"
)

func TestAShellReadsAWordAsItWas(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", "it's", "''", `a\b`, "$HOME $(id) `id`", "100% %s %d", "-n", "--", "a\tb", "\x7f", "\u202eright",
		"caf\u00e9 \U0001F600", "\xff\xfe'", "X-A: \x01\\101'$(id)", "a\r\nb", "!history *?[a-z]{1,2} ~ #",
	} {
		word := plain.Word(text)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf '<%s>' "+word).Output()
		require.NoError(t, err, word)
		require.Equal(t, "<"+text+">", string(out), word)
		require.False(t, plain.Steers([]rune(word)[0]))
		for _, r := range word {
			require.False(t, plain.Steers(r), "%q", word)
		}
	}
}
