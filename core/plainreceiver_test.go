package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// A handler without signals stands in the journal as one receiver, without a name and a pattern.
func TestTheJournalKeepsWhatAPlainHandlerDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var do http.HandlerFunc
		j := newJournaled(t, timestamped(), func(c *core.Config) {
			c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
		})
		app := httpwebhook.Verify(j.Guard)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			do(w, r)
		}))
		send := func() {
			defer func() { _ = recover() }()
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
		}
		did := func(why reason.Reason, err string) []journal.Receiver {
			return []journal.Receiver{{Took: 2 * time.Second, Reason: why, Err: err}}
		}
		do = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
		send()
		require.Equal(t, did(reason.SignalFailed, "the handler answered 502"), j.only(t).Receivers)
		do = func(http.ResponseWriter, *http.Request) { panic("kaboom") }
		send()
		e := j.only(t)
		require.Equal(t, did(reason.SignalPanicked, "the handler panicked, or ended its goroutine"), e.Receivers)

		do = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
		redriver := &core.Redriver{App: app, Guards: []*core.Guard{j.Guard}}
		_, err := redriver.Redrive(t.Context(), e.ID, core.RedriveOptions{})
		require.Error(t, err)
		require.Equal(t, did(reason.SignalFailed, "the handler answered 418"), j.only(t).Runs[0].Receivers)
		do = func(http.ResponseWriter, *http.Request) {}
		_, err = redriver.Redrive(t.Context(), e.ID, core.RedriveOptions{})
		require.NoError(t, err)
		e = j.only(t)
		require.Equal(t, did(reason.Accepted, ""), e.Runs[1].Receivers)
		require.Equal(t, journal.Done, e.State)
	})
}

// With AlsoDone a success is kept, whoever committed it: the guard, or the handler itself.
func TestASuccessOfAPlainHandlerIsKept(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]http.HandlerFunc{
		"by its answer":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"by nothing":      func(http.ResponseWriter, *http.Request) {},
		"by its own word": func(_ http.ResponseWriter, r *http.Request) { _ = core.Commit(r.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), func(c *core.Config) {
				c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
			})
			app := httpwebhook.Verify(j.Guard)(do)
			for range 2 { // the second one is a duplicate, and changes nothing
				app.ServeHTTP(httptest.NewRecorder(), signed(event))
			}
			e := j.only(t)
			require.Equal(t, journal.Done, e.State)
			require.Equal(t, reason.Accepted, e.Reason)
			require.Zero(t, e.Attempts, "no delivery failed")
			require.Len(t, e.Receivers, 1)
			require.Equal(t, reason.Accepted, e.Receivers[0].Reason)
			require.Positive(t, e.Receivers[0].Took)
			require.JSONEq(t, event, string(e.Body))
		})
	}
}

// What the app has released, and what signals have done, is not a plain handler's success.
func TestWhatIsNoSuccessOfAPlainHandlerIsNotKeptAsOne(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]http.HandlerFunc{
		"released": func(w http.ResponseWriter, r *http.Request) {
			_ = core.Release(r.Context())
			w.WriteHeader(http.StatusOK)
		},
		"signals that fail, behind middleware that answers 200": func(w http.ResponseWriter, r *http.Request) {
			signal(func(context.Context, core.Event) error { return errors.New("no") }).
				ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournaled(t, timestamped(), func(c *core.Config) {
				c.Journal, _ = journal.InMemory(journal.Config{AlsoDone: true})
			})
			httpwebhook.Verify(j.Guard)(do).ServeHTTP(httptest.NewRecorder(), signed(event))
			for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
				require.NoError(t, err)
				require.NotEqual(t, journal.Done, e.State)
				for _, r := range e.Receivers {
					require.Equal(t, "*", r.Pattern)
				}
			}
		})
	}
}
