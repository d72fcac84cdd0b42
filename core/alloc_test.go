//go:build !race

package core_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// What each path allocates is known, and a change of it is noticed here and not by whoever has to pay. The figures are
// those of one request when the pools are warm; a record waits for its observer in memory that is kept.
func TestWhatEachPathAllocates(t *testing.T) {
	const size = 1 << 10
	body := `{"id":"evt_1","type":"a.b","x":"` + strings.Repeat("x", size-40) + `"}`
	ran := core.Identity{}
	signal := core.Signal(func(_ *http.Request, e core.Event) error {
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
		// The handle, the body that the app keeps, the request's copy that carries the context, the function that gives
		// the body anew, the tracker of the answer.
		{"a handler", 5, nil, http.HandlerFunc(silent), func() *http.Request { return signedBody(body) }, 0},
		{"a handler, a body in several reads", 5, nil, http.HandlerFunc(silent), func() *http.Request { return signedBody(body + strings.Repeat(" ", 40<<10)) }, 0},
		// As well: the contexts of the request and of the signal with its deadline, and those of the store's two calls;
		// the lease's timer; what runs the event; the text of its id and type; the reply.
		{"a store and a signal", 45, func(c *core.Config) { c.Replay = memstore.New() }, signal, func() *http.Request { return signed(body) }, 200},
		// A refusal is its reply, the header of that, the rejection, and what was seen.
		{"no signature", 7, nil, signal, func() *http.Request { return post(body) }, 400},
		{"a malformed signature", 6, nil, signal, func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256=00") }, 400},
		{"a forged signature", 7, nil, signal, func() *http.Request { return post(body, "X-Hub-Signature-256", "sha256="+mac(oldSecret, body)) }, 400},
		{"a wrong method", 7, nil, signal, func() *http.Request { r := post(body); r.Method = http.MethodPut; return r }, 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := plain()
			r := row.request()
			if r.Header.Get("Acme-Signature") != "" {
				e = timestamped()
			}
			c, _ := config(e)
			c.Replay = core.DangerouslyNoReplay
			c.Observer = core.ObserverFunc(func(core.Record) {})
			c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
			if row.change != nil {
				row.change(&c)
			}
			g := mustNew(t, c)
			h := core.Handler(g, row.handler)
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
					_ = g.Forget(t.Context(), ran)
				}
			}
			// Refusals are explained as a sample, a few of them in a second; what that allocates is not what each costs.
			for range 64 {
				serve()
			}
			best := 1e9
			for range 5 {
				best = min(best, testing.AllocsPerRun(200, serve))
				require.NoError(t, g.Flush(t.Context()))
			}
			require.Equal(t, row.status, w.status)
			t.Log(row.name, best)
			require.LessOrEqual(t, best, row.most)
		})
	}
}
