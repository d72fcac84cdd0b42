//go:build !race

package jwt_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// proof is a delivery's check alone, from the headers to the verdict, and the plain operation of its signature.
type proof struct {
	name         string
	verify, bare func() bool
}

func proofs(t testing.TB) []proof {
	t.Helper()
	const body = `{"id":"evt_1","message":{"messageId":"1"}}`
	list := []proof{}
	for _, p := range []core.Provider{jwt.Vonage(), jwt.MessageBird(), jwt.Netlify(), jwt.Plaid(),
		jwt.GooglePubSub(google())} {
		k := keysOf(p)
		r := signedRequest(t, p, k.right, body)
		e, _ := entry.Of(p)
		m := e.Scheme.Custom
		key, problem := m.Key(k.configured, 16)
		require.Empty(t, problem)
		keys := []any{key}
		text := r.Header.Get(m.Traits().Headers[0])
		text = text[strings.IndexByte(text, ' ')+1:]
		last := strings.LastIndexByte(text, '.')
		input := text[:last]
		signature, err := base64.RawURLEncoding.DecodeString(text[last+1:])
		require.NoError(t, err)
		public, _ := publickey.ParsePEM(k.configured)
		raw := []byte(body)
		list = append(list, proof{p.Name(), func() bool { return checked(m, r, keys, raw) },
			bare(t, public, k.configured, input, signature)})
	}
	return list
}

func checked(m entry.Custom, r *http.Request, keys []any, body []byte) bool {
	req := entry.CustomRequest{Method: r.Method, URL: hook, Header: r.Header, Now: time.Unix(now, 0), Keys: keys}
	state, err := m.Head(&req)
	if err != nil {
		return false
	}
	_, err = m.Body(context.Background(), &req, state, body)
	return err == nil
}

// bare is the operation of the signature over bytes and under a key that are ready.
func bare(t testing.TB, public crypto.PublicKey, secret, input string, signature []byte) func() bool {
	t.Helper()
	data := []byte(input)
	switch key := public.(type) {
	case *rsa.PublicKey:
		return func() bool {
			sum := sha256.Sum256(data)
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
		}
	case *ecdsa.PublicKey:
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]),
			new(big.Int).SetBytes(signature[32:])})
		require.NoError(t, err)
		return func() bool {
			sum := sha256.Sum256(data)
			return ecdsa.VerifyASN1(key, sum[:], der)
		}
	default:
		h := hmac.New(sha256.New, []byte(secret))
		return func() bool {
			h.Reset()
			_, _ = h.Write(data)
			var sum [sha256.Size]byte
			return hmac.Equal(h.Sum(sum[:0]), signature)
		}
	}
}

// TestAKeyOfASourceAllocatesNoMore: a key that a source has at hand is looked at once, and not for each delivery.
func TestAKeyOfASourceAllocatesNoMore(t *testing.T) {
	p := jwt.Plaid()
	k := keysOf(p)
	public, problem := publickey.ParsePEM(k.configured)
	require.Empty(t, problem)
	source, err := keys.Static(map[string]crypto.PublicKey{"test-key": public})
	require.NoError(t, err)
	e, _ := entry.Of(p)
	m, r, body := e.Scheme.Custom, signedRequest(t, p, k.right, "{}"), []byte("{}")
	from := func(keys []any, source core.KeySource) float64 {
		req := entry.CustomRequest{Method: r.Method, URL: hook, Header: r.Header, Now: time.Unix(now, 0), Keys: keys,
			Source: source}
		return testing.AllocsPerRun(100, func() {
			state, err := m.Head(&req)
			if err == nil {
				_, err = m.Body(context.Background(), &req, state, body)
			}
			if err != nil {
				panic(err)
			}
		})
	}
	require.LessOrEqual(t, from(nil, source), from([]any{public}, nil)+1) // the kid, as a text
}

// TestAProofAllocatesLittle: in addition to what the operation of the signature itself allocates, ten at most: the
// token, what it holds decoded, and what the library hashes with.
func TestAProofAllocatesLittle(t *testing.T) {
	for _, p := range proofs(t) {
		require.True(t, p.verify(), p.name)
		require.True(t, p.bare(), p.name)
		added := testing.AllocsPerRun(100, func() { p.verify() }) - testing.AllocsPerRun(100, func() { p.bare() })
		t.Logf("%s: %v more than the bare operation", p.name, added)
		require.LessOrEqual(t, added, 10.0, p.name)
	}
}

// BenchmarkProof states the cost of a proof and of the plain operation. The two take turns, and the best turn of
// each counts: what a busy machine adds says nothing of either.
func BenchmarkProof(b *testing.B) {
	for _, p := range proofs(b) {
		b.Run(p.name, func(b *testing.B) {
			best := [2]float64{math.Inf(1), math.Inf(1)}
			for range max(b.N/16, 16) {
				for i, run := range []func() bool{p.verify, p.bare} {
					start := time.Now()
					for range 16 {
						run()
					}
					best[i] = min(best[i], float64(time.Since(start))/16)
				}
			}
			b.ReportMetric(best[0], "ns/proof")
			b.ReportMetric(best[0]/best[1], "x-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}
