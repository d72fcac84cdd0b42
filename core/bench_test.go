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
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestVerifyingAnHMACAllocatesNothing(t *testing.T) {
	c, _ := config(timestamped())
	c.Secrets = secrets.Static(oldSecret, testSecret)
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

// BenchmarkVerify states the cost of a verification as a multiple of the bare hash of the same bytes, in one run. The
// two take turns, and the best turn of each counts: what a busy machine adds says nothing of either.
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
				accepted := make([]string, row.secrets)
				for i := range accepted {
					accepted[i] = fmt.Sprintf("another-accepted-secret-no-%05d", i)
				}
				accepted[len(accepted)-1] = testSecret
				c.Secrets = secrets.Static(accepted...)
				g := mustNew(b, c)
				body := strings.Repeat("x", size)
				r, raw := row.request(body), []byte(body)
				h := sha256.New()
				var out [32]byte
				ours, floor := takeTurns(b, func() {
					g.ForgetMatch()
					g.VerifySignature(r, raw, testTime)
				}, nil, func() {
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

const turn = 128

// takeTurns measures two things in turns and gives the nanoseconds of each in its best turn. prepare runs
// before each turn of the first.
func takeTurns(b *testing.B, first, prepare, second func()) (bestFirst, bestSecond float64) {
	bestFirst, bestSecond = math.Inf(1), math.Inf(1)
	clock := func(fn func()) float64 {
		start := time.Now()
		for range turn {
			fn()
		}
		return float64(time.Since(start)) / turn
	}
	for range max(b.N/turn, 16) {
		if prepare != nil {
			prepare()
		}
		bestFirst, bestSecond = min(bestFirst, clock(first)), min(bestSecond, clock(second))
	}
	return bestFirst, bestSecond
}

// BenchmarkReceive is a whole request in process, as a multiple of the bare hash of its body.
func BenchmarkReceive(b *testing.B) {
	for _, row := range []struct {
		name   string
		entry  entry.Entry
		store  replay.Store
		next   http.Handler
		forged bool
	}{
		{"body, a handler", plain(), core.DangerouslyNoReplay, http.HandlerFunc(silent), false},
		{"timestamped, a handler", timestamped(), core.DangerouslyNoReplay, http.HandlerFunc(silent), false},
		{"body, a store and a signal", plain(), memstore.New(), signal(ok), false},
		{"timestamped, a store and a signal", timestamped(), memstore.New(), signal(ok), false},
		{"body, forged", plain(), memstore.New(), signal(ok), true},
		{"timestamped, forged", timestamped(), memstore.New(), signal(ok), true},
	} {
		for _, size := range []int{1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", row.name, size), func(b *testing.B) {
				c, _ := config(row.entry)
				c.Observers = noObserver()
				c.Replay, c.Now = row.store, nil
				c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
				g := mustNew(b, c)
				h := httpwebhook.Verify(g)(row.next)
				deliveries := make([]*delivery, turn)
				made := 0
				prepare := func() {
					for i := range deliveries {
						made++
						deliveries[i] = newDelivery(row.entry,
							fmt.Sprintf(`{"id":"%s-%d-%d","type":"a.b","data":{"n":1},"x":"%s"}`, b.Name(), b.N, made,
								strings.Repeat("x", size-100)), row.forged)
					}
				}
				want := http.StatusOK
				if row.forged {
					want = http.StatusBadRequest
				}
				raw := []byte(strings.Repeat("x", size))
				sha := sha256.New()
				var out [32]byte
				n := 0
				var mallocs, bytes uint64
				var before, after runtime.MemStats
				ours, floor := takeTurns(b, func() {
					if n%turn == 0 {
						runtime.ReadMemStats(&before)
					}
					d := deliveries[n%turn]
					n++
					h.ServeHTTP(d, d.request)
					if d.status != want && (d.status != 0 || want != http.StatusOK) {
						b.Fatal(d.status)
					}
					if n%turn == 0 {
						runtime.ReadMemStats(&after)
						mallocs, bytes = mallocs+after.Mallocs-before.Mallocs, bytes+after.TotalAlloc-before.TotalAlloc
					}
				}, prepare, func() {
					sha.Reset()
					_, _ = sha.Write(raw)
					sha.Sum(out[:0])
				})
				b.ReportMetric(float64(mallocs)/float64(n), "allocs")
				b.ReportMetric(float64(bytes)/float64(n), "B")
				b.ReportMetric(ours, "ns/request")
				b.ReportMetric(ours/floor, "x-sha256")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func silent(http.ResponseWriter, *http.Request) {}

// delivery is a request and the writer of its answer.
type delivery struct {
	request *http.Request
	header  http.Header
	status  int
}

func newDelivery(e entry.Entry, body string, forged bool) *delivery {
	secret := testSecret
	if forged {
		secret = oldSecret
	}
	r := post(body, "Content-Type", "application/json")
	if e.Name == "acme" {
		r.Header.Set("Acme-Signature", pairs(secret, time.Now(), body))
	} else {
		r.Header.Set("X-Hub-Signature-256", "sha256="+mac(secret, body))
	}
	r.RemoteAddr = "10.0.0.1:4711"
	return &delivery{r, http.Header{}, 0}
}

func (d *delivery) Header() http.Header             { return d.header }
func (d *delivery) WriteHeader(status int)          { d.status = status }
func (d *delivery) Write(b []byte) (int, error)     { return len(b), nil }
func (d *delivery) SetReadDeadline(time.Time) error { return nil }

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
			c.Observers = noObserver()
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, core.PrivateNetworks
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1, FailureBurst: row.burst}
			g := mustNew(b, c)
			r := post("body", "X-Forwarded-Proto", "https", "X-Forwarded-For", "198.51.100.7", "Acme-Signature",
				"t=1,v1=00")
			r.RemoteAddr = "10.0.0.1:4711"
			w := writer{httptest.NewRecorder()}
			b.ReportAllocs()
			for b.Loop() {
				if d, _ := g.Receive(w, r, adapter.Inbound{}); d != nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
