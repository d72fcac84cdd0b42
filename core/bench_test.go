//go:build !race

// The race detector makes sync.Pool drop what is put back, so that nothing here would be true of a program; "make test"
// runs these apart, without it.

package core_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/entry"
)

func TestVerifyingAnHMACAllocatesNothing(t *testing.T) {
	c, _ := config(timestamped())
	c.Secrets = core.StaticSecrets(oldSecret, testSecret)
	g := mustNew(t, c)
	body := strings.Repeat("x", 1024)
	r := signed(body)
	forged := post(body, "Acme-Signature", pairs("a-secret-that-nobody-ever-accepts", testTime, body))
	raw := []byte(body)
	require.True(t, g.VerifySignature(r, raw, testTime))
	require.Zero(t, testing.AllocsPerRun(100, func() { g.VerifySignature(r, raw, testTime) }))
	require.False(t, g.VerifySignature(forged, raw, testTime))
	// A rejection explains itself; the explanation is what it allocates.
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { g.VerifySignature(forged, raw, testTime) }), 3.0)
}

// BenchmarkVerify states the cost of a verification as a multiple of the bare hash of the same bytes, in one run. The two
// take turns, and the best turn of each counts: what a busy machine adds says nothing of either.
func BenchmarkVerify(b *testing.B) {
	for _, row := range []struct {
		name    string
		entry   entry.Entry
		request func(string) *http.Request
		secrets int
	}{
		{"body", plain(), signedBody, 1},
		{"timestamped", timestamped(), signed, 1},
		{"timestamped, the last of 20 secrets", timestamped(), signed, 20},
	} {
		for _, size := range []int{256, 1 << 10, 4 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", row.name, size), func(b *testing.B) {
				c, _ := config(row.entry)
				secrets := make([]string, row.secrets)
				for i := range secrets {
					secrets[i] = fmt.Sprintf("another-accepted-secret-no-%05d", i)
				}
				secrets[len(secrets)-1] = testSecret
				c.Secrets = core.StaticSecrets(secrets...)
				g := mustNew(b, c)
				body := strings.Repeat("x", size)
				r, raw := row.request(body), []byte(body)
				h := sha256.New()
				var out [32]byte
				ours, floor := takeTurns(b, func() {
					g.ForgetMatch()
					g.VerifySignature(r, raw, testTime)
				}, func() {
					for range row.secrets {
						h.Reset()
						_, _ = h.Write(raw)
						h.Sum(out[:0])
					}
				})
				b.ReportMetric(ours, "ns/verification")
				b.ReportMetric(ours/floor, "x-sha256")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// takeTurns measures two things in turns and gives the nanoseconds of each in its best turn.
func takeTurns(b *testing.B, first, second func()) (bestFirst, bestSecond float64) {
	const turn = 256
	bestFirst, bestSecond = math.Inf(1), math.Inf(1)
	clock := func(fn func()) float64 {
		start := time.Now()
		for range turn {
			fn()
		}
		return float64(time.Since(start)) / turn
	}
	for range max(b.N/turn, 16) {
		bestFirst, bestSecond = min(bestFirst, clock(first)), min(bestSecond, clock(second))
	}
	return bestFirst, bestSecond
}

// BenchmarkReceive is the whole path with a memory store and one signal, in process.
func BenchmarkReceive(b *testing.B) {
	c, _ := config(plain())
	c.Observer = core.ObserverFunc(func(core.Record) {})
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(b, c)
	body := strings.Repeat("x", 1024)
	sig := "sha256=" + mac(testSecret, body)
	b.ReportAllocs()
	for b.Loop() {
		if w := run(g, post(body, "X-Hub-Signature-256", sig), ok); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// writer is a connection's end that takes deadlines, as net/http's does.
type writer struct{ http.ResponseWriter }

func (writer) SetReadDeadline(time.Time) error { return nil }

// BenchmarkRefuse is what a forgery costs that its headers give away: nothing of its body is read.
func BenchmarkRefuse(b *testing.B) {
	for _, row := range []struct {
		name  string
		burst int
	}{{"failing", 1e9}, {"failing too often", 1}} {
		b.Run(row.name, func(b *testing.B) {
			c, _ := config(timestamped())
			c.Observer = core.ObserverFunc(func(core.Record) {})
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, core.PrivateNetworks
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1, FailureBurst: row.burst}
			g := mustNew(b, c)
			r := post("body", "X-Forwarded-Proto", "https", "X-Forwarded-For", "198.51.100.7", "Acme-Signature", "t=1,v1=00")
			r.RemoteAddr = "10.0.0.1:4711"
			w := writer{httptest.NewRecorder()}
			b.ReportAllocs()
			for b.Loop() {
				if d, _ := g.Receive(w, r, core.Inbound{}); d != nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
