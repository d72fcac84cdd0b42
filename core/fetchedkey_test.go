package core_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/hex"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// givenKey is a source that gives whatever key it holds at the time.
type givenKey struct{ key atomic.Value }

type held struct{ crypto.PublicKey }

func (s *givenKey) Key(context.Context, string) (crypto.PublicKey, error) {
	return s.key.Load().(held).PublicKey, nil
}

// A key that a source gave before is not compiled again, and no other key profits from that.
func TestEachFetchedKeyVerifiesItsOwnDeliveries(t *testing.T) {
	t.Parallel()
	e := publicEntry(entry.Ed25519, entry.Key{})
	e.Scheme.KeyRef = entry.Field{Headers: []string{"X-Key"}}
	c, rec := config(e)
	src := &givenKey{}
	c.Secrets, c.Keys = nil, src
	g := mustNew(t, c)
	one, other := seeded('a'), seeded('b')
	public := func(k ed25519.PrivateKey) crypto.PublicKey { return k.Public() }
	n := 0
	check := func(given crypto.PublicKey, by ed25519.PrivateKey) reason.Reason {
		src.key.Store(held{given})
		n++
		body := event1(n)
		r := post(body, "X-Sig", hex.EncodeToString(ed25519.Sign(by, []byte(body))), "X-Key", "k")
		run(g, r, ok)
		return rec.last(t, g).Reason
	}
	for range 3 {
		require.Equal(t, reason.Accepted, check(public(one), one))
		require.Equal(t, reason.Accepted,
			check(append(ed25519.PublicKey(nil), public(one).(ed25519.PublicKey)...), one), "the same key, elsewhere")
		require.Equal(t, reason.BadSignature, check(public(one), other))
		require.Equal(t, reason.Accepted, check(public(other), other))
		require.Equal(t, reason.BadSignature, check(public(other), one))
		require.Equal(t, reason.BadSignature, check(make(ed25519.PublicKey, 32), one),
			"a point of small order is unfit, whatever was fit before it")
		require.Equal(t, reason.BadSignature, check(&ecdsa.PublicKey{}, one), "a key of another kind")
		require.Equal(t, reason.BadSignature, check(nil, one), "no key")
	}
}
