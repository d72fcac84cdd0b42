package core_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Records wait in the queue of a slow observer. Whoever has captured a delivery can send it with any headers, and
// nobody is proved where the signature only reports: what such senders choose must not wait with the record.
func TestARecordOfWhatAnybodyCanSendKeepsNothingOfItsRequest(t *testing.T) {
	for _, row := range []struct {
		name    string
		change  func(*core.Config)
		request func() *http.Request
		before  int // deliveries before the one that waits
		outer   bool
	}{
		{"a duplicate", nil, func() *http.Request { return signedBody(event) }, 2, false},
		{"a duplicate within another guard", nil, func() *http.Request { return signedBody(event) }, 2, true},
		{"an unproved delivery", func(c *core.Config) {
			c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
		}, func() *http.Request { return post(event, "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64)) }, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var slow sync.Mutex
			seen := &records{}
			e := plain()
			e.Event = entry.Event{ID: []entry.Value{{JSON: "/id"}}}
			c, _ := config(e)
			if row.change != nil {
				row.change(&c)
			}
			c.Observers = []core.Observer{core.ObserverFunc(func(ctx context.Context, r core.Record) {
				slow.Lock()
				defer slow.Unlock()
				seen.Observe(ctx, r)
			})}
			g := mustNew(t, c)
			h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, r.Body)
			}))
			if row.outer {
				o, _ := config(e)
				o.Endpoint, o.Replay, o.Observers = "outer", core.DangerouslyNoReplay, nil
				h = httpwebhook.Verify(mustNew(t, o))(h)
			}
			for range row.before { // the log names the first of each kind
				h.ServeHTTP(httptest.NewRecorder(), row.request())
			}
			require.NoError(t, g.Flush(t.Context()))
			slow.Lock()
			send := func() weak.Pointer[[1 << 20]byte] {
				r, large := row.request(), new([1 << 20]byte)
				kept := weak.Make(large)
				r.Header["X-Text"] = []string{unsafe.String(&large[0], len(large))}
				h.ServeHTTP(httptest.NewRecorder(), r)
				return kept
			}
			kept := send()
			for range 3 {
				runtime.GC()
			}
			gone := kept.Value() == nil
			slow.Unlock()
			require.NoError(t, g.Flush(t.Context()))
			require.Zero(t, g.UnreadBytes())
			require.Equal(t, "evt_1", seen.seen()[row.before].ID)
			require.True(t, gone, "a header waits with the record")
		})
	}
}

// A handler that writes into the body must not write into what the record and the event say.
func TestABodyThatTheAppWritesIntoChangesNoRecord(t *testing.T) {
	t.Parallel()
	for _, store := range []replay.Store{core.DangerouslyNoReplay, memstore.New()} {
		c, rec := config(detailed())
		c.Replay = store
		g := mustNew(t, c)
		httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			d, _ := core.FromContext(r.Context())
			clear(d.Body())
		})).ServeHTTP(httptest.NewRecorder(), signed(event))
		last := rec.last(t, g)
		require.Equal(t, []string{"evt_1", "invoice.paid"}, []string{last.ID, last.Type})
	}
}
