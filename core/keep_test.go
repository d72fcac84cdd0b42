package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// journaled is a guard with a journal in memory.
type journaled struct {
	*core.Guard
	kept    *journal.Journal
	records *records
	parked  atomic.Int32 // calls of OnParked
}

func newJournaled(t *testing.T, e entry.Entry, change func(*core.Config)) *journaled {
	t.Helper()
	j := &journaled{}
	kept, err := journal.InMemory(journal.Config{OnParked: func(context.Context, *journal.Entry) { j.parked.Add(1) }})
	require.NoError(t, err)
	c, rec := config(e)
	c.Journal = kept
	if change != nil {
		change(&c)
	}
	j.Guard, j.kept, j.records = mustNew(t, c), c.Journal, rec
	return j
}

// entries describes what is kept, oldest first.
func (j *journaled) entries(t *testing.T) []string {
	t.Helper()
	var out []string
	for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%s %s %s x%d: %s", e.State, e.EventID, e.Reason, e.Attempts, e.Err))
	}
	slices.Reverse(out)
	return out
}

func (j *journaled) only(t *testing.T) *journal.Entry {
	t.Helper()
	var all []*journal.Entry
	for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
		require.NoError(t, err)
		all = append(all, e)
	}
	require.Len(t, all, 1)
	return all[0]
}

var errColumn = errors.New(`column "currency" does not exist`)

// TestWhatFailsIsKept: every proved event that ends without "done", for a reason of ours, is in the journal.
func TestWhatFailsIsKept(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(*core.Signals) {
		return func(s *core.Signals) { s.On("*", func(context.Context, core.Event) error { return err }) }
	}
	for _, row := range []struct {
		name    string
		change  func(*core.Config)
		signals func(*core.Signals)
		status  int
		want    []string
	}{
		{"a success is not", nil, fails(nil), 200, nil},
		{"an ignored event is not", nil, fails(core.Ignore), 200, nil},
		{"an event that nobody takes is not", nil, func(*core.Signals) {}, 200, nil},
		{"an error", nil, fails(errColumn), 500, []string{"open evt_1 signal_failed x1: " + errColumn.Error()}},
		{"a panic", nil, func(s *core.Signals) { s.On("*", func(context.Context, core.Event) error { panic("kaboom") }) }, 500,
			[]string{"open evt_1 signal_panicked x1: the signal panicked: kaboom"}},
		{"a permanent error", nil, fails(core.Permanent(errColumn)), 200, []string{"parked evt_1 permanent x1: " + errColumn.Error()}},
		{"what nobody can decode", nil, fails(core.Undecodable(errColumn)), 200, []string{"parked evt_1 undecodable x1: " + errColumn.Error()}},
		{"a store that does not answer", func(c *core.Config) {
			c.Replay = &sayingStore{Store: memstore.New(), err: errors.New("connection refused")}
		}, fails(nil), 503, []string{"open evt_1 store_unavailable x1: connection refused"}},
		{"an event that nobody takes, where the app wants it", func(c *core.Config) {
			c.Journal, _ = journal.InMemory(journal.Config{AlsoUnhandled: true})
		}, func(*core.Signals) {}, 200, []string{"parked evt_1 unhandled x1: "}},
		{"a success, where the app wants it", func(c *core.Config) {
			c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
		}, fails(nil), 200, []string{"done evt_1 accepted x0: "}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), row.change)
			s := core.NewSignals()
			row.signals(s)
			w := httptest.NewRecorder()
			httpwebhook.Handler(j.Guard, s).ServeHTTP(w, signed(event))
			require.Equal(t, row.status, w.Code)
			require.Equal(t, row.want, j.entries(t))
			require.NoError(t, j.kept.Wait(t.Context()))
			parked := 0
			for _, line := range row.want {
				if strings.HasPrefix(line, "parked") && row.change == nil {
					parked++
				}
			}
			require.EqualValues(t, parked, j.parked.Load(), "the hook is called for what is parked")
		})
	}
}

// TestWhatAPlainHandlerFailsIsKept: handlers without signals are no hole.
func TestWhatAPlainHandlerFailsIsKept(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		handler http.HandlerFunc
		want    []string
	}{
		"a success":     {func(http.ResponseWriter, *http.Request) {}, nil},
		"a 404":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, []string{"open evt_1 signal_failed x1: the handler answered 404"}},
		"a panic":       {func(http.ResponseWriter, *http.Request) { panic("kaboom") }, []string{"open evt_1 signal_panicked x1: the handler panicked, or ended its goroutine"}},
		"its own retry": {func(_ http.ResponseWriter, r *http.Request) { _ = core.Release(r.Context()) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), nil)
			func() {
				defer func() { _ = recover() }()
				httpwebhook.Verify(j.Guard)(row.handler).ServeHTTP(httptest.NewRecorder(), signed(event))
			}()
			require.Equal(t, row.want, j.entries(t))
		})
	}
}

// TestOfABatchWhatFailedIsKept: each event by itself, and in an ordered batch those behind the failure too.
func TestOfABatchWhatFailedIsKept(t *testing.T) {
	t.Parallel()
	third := func(_ context.Context, e core.Event) error {
		switch e.ID {
		case "2":
			return core.Permanent(errColumn)
		case "3":
			return errColumn
		}
		return nil
	}
	for name, row := range map[string]struct {
		ordered bool
		want    []string
	}{
		"a batch": {false, []string{"open 3 signal_failed x1: " + errColumn.Error(), "parked 2 permanent x1: " + errColumn.Error()}},
		"an ordered batch": {true, []string{"open 3 signal_failed x1: " + errColumn.Error(),
			"open 4 signal_failed x1: it did not run: an event before it in the ordered batch failed",
			"open 5 signal_failed x1: it did not run: an event before it in the ordered batch failed",
			"parked 2 permanent x1: " + errColumn.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, batched(), func(c *core.Config) { c.Ordered = row.ordered })
			require.Equal(t, 500, run(j.Guard, signedBody(list(1, 2, 3, 4, 5)), third).Code)
			got := j.entries(t)
			slices.Sort(got)
			require.Equal(t, row.want, got)
		})
	}
}

// TestAnAnswerOf2xxNeedsTheJournal: an event that nobody sends again must be kept, or it is a failure.
func TestAnAnswerOf2xxNeedsTheJournal(t *testing.T) {
	t.Parallel()
	full := func(c *core.Config) {
		var err error
		c.Journal, err = journal.New(refusingStore{}, journal.Config{})
		if err != nil {
			t.Error(err)
		}
	}
	for name, row := range map[string]struct {
		err  error
		want int
	}{
		"a permanent error":      {core.Permanent(errColumn), 500},
		"what nobody can decode": {core.Undecodable(errColumn), 500},
		"an error":               {errColumn, 500},
		"a success":              {nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), full)
			fails := func(context.Context, core.Event) error { return row.err }
			require.Equal(t, row.want, run(j.Guard, signed(event), fails).Code)
			ran := 0
			run(j.Guard, signed(event), func(context.Context, core.Event) error { ran++; return nil })
			require.Equal(t, row.want == 500, ran == 1, "the provider's retry runs what is in no journal")
		})
	}
}

// refusingStore is full.
type refusingStore struct{ journal.Store }

func (refusingStore) Save(context.Context, []journal.Row) error { return journal.ErrFull }
func (refusingStore) Load(context.Context, []journal.ID) ([]journal.Row, error) {
	return nil, nil
}
func (refusingStore) List(context.Context, journal.Page) ([]journal.Row, error) { return nil, nil }

// TestNothingUnprovedIsKept: what only reports lets a forgery through, and the journal must not hold it.
func TestNothingUnprovedIsKept(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{core.CheckSignature} })
	fails := func(context.Context, core.Event) error { return core.Permanent(errColumn) }
	forged := signed(event)
	forged.Header.Set("Acme-Signature", pairs("another-secret-that-is-long-enough", testTime, event))
	require.Equal(t, 200, run(j.Guard, forged, fails).Code)
	require.Empty(t, j.entries(t))
}

// TestARetryIsTheSameEntry: attempts are counted, and an open entry is closed once the store knows its event as done.
func TestARetryIsTheSameEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := newJournaled(t, timestamped(), nil)
		fails := func(context.Context, core.Event) error { return errColumn }
		for range 3 {
			require.Equal(t, 500, run(j.Guard, signed(event), fails).Code)
		}
		synctest.Wait() // for the sweep that the first failure has begun
		require.Equal(t, []string{"open evt_1 signal_failed x3: " + errColumn.Error()}, j.entries(t))
		closed, err := j.CloseProcessed(t.Context())
		require.NoError(t, err)
		require.Zero(t, closed, "the event is not done")
		require.Equal(t, 200, run(j.Guard, signed(event), ok).Code)
		require.Equal(t, journal.Open, j.only(t).State, "success is not reported to the journal")
		closed, err = j.CloseProcessed(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, closed)
		require.Equal(t, journal.Done, j.only(t).State)
	})
}

// TestNoCredentialIsKept: headers are kept by name, and tokens are gone from the URL.
func TestNoCredentialIsKept(t *testing.T) {
	t.Parallel()
	const token = "a-token-in-the-query-that-is-long"
	j := newJournaled(t, timestamped(), func(c *core.Config) {
		c.Credentials = []core.Credential{core.QueryToken("token", secrets.Static(token)), core.HeaderToken("X-Gate", secrets.Static(token))}
	})
	r := signed(event)
	r.URL.RawQuery = "token=" + token + "&lang=en"
	r.RequestURI = r.URL.RequestURI()
	r.Header.Set("X-Gate", token)
	r.Header.Set("Cookie", "session=1")
	r.Header.Set("X-Request-Id", "abc")
	require.Equal(t, 500, run(j.Guard, r, func(context.Context, core.Event) error { return errColumn }).Code)
	e := j.only(t)
	require.Equal(t, "/hooks?lang=en", e.Request.URL)
	require.Equal(t, http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"abc"}}, e.Request.Header)
	require.Equal(t, []string{"Acme-Signature", "Cookie", "X-Gate"}, e.Request.Dropped)
	require.NotContains(t, fmt.Sprintf("%+v", e), token)
}

// redriver runs entries of a guard again, behind a handler.
func (j *journaled) redriver(app http.Handler) *core.Redriver {
	return &core.Redriver{App: app, Guards: []*core.Guard{j.Guard}}
}

// TestARunAgainRunsWhatIsKept: after the fix the event runs, once, and its entry is closed.
func TestARunAgainRunsWhatIsKept(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"open": errColumn, "parked": core.Permanent(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), nil)
			var broken error = failure
			var ran []core.Event
			app := httpwebhook.Verify(j.Guard)(signal(func(ctx context.Context, e core.Event) error {
				if broken != nil {
					return broken
				}
				require.Equal(t, ctx, e.Context())
				ran = append(ran, e)
				return nil
			}))
			w := httptest.NewRecorder()
			app.ServeHTTP(w, signed(event))
			before := j.Health()
			e := j.only(t)
			require.True(t, e.Runnable, e.WhyNot)

			result, err := j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
			require.ErrorIs(t, err, errColumn, "it fails still")
			require.Contains(t, []reason.Reason{reason.SignalFailed, reason.Permanent}, result.Reason)
			e = j.only(t)
			require.Equal(t, 1, e.RunCount)
			require.Equal(t, name, e.State.String(), "a run that fails changes nothing but the entry")

			broken = nil
			result, err = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{Revision: e.Revision})
			require.NoError(t, err)
			require.Equal(t, reason.Accepted, result.Reason)
			require.Len(t, ran, 1)
			require.Equal(t, 2, ran[0].Redrive)
			require.Equal(t, event, string(ran[0].Payload))
			require.Equal(t, `{"n":1}`, string(ran[0].Data))
			require.Equal(t, core.Authenticated{ID: true, Type: true}, ran[0].Authenticated)
			require.Equal(t, "#1", ran[0].Secret)
			require.Equal(t, journal.Done, j.only(t).State)
			require.Equal(t, before, ignoreSilence(j.Health(), before), "a run is no sign of life")

			_, err = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
			require.ErrorIs(t, err, journal.ErrAlreadyDone)
			_, err = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{Revision: e.Revision})
			require.ErrorIs(t, err, journal.ErrChanged)
			w = httptest.NewRecorder()
			app.ServeHTTP(w, signed(event))
			require.Equal(t, 200, w.Code)
			require.Len(t, ran, 1, "the provider's retry is a duplicate")
			_, err = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{EvenIfDone: true})
			require.NoError(t, err)
			require.Len(t, ran, 2, "a person may want it once more")
		})
	}
}

func ignoreSilence(h, as core.Health) core.Health {
	h.Silence = as.Silence
	return h
}

// TestWhatIsDoneSinceIsClosedAndNotRun: the provider's retry was faster.
func TestWhatIsDoneSinceIsClosedAndNotRun(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	require.Equal(t, 500, run(j.Guard, signed(event), func(context.Context, core.Event) error { return errColumn }).Code)
	require.Equal(t, 200, run(j.Guard, signed(event), ok).Code)
	app := httpwebhook.Verify(j.Guard)(signal(never(t)))
	_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.ErrorIs(t, err, journal.ErrAlreadyDone)
	require.Equal(t, journal.Done, j.only(t).State)
}

// TestNoTwoRunsOfAnEntryRunAtOnce: retries, resends and clicks at once give one run.
func TestNoTwoRunsOfAnEntryRunAtOnce(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"open": errColumn, "parked": core.Permanent(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 30 {
				j := newJournaled(t, timestamped(), nil)
				var ran, at atomic.Int32
				fixed := atomic.Bool{}
				app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error {
					if !fixed.Load() {
						return failure
					}
					require.EqualValues(t, 1, at.Add(1), "one at a time")
					time.Sleep(time.Millisecond)
					at.Add(-1)
					ran.Add(1)
					return nil
				}))
				app.ServeHTTP(httptest.NewRecorder(), signed(event))
				fixed.Store(true)
				id := j.only(t).ID
				together(func(n int) {
					if n%2 == 0 {
						app.ServeHTTP(httptest.NewRecorder(), signed(event))
						return
					}
					_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
					if err != nil && !errors.Is(err, journal.ErrAlreadyDone) && !errors.Is(err, journal.ErrInFlight) &&
						!errors.Is(err, journal.ErrChanged) {
						t.Error(err)
					}
				}, 8)
				require.EqualValues(t, 1, ran.Load())
			}
		})
	}
}

// together calls f n times at once.
func together(f func(n int), n int) {
	start, done := make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() {
			<-start
			f(i)
			done <- struct{}{}
		}()
	}
	close(start)
	for range n {
		<-done
	}
}

// TestNamedReceiversThatFinishedDoNotRunAgain: in a run as in a retry.
func TestNamedReceiversThatFinishedDoNotRunAgain(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"open": errColumn, "parked": core.Permanent(errColumn)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), nil)
			var broken error = failure
			ran := ""
			s := core.NewSignals()
			s.Named("ledger").On("*", func(context.Context, core.Event) error { ran += "ledger "; return nil })
			s.Named("mail").On("*", func(context.Context, core.Event) error {
				if broken == nil {
					ran += "mail "
				}
				return broken
			})
			app := httpwebhook.Handler(j.Guard, s)
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			require.Equal(t, []string{"ledger"}, j.only(t).Finished)
			broken = nil
			_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, "ledger mail ", ran)
		})
	}
}

// TestOnlyItsOwnGuardTakesARun: whatever else the request meets treats it as an unknown sender's.
func TestOnlyItsOwnGuardTakesARun(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	other := newJournaled(t, timestamped(), func(c *core.Config) { c.Endpoint, c.Journal = "other", j.kept })
	app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return errColumn }))
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	id := j.only(t).ID
	fresh := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(w, r.WithContext(context.Background())) })
	for name, row := range map[string]struct {
		app    http.Handler
		status int
	}{
		"another endpoint's guard":                {httpwebhook.Verify(other.Guard)(signal(never(t))), 400},
		"another guard around it":                 {httpwebhook.Verify(other.Guard)(app), 400},
		"middleware that puts in a fresh context": {fresh, 400},
		"no route": {http.NotFoundHandler(), 404},
		"the app's own Basic auth": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
		}), 401},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := j.redriver(row.app).Redrive(t.Context(), id, core.RedriveOptions{})
			require.ErrorIs(t, err, journal.ErrNotReached)
			require.Equal(t, row.status, result.Status)
			require.Zero(t, j.only(t).RunCount)
		})
	}
	second := httptest.NewRecorder()
	twice := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(w, r)
		app.ServeHTTP(second, r)
	})
	_, err := j.redriver(twice).Redrive(t.Context(), id, core.RedriveOptions{})
	require.ErrorIs(t, err, errColumn)
	require.NoError(t, j.Shutdown(t.Context()))
	require.Equal(t, 400, second.Code, "a second use is an unknown sender's")
}

// TestARunOutlivesTheOneWhoAsked: and its result comes from settling, not from a status.
func TestARunOutlivesTheOneWhoAsked(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	var broken error = errColumn
	begun, wait := make(chan struct{}), make(chan struct{})
	receiver := signal(func(context.Context, core.Event) error {
		if broken != nil {
			return broken
		}
		close(begun)
		<-wait
		return nil
	})
	httpwebhook.Verify(j.Guard)(receiver).ServeHTTP(httptest.NewRecorder(), signed(event))
	app := httpwebhook.Verify(j.Guard)(http.TimeoutHandler(receiver, 10*time.Millisecond, "too late"))
	broken = nil
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	_, err := j.redriver(app).Redrive(ctx, j.only(t).ID, core.RedriveOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, journal.Open, j.only(t).State)
	close(wait)
	require.NoError(t, j.Shutdown(t.Context()), "Shutdown waits for the run")
	require.Equal(t, journal.Done, j.only(t).State)
}

// TestAllOfAQueryRunsFromTheOldest: one at a time, and it ends after failures in a row.
func TestAllOfAQueryRunsFromTheOldest(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, batched(), nil)
	broken := true
	var ran []string
	app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
		if broken || e.ID == "4" {
			return core.Permanent(errColumn)
		}
		require.Equal(t, fmt.Sprintf(`{"id":"%s","type":"mail.sent"}`, e.ID), string(e.Payload))
		ran = append(ran, e.ID)
		return nil
	}))
	for id := range 7 {
		app.ServeHTTP(httptest.NewRecorder(), signedBody(list(id)))
	}
	all := func(o core.RedriveOptions) (done, failed int) {
		for _, err := range j.redriver(app).RedriveAll(t.Context(), journal.Query{Endpoint: "test", State: journal.Parked}, o) {
			if err == nil {
				done++
			} else {
				failed++
			}
		}
		return done, failed
	}
	done, failed := all(core.RedriveOptions{})
	require.Equal(t, []int{0, 3}, []int{done, failed}, "it ends after three failures in a row")
	broken = false
	done, failed = all(core.RedriveOptions{StopAfter: -1})
	require.Equal(t, []int{6, 1}, []int{done, failed})
	require.Len(t, ran, 6)
	require.ElementsMatch(t, []string{"0", "1", "2", "3", "5", "6"}, ran)
}

// TestShutdownWaitsForTheHook: what was parked last is reported too.
func TestShutdownWaitsForTheHook(t *testing.T) {
	t.Parallel()
	called, begun := make(chan struct{}), make(chan struct{})
	kept, err := journal.InMemory(journal.Config{OnParked: func(context.Context, *journal.Entry) {
		close(begun)
		<-called
	}})
	require.NoError(t, err)
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Journal = kept })
	run(j.Guard, signed(event), func(context.Context, core.Event) error { return core.Permanent(errColumn) })
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, j.Shutdown(ctx), context.DeadlineExceeded)
	close(called)
	require.NoError(t, j.Shutdown(t.Context()))
}
