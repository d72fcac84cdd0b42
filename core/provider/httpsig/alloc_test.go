//go:build !race

package httpsig_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// proof is a delivery's check alone, from the headers to the verdict.
func proof(t testing.TB, alg httpsig.Algorithm, body string) func() bool {
	t.Helper()
	p := httpsig.RFC9421(httpsig.Config{Algorithm: alg,
		Components: []string{"@method", "@authority", "@path", "content-digest", "content-type"}})
	configured, private := secret, secret
	if alg != httpsig.HMACSHA256 {
		configured, private = webhooktest.KeyPair(p)
	}
	e, err := entry.Of(p)
	require.NoError(t, err)
	m := e.Scheme.Custom
	key, problem := m.Key(configured, 16)
	require.Empty(t, problem)
	keys, raw := []any{key}, []byte(body)
	r := webhooktest.NewRequest(p, private, hook, body, time.Unix(now, 0))
	return func() bool { return checked(m, r, keys, raw) }
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

// TestWhatACheckAllocates bounds the allocations of a check. Nearly all of them are what the library makes of the three
// headers: 31. The verification of ECDSA itself makes 11.
func TestWhatACheckAllocates(t *testing.T) {
	body := strings.Repeat("x", 1<<10)
	for alg, most := range map[httpsig.Algorithm]float64{httpsig.HMACSHA256: 36, httpsig.Ed25519: 36,
		httpsig.ECDSAP256SHA256: 47} {
		verify := proof(t, alg, body)
		require.True(t, verify(), alg)
		allocs := testing.AllocsPerRun(100, func() { verify() })
		t.Log(alg, allocs)
		require.LessOrEqual(t, allocs, most, alg)
	}
}

func BenchmarkCheck(b *testing.B) {
	verify := proof(b, httpsig.HMACSHA256, strings.Repeat("x", 1<<10))
	b.ReportAllocs()
	for b.Loop() {
		if !verify() {
			b.Fatal("refused")
		}
	}
}
