package jsonscan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Each half of a surrogate pair is followed by what looks like the other half, and is not.
func TestTextIsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	parts := []string{
		"", "a", "ude00", "xude00", "/ude00", `\\ude00`, `\/`, `\n`, `\"`, `\ud83d`, `\uD83D`, `\ude00`, `\uDE00`,
		`\u0061`, `\u0000`, "\xff", "\xed\xa0\xbd", "\U0001f600",
	}
	for _, first := range parts {
		for _, second := range parts {
			for _, third := range parts {
				quoted := []byte(`"` + first + second + third + `"`)
				var want string
				require.NoError(t, json.Unmarshal(quoted, &want), "%s", quoted)
				got, ok := jsonscan.Text(quoted)
				require.True(t, ok, "%s", quoted)
				require.Equal(t, want, got, "%s", quoted)
			}
		}
	}
}
