package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

type traceKey struct{}

func TestOneObserverHurtsNeitherTheOthersNorTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Log
		stuck := make(chan struct{})
		c, rec := config(timestamped())
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Observers = []core.Observer{
			core.ObserverFunc(func(context.Context, core.Record) { <-stuck }),
			core.ObserverFunc(func(context.Context, core.Record) { panic("a gauge without a label") }),
			rec,
		}
		g := mustNew(t, c)
		for range 3 {
			require.Equal(t, 400, run(g, post(event), never(t)).Code)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, g.Flush(ctx), context.DeadlineExceeded, "one observer has not got everything")
		require.Len(t, rec.seen(), 3)
		require.NotEmpty(t, rec.seen()[0].Findings)
		require.Contains(t, log.String(), "webhook delivery refused")
		require.Equal(t, 1, strings.Count(log.String(), "a gauge without a label"),
			"senders cannot fill the log through it")
		require.Contains(t, log.String(), "observer=1")
		for n := range 2000 {
			run(g, signed(event), ok)
			if n%100 == 0 {
				time.Sleep(time.Millisecond) // of the bubble's clock: the others get what is gathered
			}
		}
		time.Sleep(2 * time.Minute)
		require.Contains(t, log.String(), "the observer is too slow")
		require.EqualValues(t, 2000-1024, g.Health().DroppedRecords, "of the one that blocks, and of no other")
		require.Len(t, rec.seen(), 2003)
		close(stuck)
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

func TestAnObserverGetsTheValuesOfTheRequestAndNothingElseOfIt(t *testing.T) {
	t.Parallel()
	type seen struct {
		trace any
		err   error
		found bool
	}
	var mu sync.Mutex // each guard calls it from a goroutine of its own
	var all []seen
	watch := core.ObserverFunc(func(ctx context.Context, _ core.Record) {
		_, found := core.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, seen{ctx.Value(traceKey{}), ctx.Err(), found})
	})
	c, _ := config(timestamped())
	c.Observers = []core.Observer{watch}
	outer := mustNew(t, c)
	c.Endpoint = "inner"
	inner := mustNew(t, c)
	for _, r := range []*http.Request{signed(event), post(event)} {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), traceKey{}, "4bf92f35"))
		h := httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(signal(ok)))
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
		cancel()
		require.NoError(t, outer.Flush(t.Context()))
		require.NoError(t, inner.Flush(t.Context()))
	}
	require.Len(t, all, 3)
	for _, s := range all {
		require.Equal(t, seen{trace: "4bf92f35"}, s, "an outer guard's delivery would keep its body alive in the queue")
	}
}

func TestTheLogGetsTheValuesOfTheRequest(t *testing.T) {
	t.Parallel()
	var traces atomic.Int32
	c, _ := config(timestamped())
	c.Logger = slog.New(handlerFunc(func(ctx context.Context, _ slog.Record) {
		if ctx.Value(traceKey{}) == "4bf92f35" && ctx.Err() == nil {
			traces.Add(1)
		}
	}))
	g := mustNew(t, c)
	before := traces.Load()
	send := func(r *http.Request, fn core.Receiver) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), traceKey{}, "4bf92f35"))
		run(g, r.WithContext(ctx), fn)
		cancel()
		require.NoError(t, g.Flush(t.Context()))
	}
	send(post(event), never(t))
	send(signed(event), ok)
	send(signed(`{"id":"2"}`), func(context.Context, core.Event) error { return http.ErrBodyNotAllowed })
	require.EqualValues(t, 3, traces.Load()-before, "refused, first accepted, failed")
}

// handlerFunc is a slog.Handler that does nothing but call a function.
type handlerFunc func(context.Context, slog.Record)

func (handlerFunc) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (f handlerFunc) Handle(ctx context.Context, r slog.Record) error {
	f(ctx, r)
	return nil
}
func (f handlerFunc) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f handlerFunc) WithGroup(string) slog.Handler      { return f }

// gauges is an observer that asks its guards.
type gauges struct {
	records
	guards []*core.Guard
}

var _ core.GuardObserver = (*gauges)(nil)

func (g *gauges) ObserveGuard(guard *core.Guard) { g.guards = append(g.guards, guard) }

// offended is one that panics as soon as it meets a guard.
type offended struct{ records }

func (*offended) ObserveGuard(*core.Guard) { panic("registered twice") }

func TestAnObserverMayMeetTheGuards(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	seen := &gauges{}
	c, _ := config(timestamped())
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.Observers = []core.Observer{&offended{}, seen}
	one := mustNew(t, c)
	c.Endpoint = "other"
	two := mustNew(t, c)
	require.Equal(t, []*core.Guard{one, two}, seen.guards)
	require.Contains(t, log.String(), "registered twice")
	c.Secrets = nil
	_, err := core.New(c)
	require.Error(t, err)
	require.Len(t, seen.guards, 2, "what New refuses is no guard")
}

func TestNewRefusesAnObserverThatIsNone(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]core.Observer{
		"nil": nil, "a nil pointer": (*records)(nil), "a nil function": core.ObserverFunc(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Observers = []core.Observer{rec, o}
			_, err := core.New(c)
			require.ErrorContains(t, err, "Observers[1]")
		})
	}
}

func TestAGuardWithoutObserversKeepsNoRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Observers, c.Replay = nil, memstore.New()
		g := mustNew(t, c)
		for range 5000 {
			run(g, post(event), never(t))
		}
		require.Zero(t, g.Health().DroppedRecords)
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

func TestEveryRecordHasTheGuardsTime(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	outer := mustNew(t, c)
	c, rec := config(timestamped())
	inner := mustNew(t, c)
	for want, r := range map[reason.Reason]*http.Request{
		reason.Accepted: signed(event), reason.MissingSignature: post(event), reason.Method: signed(event),
	} {
		if want == reason.Method {
			r.Method = http.MethodPatch
		}
		run(inner, r, ok)
		require.Equal(t, want, rec.last(t, inner).Reason)
		require.Equal(t, testTime, rec.last(t, inner).Time)
	}
	httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(signal(never(t)))).ServeHTTP(httptest.NewRecorder(),
		signed(event))
	require.Equal(t, reason.GuardConflict, rec.last(t, inner).Reason)
	require.Equal(t, testTime, rec.last(t, inner).Time)
}

// The context of an observer has the values of the request, and lasts: for a refusal it is a part of the answer, for a
// delivery it is made for the record.
func TestAnObserversContextHasNoEnd(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		request func() *http.Request
		reason  reason.Reason
	}{
		"a refusal":  {func() *http.Request { return post(event) }, reason.MissingSignature},
		"a delivery": {func() *http.Request { return signed(event) }, reason.Accepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got context.Context
			c, rec := config(timestamped())
			c.Observers = append(c.Observers, core.ObserverFunc(func(ctx context.Context, _ core.Record) { got = ctx }))
			g := mustNew(t, c)
			r := row.request()
			ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), traceKey{}, "4711"))
			ctx, end := context.WithTimeout(ctx, time.Hour)
			defer end()
			run(g, r.WithContext(ctx), ok)
			cancel(errors.New("hung up"))
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			require.Equal(t, "4711", got.Value(traceKey{}))
			require.Nil(t, got.Value("another key"))
			require.Nil(t, got.Done())
			require.NoError(t, got.Err())
			require.NoError(t, context.Cause(got))
			_, ends := got.Deadline()
			require.False(t, ends)
			child, stop := context.WithCancel(got)
			require.NoError(t, child.Err())
			stop()
			require.ErrorIs(t, context.Cause(child), context.Canceled)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, child), "hung up")
		})
	}
}
