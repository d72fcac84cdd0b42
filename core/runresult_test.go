package core_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// TestASetRunsInAWorkerAsInADelivery: the outcome is that of the same receivers behind a guard.
func TestASetRunsInAWorkerAsInADelivery(t *testing.T) {
	t.Parallel()
	fail := func(err error) core.Receiver { return func(context.Context, core.Event) error { return err } }
	kaboom := func(context.Context, core.Event) error { panic("kaboom") }
	for name, row := range map[string]struct {
		receivers []core.Receiver
		want      core.RunResult
		text      string
	}{
		"a success": {[]core.Receiver{fail(nil)}, core.RunResult{Handled: true, Reason: reason.Accepted},
			""},
		"an ignored event": {[]core.Receiver{fail(core.Ignore)},
			core.RunResult{Handled: true, Reason: reason.Accepted}, ""},
		"an error": {[]core.Receiver{fail(errColumn)},
			core.RunResult{Handled: true, Reason: reason.SignalFailed}, errColumn.Error()},
		"a panic": {[]core.Receiver{kaboom},
			core.RunResult{Handled: true, Reason: reason.SignalPanicked}, "the signal panicked: kaboom"},
		"a permanent error": {[]core.Receiver{fail(core.Permanent(errColumn))},
			core.RunResult{Handled: true, Reason: reason.Permanent, Permanent: true}, errColumn.Error()},
		"what nobody can decode": {[]core.Receiver{fail(core.Undecodable(errColumn))},
			core.RunResult{Handled: true, Reason: reason.Undecodable, Undecodable: true}, errColumn.Error()},
		"what one could decode": {[]core.Receiver{fail(core.Undecodable(errColumn)), fail(nil)},
			core.RunResult{Handled: true, Reason: reason.Permanent, Permanent: true}, errColumn.Error()},
		"nobody takes it": {nil, core.RunResult{Reason: reason.Unhandled}, ""},
		"it is declined": {[]core.Receiver{fail(core.Unhandled)}, core.RunResult{Reason: reason.Unhandled},
			""},
		"the worst decides": {[]core.Receiver{fail(core.Permanent(errColumn)), fail(errColumn), fail(nil)},
			core.RunResult{Handled: true, Reason: reason.SignalFailed}, errColumn.Error() + "; " + errColumn.Error()},
		"the connection is cut": {[]core.Receiver{func(context.Context, core.Event) error { panic(http.ErrAbortHandler) }}, core.RunResult{Handled: true, Reason: reason.SignalPanicked}, "the signal panicked: " + http.ErrAbortHandler.Error()},
		"a panic and what ignores": {[]core.Receiver{kaboom, fail(core.Ignore)},
			core.RunResult{Handled: true, Reason: reason.SignalPanicked}, "the signal panicked: kaboom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := core.NewSignals()
			for _, fn := range row.receivers {
				s.On("*", fn)
			}
			got := s.Run(t.Context(), core.Event{Type: "invoice.paid"})
			if row.text == "" {
				require.NoError(t, got.Err)
			} else {
				require.EqualError(t, got.Err, row.text)
			}
			require.Equal(t, got.Reason == reason.SignalPanicked, len(got.Stack) > 0)
			require.Equal(t, got.Reason == reason.Accepted || got.Reason == reason.Permanent, got.Commits())
			require.Len(t, got.Receivers, len(row.receivers), "what each receiver did")
			got.Err, got.Stack, got.Receivers = nil, nil, nil
			require.Equal(t, row.want, got)
		})
	}
	require.False(t, new(core.RunResult).Commits())
}

func commits(r core.RunResult) bool { return r.Commits() }

// TestAReceiversContextIsTheWorkers: in either place where a receiver finds it.
func TestAReceiversContextIsTheWorkers(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "the worker's")
	calls := 0
	see := func(ctx context.Context, e core.Event) error {
		calls++
		require.Equal(t, "the worker's", ctx.Value(key{}))
		require.Equal(t, "the worker's", e.Context().Value(key{}))
		_, inDelivery := core.FromContext(ctx)
		require.False(t, inDelivery)
		require.NoError(t, e.Respond(200, "text/plain", []byte("to nobody")))
		require.ErrorIs(t, core.Release(ctx), core.ErrNotVerified)
		return nil
	}
	s := core.NewSignals()
	s.On("invoice.*", see)
	s.Named("ledger").On("invoice.paid", see)
	s.On("customer.*", see)
	core.OnRouter(s, "*", see)
	require.True(t, commits(s.Run(ctx, core.Event{Type: "invoice.paid"})))
	require.Equal(t, 3, calls)
	s = core.NewSignals()
	s.OnUnhandled(func(ctx context.Context, e core.Event) { require.NoError(t, see(ctx, e)) })
	require.False(t, s.Run(ctx, core.Event{Type: "invoice.paid"}).Handled)
	require.Equal(t, 4, calls)
}

// TestNamedReceiversThatFinishedAreLeftOut: an attempt goes on where the one before has failed.
func TestNamedReceiversThatFinishedAreLeftOut(t *testing.T) {
	t.Parallel()
	var calls []string
	failing := errColumn
	s := core.NewSignals()
	note := func(name string, err *error) core.Receiver {
		return func(context.Context, core.Event) error { calls = append(calls, name); return *err }
	}
	var none error
	s.Named("mail").On("*", note("mail", &none))
	s.On("*", note("no name", &none))
	s.Named("ledger").On("*", note("ledger", &failing))
	first := s.Run(t.Context(), core.Event{})
	require.Equal(t, []string{"mail"}, first.Finished)
	failing = nil
	second := s.Run(t.Context(), core.Event{}, first.Finished...)
	require.True(t, second.Commits())
	require.Equal(t, []string{"mail", "ledger"}, second.Finished)
	third := s.Run(t.Context(), core.Event{}, "mail", "another")
	require.Equal(t, []string{"mail", "ledger"}, third.Finished)
	require.Equal(t, []string{"mail", "no name", "ledger", "no name", "ledger", "no name", "ledger"}, calls)

	only := core.NewSignals()
	only.Named("mail").On("*", note("mail", &none))
	require.True(t, commits(only.Run(t.Context(), core.Event{}, "mail")), "where all have finished, the event is done")
}

// begun is a transaction that a worker offers.
type begun struct{ tx *sql.Tx }

func (b *begun) Begin() (*sql.Tx, error) { return b.tx, nil }

func (b *begun) Begun() (*sql.Tx, *sql.DB) { return b.tx, new(sql.DB) }

// TestWhatIsRolledBackIsNotFinished: a named receiver whose writes are gone must run again.
func TestWhatIsRolledBackIsNotFinished(t *testing.T) {
	t.Parallel()
	offered := &begun{tx: new(sql.Tx)}
	ctx := sqltx.NewContext(t.Context(), offered)
	for name, use := range map[string]core.Receiver{
		"by its context": func(ctx context.Context, _ core.Event) error {
			tx, err := sqltx.Tx(ctx)
			require.Same(t, offered.tx, tx)
			return err
		},
		"by the event's context": func(_ context.Context, e core.Event) error {
			_, err := sqltx.Tx(e.Context())
			return err
		},
		"by what has begun": func(ctx context.Context, _ core.Event) error {
			tx, db := sqltx.Begun(ctx)
			require.NotNil(t, db)
			require.Same(t, offered.tx, tx)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for err, want := range map[error][]string{
				nil:                       {"mail", "ledger"},
				core.Permanent(errColumn): {"mail", "ledger"},
				errColumn:                 {"mail"},
			} {
				s := core.NewSignals()
				s.Named("ledger").On("*", use)
				s.Named("mail").On("*", func(context.Context, core.Event) error { return nil })
				s.On("*", func(context.Context, core.Event) error { return err })
				require.ElementsMatch(t, want, s.Run(ctx, core.Event{}).Finished, "%v", err)
			}
		})
	}
}

// TestASetOfARouterDoesNotRunInAWorker: there is no router whose context its receivers could get.
func TestASetOfARouterDoesNotRunInAWorker(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	core.OnRouter(s, "*", func(*http.Request, core.Event) error { return errors.New("must not run") })
	defer func() {
		require.Contains(t, recover(), "takes *http.Request and cannot run where the context is context.Context")
	}()
	s.Run(t.Context(), core.Event{})
}

func TestRunningASetEndsRegistration(t *testing.T) {
	t.Parallel()
	frozen := core.NewSignals()
	frozen.Run(t.Context(), core.Event{})
	require.Panics(t, func() { frozen.On("*", func(context.Context, core.Event) error { return nil }) })
}
