package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// logged returns what is written to the default log during a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(was) })
	return &b
}

// noPruner hides that a store can prune.
type noPruner struct{ journal.Store }

// states counts what a journal holds.
func states(t *testing.T, j *journal.Journal) map[journal.State]int {
	t.Helper()
	count := map[journal.State]int{}
	for _, e := range all(t, j, journal.Query{}) {
		count[e.State]++
	}
	return count
}

func TestEntriesExpireByTheirState(t *testing.T) {
	for _, store := range []journal.Store{journal.NewMemory(), noPruner{journal.NewMemory()}} {
		synctest.Test(t, func(t *testing.T) {
			logged(t)
			j, err := journal.New(store, journal.Config{})
			require.NoError(t, err)
			for _, state := range journal.States() {
				e := entry(state.String(), state)
				keep(t, j, e)
				require.Equal(t, state, load(t, j, e.ID).State)
			}
			for _, step := range []struct {
				after time.Duration
				want  map[journal.State]int
			}{
				{24 * time.Hour, map[journal.State]int{1: 1, 2: 1, 3: 1, 4: 1}},
				{time.Minute, map[journal.State]int{1: 1, 2: 1}},
				{29 * 24 * time.Hour, map[journal.State]int{2: 1}},
				{60*24*time.Hour - 2*time.Minute, map[journal.State]int{2: 1}},
				{2 * time.Minute, map[journal.State]int{}},
			} {
				time.Sleep(step.after)
				e := entry("what triggers it", journal.Open)
				keep(t, j, e)
				require.NoError(t, j.Delete(t.Context(), e.ID))
				require.Equal(t, step.want, states(t, j), "after %v", step.after)
			}
		})
	}
}

func TestForeverIsForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, _ := inMemory(t, journal.Config{Retention: journal.Retention{
			Open: journal.Forever, Parked: journal.Forever, Closed: journal.Forever}})
		for _, state := range journal.States() {
			e := entry(state.String(), state)
			keep(t, j, e)
			require.Zero(t, j.Expires(e))
		}
		time.Sleep(100 * 365 * 24 * time.Hour)
		keep(t, j, entry("what triggers it", journal.Open))
		require.Len(t, all(t, j, journal.Query{}), 5)
	})
}

func TestAManyThatExpiredGoFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, store := counting(t, journal.Config{})
		var list []*journal.Entry
		for i := range 250 {
			list = append(list, entry(fmt.Sprint(i), journal.Done))
		}
		keep(t, j, list...)
		time.Sleep(25 * time.Hour)
		for _, left := range []int{150, 50, 0, 0} {
			store.calls = nil
			keep(t, j, entry("open", journal.Open))
			require.Equal(t, left, states(t, j)[journal.Done])
		}
		require.NotContains(t, store.calls, "Delete 100", "with nothing left the next look is a minute away")
	})
}

func TestTheEndOfParkedEntriesIsAnnouncedAWeekAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logged(t)
		j, _ := inMemory(t, journal.Config{Retention: journal.Retention{Parked: 20 * 24 * time.Hour}})
		e := entry("evt_1", journal.Parked)
		keep(t, j, e)
		require.Equal(t, e.Changed.Add(20*24*time.Hour), j.Expires(e))
		for day := range 14 {
			time.Sleep(24*time.Hour - time.Duration(day%2)*time.Second)
			keep(t, j, entry("open", journal.Open))
			if day == 11 {
				require.NotContains(t, log.String(), "expire within a week")
			}
		}
		require.Contains(t, log.String(), "expire within a week")
		require.Contains(t, log.String(), string(e.ID))
		log.Reset()
		keep(t, j, entry("open", journal.Open))
		require.Empty(t, log.String(), "once a day")
	})
}

// changing changes a row between the look for expired rows and their removal.
type changing struct {
	*journal.Memory
	change func()
}

func (s *changing) Prune(ctx context.Context, rows []journal.Row) error {
	s.change()
	return s.Memory.Prune(ctx, rows)
}

// An event that fails again in the moment in which its old entry is removed must not vanish.
func TestPruningLeavesWhatHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &changing{Memory: journal.NewMemory()}
		j, err := journal.New(store, journal.Config{})
		require.NoError(t, err)
		e := entry("evt_1", journal.Dismissed)
		keep(t, j, e)
		time.Sleep(25 * time.Hour)
		store.change = func() { keep(t, j, entry("evt_1", journal.Parked)) }
		keep(t, j, entry("what triggers it", journal.Open))
		require.Equal(t, journal.Parked, load(t, j, e.ID).State)
	})
}

// A failure to prune fails nothing else.
func TestAFailureToPruneIsLogged(t *testing.T) {
	log := logged(t)
	j, store := counting(t, journal.Config{})
	keep(t, j, entry("a", journal.Parked)) // does not prune: it may be in the app's transaction
	require.Equal(t, []string{"Save 1"}, store.calls)
	store.fail = 2
	j.Parked(t.Context())
	require.Contains(t, log.String(), "expired entries could not be removed")
	keep(t, j, entry("b", journal.Parked))
}

func TestOpenEntriesOfAnEndpointAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logged(t)
		store := newStore() // without bounds of its own
		j, err := journal.New(store, journal.Config{})
		require.NoError(t, err)
		known := entry("known", journal.Open)
		keep(t, j, known)
		for n := range 10 { // entries that nobody reads
			rows := make([]journal.Row, 1000)
			for i := range rows {
				id := journal.IDOf(journal.FromRequest, identity(fmt.Sprint(n, " ", i)))
				rows[i] = journal.Row{ID: id, State: journal.Open, Endpoint: "stripe", At: time.Now()}
			}
			require.NoError(t, store.Save(t.Context(), rows))
		}
		time.Sleep(2 * time.Minute)
		j, err = journal.New(store, journal.Config{})
		require.NoError(t, err)
		one := entry("one too many", journal.Open)
		keep(t, j, one)
		require.Zero(t, one.Revision, "it says that it was not kept")
		require.Equal(t, uint64(1), j.NotKept())
		known, parked := entry("known", journal.Open), entry("parked", journal.Parked)
		elsewhere := entry("x", journal.Open)
		elsewhere.Endpoint = "github"
		keep(t, j, known, parked, elsewhere)
		require.Equal(t, 2, load(t, j, known.ID).Attempts, "what is there is still counted")
		require.Equal(t, uint64(1), parked.Revision, "nothing parked is left out")
		require.Equal(t, uint64(1), elsewhere.Revision)

		time.Sleep(2 * time.Minute)
		keep(t, j, one)
		require.Zero(t, one.Revision)
		require.Contains(t, log.String(), "too many open entries")
		require.NoError(t, j.Dismiss(t.Context(), known.ID, 0))
		page := journal.Page{Endpoint: "stripe", States: []journal.State{journal.Open}, Limit: 1}
		rows, err := store.List(t.Context(), page)
		require.NoError(t, err)
		require.NoError(t, j.Delete(t.Context(), rows[0].ID))
		time.Sleep(2 * time.Minute)
		keep(t, j, one)
		require.Equal(t, uint64(1), one.Revision, "there is room again")

		again, err := journal.New(store, journal.Config{})
		require.NoError(t, err)
		two := entry("two too many", journal.Open)
		keep(t, again, two)
		require.Zero(t, two.Revision, "another process counts what is there")
	})
}

func TestMemoryMakesRoomButNeverOfWhatIsParked(t *testing.T) {
	log := logged(t)
	var full int
	for _, row := range []struct {
		name string
		rows int
		blob int
	}{
		{"10,000 rows", 10_000, 0},
		{"64 MiB", 64, 1<<20 - 300}, // 300: what a row takes besides
	} {
		t.Run(row.name, func(t *testing.T) {
			store := journal.NewMemory()
			j, err := journal.New(store, journal.Config{})
			require.NoError(t, err)
			made := 0
			save := func(n int, state journal.State) (ids []journal.ID, err error) {
				for range n {
					made++
					id := journal.IDOf(journal.FromRequest, identity(fmt.Sprint(made)))
					err = store.Save(t.Context(), []journal.Row{{ID: id, State: state, Endpoint: "stripe",
						At: time.UnixMicro(int64(made)), Blob: make([]byte, row.blob)}})
					if err != nil {
						return ids, err
					}
					ids = append(ids, id)
				}
				return ids, nil
			}
			have := func(ids []journal.ID) int {
				rows, err := store.Load(t.Context(), ids)
				require.NoError(t, err)
				return len(rows)
			}
			some := row.rows / 4
			open, err := save(some, journal.Open)
			require.NoError(t, err)
			done, err := save(some, journal.Done)
			require.NoError(t, err)
			parked, err := save(some, journal.Parked)
			require.NoError(t, err)
			more, err := save(2*some-2, journal.Parked)
			require.NoError(t, err)
			require.Less(t, have(done), 3, "closed entries make room first")
			require.Greater(t, have(open), some-3)
			evenMore, err := save(some, journal.Parked)
			if err != nil {
				require.ErrorIs(t, err, journal.ErrFull)
			}
			require.Less(t, have(open), 4)
			last, err := save(some, journal.Parked)
			require.ErrorIs(t, err, journal.ErrFull)
			parked = slices.Concat(parked, more, evenMore, last)
			require.Equal(t, len(parked), have(parked), "nothing parked makes room")

			for range 3 {
				require.ErrorIs(t, j.Keep(t.Context(), []*journal.Entry{entry("x", journal.Parked)}), journal.ErrFull)
			}
			full++
			require.Equal(t, full, bytes.Count(log.Bytes(), []byte("answered 500")), "said once a minute")

			require.NoError(t, store.Delete(t.Context(), parked[:2]))
			keep(t, j, entry("x", journal.Parked))
			require.NoError(t, store.Delete(t.Context(), parked[2:3]))
			left, err := save(1, journal.Open)
			require.NoError(t, err)
			var many []journal.Row
			for _, id := range parked[:3] {
				r := journal.Row{ID: id, State: journal.Parked, At: time.Now(), Blob: make([]byte, row.blob)}
				many = append(many, r)
			}
			require.ErrorIs(t, store.Save(t.Context(), many), journal.ErrFull)
			require.Equal(t, 1, have(left), "what is too little is not dropped in vain")
		})
	}
}

// hanging is a store whose lists wait until they are let go.
type hanging struct {
	journal.Store
	lists   int
	release chan struct{}
}

func (s *hanging) List(ctx context.Context, page journal.Page) ([]journal.Row, error) {
	s.lists++
	<-s.release
	return s.Store.List(ctx, page)
}

// While an app is down everything fails at once. One delivery counts what is open; the others do not wait.
func TestOneDeliveryCountsWhatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &hanging{Store: journal.NewMemory(), release: make(chan struct{})}
		logged(t)
		j, err := journal.New(store, journal.Config{Retention: journal.Retention{
			Open: journal.Forever, Parked: journal.Forever, Closed: journal.Forever,
		}})
		require.NoError(t, err)
		kept := 0
		for i := range 10 {
			go func() {
				if j.Keep(context.Background(), []*journal.Entry{entry(fmt.Sprint(i), journal.Open)}) == nil {
					kept++
				}
			}()
			synctest.Wait()
		}
		require.Equal(t, 1, store.lists)
		require.Equal(t, 9, kept)
		close(store.release)
		synctest.Wait()
		require.Equal(t, 10, kept)
	})
}
