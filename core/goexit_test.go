package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// TestAnObserverThatEndsItsGoroutineIsOneThatPanicked: as a failed assertion of a test does. What comes after it is
// reported all the same, and nobody waits for ever.
func TestAnObserverThatEndsItsGoroutineIsOneThatPanicked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Log
		c, rec := config(timestamped())
		c.Logger = log.Logger()
		calls := 0
		c.Observers = append(c.Observers, core.ObserverFunc(func(context.Context, core.Record) {
			if calls++; calls != 2 {
				runtime.Goexit()
			}
		}))
		g := mustNew(t, c)
		for range 3 {
			run(g, signed(event), ok)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, g.Flush(ctx))
		require.Equal(t, 3, calls)
		run(g, signed(event), ok)
		require.NoError(t, g.Flush(ctx))
		require.Equal(t, 4, calls)
		require.Len(t, rec.seen(), 4)
		require.Contains(t, log.String(), "it ended its goroutine")
		require.NoError(t, g.Shutdown(ctx))
	})
}

// TestAnObserverThatEndsItsGoroutineKeepsNoBody: a body whose names it was to read counts until its record is given
// back.
func TestAnObserverThatEndsItsGoroutineKeepsNoBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Replay = core.DangerouslyNoReplay
		c.Observers = []core.Observer{core.ObserverFunc(func(context.Context, core.Record) { runtime.Goexit() })}
		g := mustNew(t, c)
		app := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		}))
		for range 2 { // the log names the first
			answerOf(app, signed(event))
		}
		require.Positive(t, g.UnreadBytes())
		require.NoError(t, g.Flush(t.Context()))
		require.Zero(t, g.UnreadBytes())
	})
}

// TestAReceiverThatEndsItsGoroutineEndsNoWorker: a queue's own goroutine would be gone, and its job would never end.
func TestAReceiverThatEndsItsGoroutineEndsNoWorker(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	s.Named("mail").On("*", ok)
	s.On("*", func(context.Context, core.Event) error { runtime.Goexit(); return nil })
	s.On("*", never(t))
	got := s.Run(t.Context(), core.Event{Type: "invoice.paid"})
	require.Equal(t, reason.SignalPanicked, got.Reason)
	require.EqualError(t, got.Err, "a receiver ended its goroutine")
	require.Equal(t, []string{"mail"}, got.Finished)
	require.True(t, got.Handled)
	require.False(t, got.Commits())
}

// panickyError panics where somebody asks what it is.
type panickyError struct{}

func (panickyError) Error() string { return "boom" }
func (panickyError) Is(error) bool { panic("no") }

// TestAPanicOutsideOfTheReceiversEndsNoProcess: nobody above the goroutine of a run could recover it.
func TestAPanicOutsideOfTheReceiversEndsNoProcess(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	s.Named("mail").On("*", ok)
	s.On("*", func(context.Context, core.Event) error { panic(panickyError{}) })
	got := s.Run(t.Context(), core.Event{Type: "invoice.paid"})
	require.Equal(t, reason.SignalPanicked, got.Reason)
	require.EqualError(t, got.Err, "the run panicked: no")
	require.NotEmpty(t, got.Stack)
	require.Equal(t, []string{"mail"}, got.Finished)
	require.False(t, got.Commits())
}

// TestShutdownWaitsForSignalsBehindATimeout: http.Server.Shutdown does not, because their request is answered, and the
// store is closed next.
func TestShutdownWaitsForSignalsBehindATimeout(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"a success":             func() error { return nil },
		"an error":              func() error { return errors.New("boom") },
		"a panic":               func() error { panic("boom") },
		"a goroutine that ends": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, rec := config(timestamped())
				g := mustNew(t, c)
				began := time.Now()
				between := leaving(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
				app := httpwebhook.Verify(g)(between(signal(func(context.Context, core.Event) error {
					time.Sleep(10 * time.Second)
					return end()
				})))
				answerOf(app, signed(event))
				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.ErrorIs(t, g.Shutdown(short), context.DeadlineExceeded)
				require.NoError(t, g.Shutdown(t.Context()))
				require.Equal(t, 10*time.Second, time.Since(began))
				require.Len(t, rec.seen(), 1, "what became of it is reported")
			})
		})
	}
}

func answerOf(app http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

// brokenError is an error whose text panics, as that of a nil pointer in an error does.
type brokenError struct{ text string }

func (e *brokenError) Error() string { return e.text }

// TestAnErrorWithoutATextIsKeptAsAnyOther: nothing else of the delivery may suffer from it.
func TestAnErrorWithoutATextIsKeptAsAnyOther(t *testing.T) {
	t.Parallel()
	var none *brokenError
	for name, err := range map[string]error{
		"alone": none, "given up": core.Permanent(none), "joined": errors.Join(errColumn, none),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, batched(), nil)
			s := core.NewSignals()
			first := true
			s.On("*", func(_ context.Context, e core.Event) error {
				if e.ID == "1" && first {
					return err
				}
				return nil
			})
			s.On("*", func(_ context.Context, e core.Event) error {
				if e.ID == "1" && first {
					return err
				}
				return nil
			})
			w := answerOf(httpwebhook.Handler(j.Guard, s), signedBody(list(1, 2)))
			require.Equal(t, map[bool]int{true: 200, false: 500}[name == "given up"], w.Code)
			var found []*journal.Entry
			for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				found = append(found, e)
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0].Err, "that cannot be printed")
			require.Equal(t, "1", found[0].EventID)
			require.Len(t, found[0].Receivers, 2)
			first = false
			app := httpwebhook.Handler(j.Guard, s)
			_, err := j.redriver(app).Redrive(t.Context(), found[0].ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, reason.Accepted, j.records.last(t, j.Guard).Reason)
		})
	}
}

// TestEntriesRunInTheOrderInWhichTheyFailedFirst: a retry that fails again, or a run, changes an entry, and not its
// place.
func TestEntriesRunInTheOrderInWhichTheyFailedFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := newJournaled(t, batched(), func(c *core.Config) { c.Now = nil })
		var ran []string
		fails := true
		app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
			ran = append(ran, e.ID)
			if fails {
				return errColumn
			}
			return nil
		}))
		for _, id := range []int{1, 2, 3, 2, 1} {
			time.Sleep(time.Minute)
			require.Equal(t, 500, answerOf(app, signedBody(list(id))).Code)
		}
		redrive := func() {
			ran = nil
			for range j.redriver(app).RedriveAll(t.Context(), journal.Query{}, core.RedriveOptions{StopAfter: -1}) {
				time.Sleep(time.Second)
			}
			require.Equal(t, []string{"1", "2", "3"}, ran)
		}
		redrive()
		var one journal.ID
		for e := range j.kept.Entries(t.Context(), journal.Query{}) {
			if e.EventID == "1" {
				one = e.ID
			}
		}
		_, err := j.redriver(app).Redrive(t.Context(), one, core.RedriveOptions{})
		require.Error(t, err)
		fails = false
		redrive()
	})
}
