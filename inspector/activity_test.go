package inspector_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/inspector"
)

// pageOf returns a page over an activity that holds records of a test.
func pageOf(t *testing.T, activity *inspector.Activity, now time.Time) *app {
	t.Helper()
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	a := &app{t: t, kept: kept, activity: activity}
	a.page, err = inspector.New(inspector.Config{
		Journal: kept, Activity: activity, Prefix: "/inspector", Hosts: []string{host},
		Authorize: func(*http.Request) (inspector.Access, error) { return everything(), nil },
		Now:       func() time.Time { return now },
	})
	require.NoError(t, err)
	return a
}

func TestEveryReasonHasOneCheck(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for n, r := range reason.All() {
		activity := inspector.NewActivity()
		activity.Observe(t.Context(), core.Record{Time: now, Endpoint: "stripe", Reason: r, Status: r.Status()})
		page := pageOf(t, activity, now).get("/delivery/1").Body.String()
		failed := strings.Count(page, `data-verdict="failed"`)
		if r == reason.Accepted || r == reason.Handshake {
			require.Zero(t, failed, r)
			continue
		}
		require.Equal(t, 1, failed, "%s (%d): a step of steps() lists it", r, n)
	}
}

func TestAFloodOfOneKindRemovesNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Now()
	activity := inspector.NewActivity()
	activity.Observe(t.Context(), core.Record{Time: now, Endpoint: "stripe", Reason: reason.Stale})
	for range 100_000 {
		activity.Observe(t.Context(), core.Record{Time: now, Endpoint: "stripe", Reason: reason.BadSignature})
	}
	a := pageOf(t, activity, now)
	require.Equal(t, 200, a.get("/delivery/1").Code, "the one that was stale")
	require.Equal(t, 404, a.get("/delivery/2").Code, "the first of the flood")
	require.Equal(t, 200, a.get("/delivery/100001").Code)
}

func TestAnActivityHoldsABoundedAmountOfWhatSendersWrote(t *testing.T) { //nolint:paralleltest // it measures the heap
	long := strings.Repeat("x", 1<<20)
	activity := inspector.NewActivity()
	before := heap()
	for range 200 {
		id := strings.Clone(long) // each delivery has its own
		activity.Observe(t.Context(), core.Record{
			Time: time.Now(), Endpoint: "stripe", Reason: reason.SignalFailed, ID: id, Type: id,
			Failed: slices.Repeat([]core.FailedEvent{{}}, 1000),
		})
	}
	after := heap()
	require.Less(t, after, before+8<<20)
	runtime.KeepAlive(activity)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// rows is a store of many entries: what the page asks of one is answered as a database with an index answers it.
type rows struct {
	journal.Store
	all  []journal.Row // the newest first
	byID map[journal.ID]journal.Row
}

func (s *rows) Save(_ context.Context, rows []journal.Row) error {
	for _, r := range rows {
		r.Revision++
		s.all, s.byID[r.ID] = append(s.all, r), r
	}
	return nil
}

func (s *rows) Load(_ context.Context, ids []journal.ID) ([]journal.Row, error) {
	var found []journal.Row
	for _, id := range ids {
		if r, ok := s.byID[id]; ok {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *rows) List(_ context.Context, p journal.Page) ([]journal.Row, error) {
	from, _ := slices.BinarySearchFunc(s.all, p.Before, func(r journal.Row, c journal.Cursor) int {
		if r.Behind(c) {
			return 1
		}
		return -1
	})
	return s.all[from:min(len(s.all), from+p.Limit)], nil
}

// BenchmarkTheFirstScreen measures the list over 100,000 entries, and a search that finds nothing.
func BenchmarkTheFirstScreen(b *testing.B) {
	store := &rows{byID: map[journal.ID]journal.Row{}}
	kept, err := journal.New(store, journal.Config{})
	require.NoError(b, err)
	now := time.Now()
	for n := range 100_000 {
		e := &journal.Entry{
			Endpoint: "stripe", Provider: "stripe", State: journal.Parked, EventID: fmt.Sprint("evt_", n),
			Type:     "invoice.paid",
			Identity: [32]byte{1, byte(n), byte(n >> 8), byte(n >> 16)}, Reason: reason.SignalFailed,
			Err:  "column does not exist",
			Body: []byte(paid), First: now, Last: now.Add(time.Duration(n) * time.Millisecond), Runnable: true,
		}
		require.NoError(b, kept.Keep(b.Context(), []*journal.Entry{e}))
	}
	slices.SortFunc(store.all, func(x, y journal.Row) int {
		if x.Behind(journal.Cursor{At: y.At, ID: y.ID}) {
			return 1
		}
		return -1
	})
	page, err := inspector.New(inspector.Config{
		Journal: kept, Activity: inspector.NewActivity(), Prefix: "/inspector", Hosts: []string{host},
		Authorize: func(*http.Request) (inspector.Access, error) { return everything(), nil },
	})
	require.NoError(b, err)
	for name, path := range map[string]string{"list": "/", "search": "/?text=nothing", "type": "/?type=nothing"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				requestOf(b, page, path)
			}
		})
	}
}
