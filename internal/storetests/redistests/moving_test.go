package redistests_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Keys of the version before are copied as documented, and remember then what they did before.
func TestKeysOfTheVersionBeforeAreMovedAsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/operating.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "\n```lua\n")
	require.True(t, ok)
	script, _, _ := strings.Cut(rest, "\n```")

	client := connect(t, server(t).Addr())
	const token = "\x80\x00\x00\x00\x00\x00\x00\x07"
	for n, value := range map[int]string{1: "d", 2: "c"} {
		key, digest := keyOf(n), itemOf(n).Digest
		short := sha256.Sum256(digest[:])
		value += token + string(short[:16])
		if n == 1 {
			value += "1700000000000000"
		}
		require.NoError(t, client.Set(t.Context(), "sallyport:"+string(key[:]), value, time.Hour).Err())
	}
	require.NoError(t, client.Set(t.Context(), "sallyport:limit:other", "x", 0).Err())
	require.EqualValues(t, 2, client.Eval(t.Context(), script, nil, namespace).Val())

	s := open(t, client)
	done := stateOf(t, s, 1, time.Hour)
	require.Equal(t, replay.Result{State: replay.Done, Token: 0x8000000000000007,
		DoneAt: time.UnixMicro(1700000000000000)}, done)
	flight := stateOf(t, s, 2, time.Hour)
	require.Equal(t, replay.InFlight, flight.State)
	require.InDelta(t, time.Hour, flight.RetryAfter, float64(time.Minute))
	require.False(t, flight.Conflict)
	held := replay.Held{Key: keyOf(2), Token: 0x8000000000000007}
	require.NoError(t, s.Settle(t.Context(), commit(held)), "a claim of the old release is settled")
	claim(t, s, 3, time.Hour)
	left, err := client.PTTL(t.Context(), fmt.Sprintf("test:%x", keyOf(1))).Result()
	require.NoError(t, err)
	require.InDelta(t, time.Hour, left, float64(time.Minute))
}
