package core_test

import (
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
			c.Observers = []core.Observer{heldUp(&slow, seen)}
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

// Without a store whoever has captured a delivery can send it as often as they like, with headers of any length. Of
// these no more wait for a slow observer than of bodies, and the observer gets every name.
func TestHeadersThatWaitForAnObserverAreBounded(t *testing.T) {
	for _, row := range []struct {
		name   string
		atOnce bool // all of them have begun before the first has ended
	}{{"one after the other", false}, {"all at once", true}} {
		t.Run(row.name, func(t *testing.T) {
			const copies = 100
			var slow sync.Mutex
			var begun, sent sync.WaitGroup
			seen := &records{}
			c, _ := config(timestamped())
			c.Replay = core.DangerouslyNoReplay
			c.Observers = []core.Observer{heldUp(&slow, seen)}
			g := mustNew(t, c)
			h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, r.Body)
				begun.Done()
				if row.atOnce {
					begun.Wait()
				}
			}))
			var kept [copies]weak.Pointer[[1 << 20]byte]
			send := func(n int) {
				r, large := signed(event), new([1 << 20]byte)
				kept[n] = weak.Make(large)
				text := unsafe.String(&large[0], len(large))
				switch n % 3 {
				case 0:
					r.Header["X-Text"] = []string{text}
				case 1:
					r.Trailer = http.Header{"X-Text": {text}}
				default:
					r.RequestURI = text
				}
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			slow.Lock()
			begun.Add(copies)
			for n := range copies {
				if row.atOnce {
					sent.Go(func() { send(n) })
				} else {
					send(n)
				}
			}
			sent.Wait()
			require.LessOrEqual(t, g.UnreadBytes(), int64(4<<20))
			for range 3 {
				runtime.GC()
			}
			alive := 0
			for n := range kept {
				if kept[n].Value() != nil {
					alive++
				}
			}
			slow.Unlock()
			require.NoError(t, g.Flush(t.Context()))
			require.Less(t, alive, 40, "of 1 MiB each")
			require.Zero(t, g.UnreadBytes())
			require.Len(t, seen.seen(), copies)
			for _, r := range seen.seen() {
				require.Equal(t, []string{"evt_1", "invoice.paid"}, []string{r.ID, r.Type})
			}
		})
	}
}
