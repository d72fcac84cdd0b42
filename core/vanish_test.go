package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// stagedStore is a journal's store in memory that lets a test act at its calls.
type stagedStore struct {
	*journal.Memory
	beforeSave, afterLoad atomic.Pointer[func()]
}

func (s *stagedStore) Save(ctx context.Context, rows []journal.Row) error {
	if f := s.beforeSave.Swap(nil); f != nil {
		(*f)()
	}
	return s.Memory.Save(ctx, rows)
}

func (s *stagedStore) Load(ctx context.Context, ids []journal.ID) ([]journal.Row, error) {
	rows, err := s.Memory.Load(ctx, ids)
	if f := s.afterLoad.Swap(nil); f != nil {
		(*f)()
	}
	return rows, err
}

// staged keeps in a store that the test acts in.
func staged(t *testing.T, s *stagedStore) func(*core.Config) {
	s.Memory = journal.NewMemory()
	kept, err := journal.New(s, journal.Config{})
	require.NoError(t, err)
	return func(c *core.Config) { c.Journal = kept }
}

// TestARunThatLoadedAnOlderEntryDoesNotRun: another run was recorded since, or a delivery has parked the event. To go
// on by the old entry would run the event twice, or close what nobody has done.
func TestARunThatLoadedAnOlderEntryDoesNotRun(t *testing.T) {
	t.Parallel()
	t.Run("another run has failed meanwhile", func(t *testing.T) {
		t.Parallel()
		var s stagedStore
		j := newJournaled(t, timestamped(), staged(t, &s))
		failure, ran := core.Permanent(errColumn), 0
		app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error {
			if failure == nil {
				ran++
			}
			return failure
		}))
		app.ServeHTTP(httptest.NewRecorder(), signed(event))
		id := j.only(t).ID
		failure = errColumn
		meanwhile := func() {
			_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
			require.ErrorIs(t, err, errColumn)
			failure = nil
		}
		s.afterLoad.Store(&meanwhile)
		_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorIs(t, err, journal.ErrChanged)
		for range 2 {
			_, _ = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		}
		require.Equal(t, 1, ran)
		require.Equal(t, journal.Done, j.only(t).State)
	})
	t.Run("a delivery has parked the event meanwhile", func(t *testing.T) {
		t.Parallel()
		var s stagedStore
		j := newJournaled(t, timestamped(), staged(t, &s))
		failure, ran := errColumn, 0
		app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error {
			if failure == nil {
				ran++
			}
			return failure
		}))
		app.ServeHTTP(httptest.NewRecorder(), signed(event))
		id := j.only(t).ID
		meanwhile := func() {
			failure = core.Permanent(errColumn)
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			failure = nil
		}
		s.afterLoad.Store(&meanwhile)
		_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorIs(t, err, journal.ErrChanged)
		require.Equal(t, journal.Parked, j.only(t).State, "nobody has done it")
		_, err = j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.NoError(t, err)
		require.Equal(t, 1, ran)
	})
	t.Run("somebody has dismissed it meanwhile", func(t *testing.T) {
		t.Parallel()
		var s stagedStore
		j := newJournaled(t, timestamped(), staged(t, &s))
		run(j.Guard, signed(event), func(context.Context, core.Event) error { return errColumn })
		id := j.only(t).ID
		meanwhile := func() { require.NoError(t, j.kept.Dismiss(t.Context(), id, 0)) }
		s.afterLoad.Store(&meanwhile)
		app := httpwebhook.Verify(j.Guard)(signal(never(t)))
		_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
		require.ErrorIs(t, err, journal.ErrChanged)
		require.Equal(t, journal.Dismissed, j.only(t).State)
	})
}

// TestWhatIsRolledBackWithTheEventHasNotFinished: a run must not leave out a receiver whose work was undone.
func TestWhatIsRolledBackWithTheEventHasNotFinished(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]bool{"a receiver with a name": true, "one without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &unitStore{Store: memstore.New(), fail: errors.New("serialization failure")}
			j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
			ran := 0
			s := core.NewSignals()
			var to core.Registrar = s
			if named {
				to = s.Named("ledger")
			}
			to.On("*", func(ctx context.Context, _ core.Event) error {
				ran++
				begin(ctx)
				return nil
			})
			app := httpwebhook.Handler(j.Guard, s)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, signed(event))
			require.Equal(t, 500, w.Code)
			require.Empty(t, j.only(t).Finished)
			store.fail = nil
			_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, 2, ran, "what was rolled back runs again")
		})
	}
}

// joiningStore is a journal's store whose writes are part of the receiver's transaction.
type joiningStore struct {
	*journal.Memory
	undone []journal.ID
}

func (s *joiningStore) Save(ctx context.Context, rows []journal.Row) error {
	if u, ok := ctx.Value(unitKey{}).(*unitOfWork); ok && u.begun && u.store.fail != nil {
		for _, r := range rows {
			s.undone = append(s.undone, r.ID)
		}
		return nil // it is gone with the transaction
	}
	return s.Memory.Save(ctx, rows)
}

// TestAnEntryThatWasRolledBackIsKeptAgain: it was part of a transaction that did not commit.
func TestAnEntryThatWasRolledBackIsKeptAgain(t *testing.T) {
	t.Parallel()
	joining := &joiningStore{Memory: journal.NewMemory()}
	parked := atomic.Int32{}
	kept, err := journal.New(joining, journal.Config{OnParked: func(context.Context, *journal.Entry) { parked.Add(1) }})
	require.NoError(t, err)
	store := &unitStore{Store: memstore.New(), fail: errors.New("serialization failure")}
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay, c.Journal = store, kept })
	var failure error = core.Permanent(errColumn)
	app := httpwebhook.Verify(j.Guard)(signal(func(ctx context.Context, _ core.Event) error {
		begin(ctx)
		return failure
	}))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, signed(event))
	require.Equal(t, 500, w.Code)
	require.Len(t, joining.undone, 1)
	require.NoError(t, kept.Wait(t.Context()))
	require.Zero(t, parked.Load(), "nothing is parked")
	require.Equal(t, journal.Open, j.only(t).State)

	_, err = j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.ErrorIs(t, err, store.fail)
	require.Equal(t, 1, j.only(t).RunCount, "the run is recorded")
	store.fail, failure = nil, nil
	_, err = j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, journal.Done, j.only(t).State)
}

// TestWhatANamedReceiverGaveUpIsParkedAfterARetry: its neighbour has failed, and the retry must not take for done what
// was given up.
func TestWhatANamedReceiverGaveUpIsParkedAfterARetry(t *testing.T) {
	t.Parallel()
	for name, inTransaction := range map[string]bool{"in a transaction": true, "without one": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &unitStore{Store: memstore.New()}
			j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
			var ledger error = core.Permanent(errColumn)
			mail := errors.New("smtp is down")
			done := 0
			s := core.NewSignals()
			s.Named("ledger").On("*", func(ctx context.Context, _ core.Event) error {
				if inTransaction {
					begin(ctx)
				}
				if ledger == nil {
					done++
				}
				return ledger
			})
			s.Named("mail").On("*", func(context.Context, core.Event) error { return mail })
			app := httpwebhook.Handler(j.Guard, s)
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			mail = nil
			w := httptest.NewRecorder()
			app.ServeHTTP(w, signed(event))
			require.Equal(t, 200, w.Code)
			_, err := j.CloseProcessed(t.Context())
			require.NoError(t, err)
			require.Equal(t, journal.Parked, j.only(t).State, "the ledger has not done its part")
			ledger = nil
			_, err = j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.NoError(t, err)
			require.Equal(t, 1, done)
		})
	}
}

// TestADeliveryThatHasLostItsClaimHidesNoParking: it writes into the entry last, and is not the one that has committed.
func TestADeliveryThatHasLostItsClaimHidesNoParking(t *testing.T) {
	t.Parallel()
	var s stagedStore
	store := memstore.New()
	j := newJournaled(t, timestamped(), func(c *core.Config) {
		staged(t, &s)(c)
		c.Replay = store
	})
	var failure error = core.Permanent(errColumn)
	ran := 0
	app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error {
		if failure == nil {
			ran++
		}
		return failure
	}))
	// The first delivery stops before its write for so long that its claim is lost, and the event is delivered again.
	meanwhile := func() {
		id, err := j.IdentityOf(t.Context(), "", "evt_1")
		require.NoError(t, err)
		require.NoError(t, store.Forget(t.Context(), []replay.Key{replay.Key(id)}))
		w := httptest.NewRecorder()
		app.ServeHTTP(w, signed(event))
		require.Equal(t, 200, w.Code)
	}
	s.beforeSave.Store(&meanwhile)
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, journal.Parked, j.only(t).State)
	failure = nil
	_, err := j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, ran)
}

// TestWhatTheAppHasCommittedByHandDoesNotRunAgain: its error does not undo that.
func TestWhatTheAppHasCommittedByHandDoesNotRunAgain(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), nil)
	ran := 0
	app := httpwebhook.Verify(j.Guard)(signal(func(_ context.Context, e core.Event) error {
		ran++
		require.NoError(t, core.Commit(e.Context()))
		return errColumn
	}))
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	for range 2 {
		for e, err := range j.kept.Entries(t.Context(), journal.Query{}) {
			require.NoError(t, err)
			_, _ = j.redriver(app).Redrive(t.Context(), e.ID, core.RedriveOptions{})
		}
	}
	require.Equal(t, 1, ran)
}

// panickingStore panics where it is asked to.
type panickingStore struct {
	replay.Store
	armed atomic.Bool
}

func (s *panickingStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	if s.armed.Load() {
		panic("the store has a bug")
	}
	return s.Store.Claim(ctx, items, lease)
}

// TestARunAlwaysEnds: with an error where nothing ran, whatever becomes of its goroutine.
func TestARunAlwaysEnds(t *testing.T) {
	t.Parallel()
	store := &panickingStore{Store: memstore.New()}
	j := newJournaled(t, timestamped(), func(c *core.Config) { c.Replay = store })
	failure := errColumn
	app := httpwebhook.Verify(j.Guard)(signal(func(context.Context, core.Event) error { return failure }))
	app.ServeHTTP(httptest.NewRecorder(), signed(event))
	id := j.only(t).ID
	for name, row := range map[string]struct {
		app   http.Handler
		store bool
	}{
		"the replay store panics":                        {app, true},
		"middleware ends the goroutine before the guard": {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() }), false},
		"middleware ends it behind the guard": {httpwebhook.Verify(j.Guard)(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })), false},
		"middleware panics before the guard": {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kaboom") }), false},
		"middleware panics behind the guard": {httpwebhook.Verify(j.Guard)(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kaboom") })), false},
	} {
		store.armed.Store(row.store)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := j.redriver(row.app).Redrive(ctx, id, core.RedriveOptions{})
		require.NoError(t, ctx.Err(), name)
		cancel()
		require.Error(t, err, name)
		require.Equal(t, journal.Open, j.only(t).State, name)
	}
	store.armed.Store(false)
	failure = nil
	_, err := j.redriver(app).Redrive(t.Context(), id, core.RedriveOptions{})
	require.NoError(t, err, fmt.Sprint("nothing of it keeps the event: ", j.entries(t)))
	require.NoError(t, j.Shutdown(t.Context()))
}
