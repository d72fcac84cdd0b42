package signature_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// TestABodyOfEscapesIsHashedInPieces: whoever sends a body of nothing but quotation marks must not have the hash called
// for each of them, and nothing is allocated for one.
func TestABodyOfEscapesIsHashedInPieces(t *testing.T) {
	for name, unit := range map[string]string{
		"quotation marks": `"`, "backslashes": `\`, "line feeds": "\n", "control characters": "\x01",
		"one letter between two": `a"`, "a plain text": "a",
	} {
		body := bytes.Repeat([]byte(unit), 1<<14)
		require.Less(t, signature.HashCalls(body), 6*len(body)/100, name)
		few := testing.AllocsPerRun(5, func() { signature.HashCalls(body[:1]) })
		require.InDelta(t, few, testing.AllocsPerRun(5, func() { signature.HashCalls(body) }), 1, name)
	}
}
