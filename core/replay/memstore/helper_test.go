package memstore_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

func keyOf(n int) replay.Key {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return sha256.Sum256(b[:])
}

func itemOf(n int) replay.Item { return replay.Item{Key: keyOf(n), Digest: replay.Digest(keyOf(n))} }

func itemsOf(from, to int) []replay.Item {
	var items []replay.Item
	for n := from; n < to; n++ {
		items = append(items, itemOf(n))
	}
	return items
}

// hold claims the numbered keys, which must be free.
func hold(t *testing.T, s *memstore.Store, lease time.Duration, from, to int) []replay.Token {
	t.Helper()
	results, err := s.Claim(t.Context(), itemsOf(from, to), lease)
	require.NoError(t, err)
	tokens := make([]replay.Token, len(results))
	for i, r := range results {
		require.Equal(t, replay.Claimed, r.State)
		tokens[i] = r.Token
	}
	return tokens
}

func stateOf(t *testing.T, s *memstore.Store, n int) replay.Result {
	t.Helper()
	results, err := s.Claim(t.Context(), []replay.Item{itemOf(n)}, time.Hour)
	require.NoError(t, err)
	return results[0]
}

func settle(
	t *testing.T, s *memstore.Store, verdict replay.Verdict, ttl time.Duration, from int, tokens []replay.Token,
) {
	t.Helper()
	var batch []replay.Settlement
	for i, token := range tokens {
		batch = append(batch, replay.Settlement{Key: keyOf(from + i), Token: token, Verdict: verdict, TTL: ttl})
	}
	require.NoError(t, s.Settle(t.Context(), batch))
}
