package core_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// writes notes what is written, in its order.
type writes struct {
	mu    sync.Mutex
	list  []string
	units *unitStore
}

// note notes a write, and where it stands: in a transaction, behind the last one, or next to one that is open.
func (w *writes) note(ctx context.Context, what string) {
	if u, ok := ctx.Value(unitKey{}).(*unitOfWork); ok && u.begun && (u.end == "" || u.end == "commit") {
		what += " in the transaction"
	} else {
		w.units.mu.Lock()
		for _, u := range w.units.units {
			if u.begun && u.end == "" {
				what += " while one is open"
			}
		}
		w.units.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, what)
}

func (w *writes) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	return list
}

type notedStore struct {
	replay.Store
	writes *writes
}

func (s *notedStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.writes.note(ctx, "claim")
	return s.Store.Claim(ctx, items, lease)
}

func (s *notedStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for i := range settlements {
		what := "release"
		if settlements[i].Verdict == replay.Commit {
			what = "commit"
		}
		s.writes.note(ctx, what)
	}
	return s.Store.Settle(ctx, settlements)
}

type notedJournal struct {
	*journal.Memory
	writes *writes
}

func (s *notedJournal) Save(ctx context.Context, rows []journal.Row) error {
	for i := range rows {
		s.writes.note(ctx, "save "+rows[i].State.String())
	}
	return s.Memory.Save(ctx, rows)
}

// TestTheOrderOfWrites: a process may die between each two of them. What is answered 2xx is kept before the store
// remembers it as done; a run is recorded once it is done, and before another one can begin.
func TestTheOrderOfWrites(t *testing.T) {
	t.Parallel()
	permanent := core.Permanent(errColumn)
	for _, row := range []struct {
		name     string
		first    error // what the receiver returns at the delivery
		second   error // and in a run
		begins   bool  // it asks for the transaction
		named    bool
		delivery string
		run      string
	}{
		{name: "a success, its writes and done are one step", begins: true,
			delivery: "claim, run, commit in the transaction"},
		{name: "a success without a transaction", delivery: "claim, run, commit"},
		{name: "an error is rolled back, kept and released", first: errColumn, begins: true,
			delivery: "claim, run, save open, release",
			run:      "claim, run, commit in the transaction, save done"},
		{name: "a panic as well", first: errPanic, begins: true,
			delivery: "claim, run, save open, release",
			run:      "claim, run, commit in the transaction, save done"},
		{name: "what is given up is kept before it is done", first: permanent,
			delivery: "claim, run, save parked, commit",
			run:      "claim, claim, run, commit, save done"},
		{name: "in a transaction, that is one step", first: permanent, begins: true,
			delivery: "claim, run, save parked in the transaction, commit in the transaction",
			run:      "claim, claim, run, commit in the transaction, save done"},
		{name: "what nobody can decode is rolled back and kept before it is done", first: core.Undecodable(errColumn),
			begins: true, delivery: "claim, run, save parked, commit",
			run: "claim, claim, run, commit in the transaction, save done"},
		{name: "a run that fails is recorded before it is released", first: permanent, second: errColumn,
			delivery: "claim, run, save parked, commit", run: "claim, claim, run, save parked, release"},
		{name: "a run that fails in a transaction is rolled back before", first: permanent, second: errColumn,
			begins:   true,
			delivery: "claim, run, save parked in the transaction, commit in the transaction",
			run:      "claim, claim, run, save parked, release"},
		{name: "a run that gives up is one step", first: permanent, second: permanent, begins: true,
			delivery: "claim, run, save parked in the transaction, commit in the transaction",
			run:      "claim, claim, run, save parked in the transaction, commit in the transaction"},
		{name: "a named receiver is done when it has run, and before the next one begins", named: true, begins: true,
			delivery: "claim, claim, run, commit in the transaction, run, commit in the transaction, commit"},
		{name: "a named receiver stays done where the next one fails", named: true, first: errColumn, begins: true,
			delivery: "claim, claim, run, commit in the transaction, run, save open, release, release",
			run:      "claim, claim, run, commit in the transaction, commit, save done"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := &writes{units: &unitStore{}}
			w.units.Store = &notedStore{memstore.New(), w}
			kept, err := journal.New(&notedJournal{journal.NewMemory(), w}, journal.Config{})
			require.NoError(t, err)
			j := newJournaled(t, timestamped(), func(c *core.Config) { c.Journal, c.Replay = kept, w.units })
			failure := row.first
			receiver := func(ctx context.Context, _ core.Event) error {
				w.note(context.Background(), "run")
				if row.begins {
					begin(ctx)
				}
				if errors.Is(failure, errPanic) {
					panic(failure)
				}
				return failure
			}
			s := core.NewSignals()
			if row.named {
				s.Named("before").On("*", func(ctx context.Context, _ core.Event) error {
					w.note(context.Background(), "run")
					begin(ctx)
					return nil
				})
				s.Named("notes").On("*", receiver)
			} else {
				s.On("*", receiver)
			}
			app := httpwebhook.Handler(j.Guard, s)
			w.take() // the endpoint's marker
			app.ServeHTTP(httptest.NewRecorder(), signed(event))
			require.Equal(t, row.delivery, strings.Join(w.take(), ", "))
			if row.run == "" {
				return
			}
			failure = row.second
			_, err = j.redriver(app).Redrive(t.Context(), j.only(t).ID, core.RedriveOptions{})
			require.Equal(t, row.second == nil, err == nil, err)
			require.Equal(t, row.run, strings.Join(w.take(), ", "))
		})
	}
}

var errPanic = errors.New("a receiver with a bug")
