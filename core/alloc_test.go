//go:build !race

package core_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
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

func acceptPairs(c *core.Config) {
	pairs := make([]string, 20)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("user-%d:one-of-many-accepted-passwords", i)
	}
	c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(pairs...))}
}

// What each path allocates is known, and a change of it is noticed here and not by whoever has to pay. The figures are
// those of one request when the pools are warm; a record waits for its observer in memory that is kept.
func TestWhatEachPathAllocates(t *testing.T) {
	const size = 1 << 10
	body := `{"id":"evt_1","type":"a.b","x":"` + strings.Repeat("x", size-40) + `"}`
	ran := core.Identity{}
	signal := signal(func(_ context.Context, e core.Event) error {
		ran = e.Identity
		return nil
	})
	for _, row := range []struct {
		name    string
		most    float64 // and why
		change  func(*core.Config)
		handler http.Handler
		request func() *http.Request
		status  int
	}{
		// The handle, with the request's copy and the tracker of the answer in it; the body that the app keeps; and the
		// function that gives the body again.
		{"a handler", 3, nil, http.HandlerFunc(silent), func() *http.Request { return signedBody(body) }, 0},
		{"a handler, a body in several reads", 3, nil, http.HandlerFunc(silent),
			func() *http.Request { return signedBody(body + strings.Repeat(" ", 40<<10)) }, 0},
		// In addition: the signal's run, with its context and the reply in it; the request's context without its end,
		// for the observer; and the texts of the event's id and type.
		{"a store and a signal", 7, func(c *core.Config) { c.Replay = memstore.New() }, signal,
			func() *http.Request { return signed(body) }, 200},
		// The text of the action takes the place of the id's, and a header holds the type.
		{"a store and a signal, rules for equal bodies", 6, func(c *core.Config) {
			c.Provider, c.Replay = entry.NewProvider(ruled(), nil), memstore.New()
		}, signal, func() *http.Request { return signedBody(strings.Replace(body, `"type"`, `"action"`, 1)) }, 200},
		// A credential in addition to the signature adds nothing, whatever is accepted.
		{"a handler, and one of 20 pairs", 3, acceptPairs, http.HandlerFunc(silent), func() *http.Request {
			r := signedBody(body)
			r.SetBasicAuth("user-19", "one-of-many-accepted-passwords")
			return r
		}, 0},
		{"a wrong pair", 1, acceptPairs, signal, func() *http.Request {
			r := signedBody(body)
			r.SetBasicAuth("user-19", "none-of-the-accepted-passwords")
			return r
		}, 400},
		// A refusal is its reply, whose header the response may keep and the rejection the app; and where something is
		// said of what was seen, that.
		{"no signature", 1, nil, signal, func() *http.Request { return post(body) }, 400},
		{"a malformed signature", 1, nil, signal,
			func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256=00") }, 400},
		{"a forged signature", 2, nil, signal,
			func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256="+mac(oldSecret, body)) }, 400},
		{"a wrong method", 1, nil, signal,
			func() *http.Request { r := post(body); r.Method = http.MethodPut; return r }, 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := plain()
			r := row.request()
			if r.Header.Get("Acme-Signature") != "" {
				e = timestamped()
			}
			c, _ := config(e)
			c.Replay = core.DangerouslyNoReplay
			c.Observers = noObserver()
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
			if row.change != nil {
				row.change(&c)
			}
			g := mustNew(t, c)
			h := httpwebhook.Verify(g)(row.handler)
			raw, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			text := string(raw)
			reader := strings.NewReader(text)
			body := io.NopCloser(reader)
			w := &delivery{request: r, header: http.Header{}}
			serve := func() {
				reader.Reset(text)
				r.Body = body
				h.ServeHTTP(w, r)
				if !ran.IsZero() && c.Replay != core.DangerouslyNoReplay {
					// By the store: Guard.Forget, which people call now and then, is no part of a delivery.
					_ = c.Replay.Forget(t.Context(), []replay.Key{replay.Key(ran)})
				}
			}
			// Refusals are explained as a sample, a few of them in a second; what that allocates is not what each
			// costs.
			for range 64 {
				serve()
			}
			// A collection empties the pools, and what fills them again is not what each costs.
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			best := 1e9
			for range 5 {
				best = min(best, testing.AllocsPerRun(200, serve))
				require.NoError(t, g.Flush(t.Context()))
			}
			require.Equal(t, row.status, w.status)
			require.LessOrEqual(t, best, row.most)
		})
	}
}

// TestARefusalIsOneAllocationWithAllThatIsReportedOfIt also counts what the observer's goroutine allocates. A flood of
// refusals must not make work for the garbage collector.
func TestARefusalIsOneAllocationWithAllThatIsReportedOfIt(t *testing.T) {
	const body, many = "a body", 100
	c, _ := config(plain())
	c.Observers = noObserver()
	c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
	c.Budget = core.NewBudget()
	g := mustNew(t, c)
	g.ExhaustDiagnosis()
	h := httpwebhook.Verify(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
	r := post(body, "X-Hub-Signature-256", "sha256=00")
	w := &delivery{request: r, header: http.Header{}}
	serve := func() {
		for range many {
			h.ServeHTTP(w, r)
		}
		require.NoError(t, g.Flush(t.Context()))
	}
	serve()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	require.Equal(t, http.StatusBadRequest, w.status)
	// The queue's timer, its goroutine and the flush.
	require.LessOrEqual(t, testing.AllocsPerRun(20, serve), float64(many+10))
}

// TestWhatAForgedLargeBodyAllocates: whoever can reach the endpoint can send such bodies, so that they must not make
// work for the garbage collector.
func TestWhatAForgedLargeBodyAllocates(t *testing.T) {
	for _, size := range []int{20 << 10, 64 << 10} {
		body := strings.Repeat("x", size)
		for name, declared := range map[string]int64{"declared": int64(size), "chunked": -1} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				c, _ := config(plain())
				c.Observers = noObserver()
				c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
				c.Budget = core.NewBudget()
				g := mustNew(t, c)
				g.ExhaustDiagnosis() // a sample is explained, a few in a second
				r := post("", "X-Hub-Signature-256", "sha256="+mac(oldSecret, body))
				reader := strings.NewReader("")
				source := io.NopCloser(reader)
				serve := func() {
					reader.Reset(body)
					r.Body, r.ContentLength = source, declared
					if _, reply := g.Receive(nil, r, adapter.Inbound{}); reply == nil {
						t.Fatal("accepted")
					}
				}
				serve()
				defer debug.SetGCPercent(debug.SetGCPercent(-1))
				const turns = 100
				least := ^uint64(0)
				for range 5 {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					for range turns {
						serve()
					}
					runtime.ReadMemStats(&after)
					least = min(least, (after.TotalAlloc-before.TotalAlloc)/turns)
				}
				require.LessOrEqual(t, least, uint64(512), "bytes")
			})
		}
	}
}

// What a handle takes beyond one of the runtime's size classes costs each request the whole next one.
func TestTheHandleFitsItsSizeClass(t *testing.T) {
	const class, header = 1024, 8 // the runtime's own word in front of what holds pointers
	require.LessOrEqual(t, int(core.DeliveryBytes), class-header,
		"see what can stand in holding, which deliveries without a replay store do not have")
}

// claimFunc is a store that calls a function when it is asked for a claim.
type claimFunc struct {
	replay.Store
	call func()
}

func (s *claimFunc) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.call()
	return s.Store.Claim(ctx, items, lease)
}

// TestWhenALargeBufferGoesBack: what the signature covers is read from it, and a store that is slow does not keep it.
func TestWhenALargeBufferGoesBack(t *testing.T) { // not in parallel: another goroutine could have the buffer
	var g *core.Guard
	var read, claimed []bool
	c, _ := config(timestamped())
	c.Identity = func(e core.Event) string { read = append(read, g.HasLargeBuffer()); return e.ID }
	c.Replay = &claimFunc{memstore.New(), func() { claimed = append(claimed, g.HasLargeBuffer()) }}
	g = mustNew(t, c)
	body := `{"id":"evt_1","type":"a.b","x":"` + strings.Repeat("x", 40<<10) + `"}`
	require.Equal(t, 200, run(g, signed(body), ok).Code)
	require.NotEmpty(t, read)
	require.NotContains(t, read, true)
	require.Equal(t, []bool{true}, claimed)
}
