package sqltests_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

func TestTenThousandEventsInOneBatch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		const n = 10_000
		items := make([]replay.Item, n)
		for i := range items {
			items[i].Key = keyOf(i)
		}
		results, err := b.Claim(t.Context(), items, time.Hour)
		require.NoError(t, err)
		settlements, held, keys := make([]replay.Settlement, n), make([]replay.Held, n), make([]replay.Key, n)
		for i, r := range results {
			require.Equal(t, replay.Claimed, r.State)
			keys[i] = keyOf(i)
			held[i] = replay.Held{Key: keys[i], Token: r.Token}
			settlements[i] = replay.Settlement{Key: keys[i], Token: r.Token, Verdict: replay.Commit, TTL: time.Hour}
			if i%10 == 7 {
				settlements[i].Verdict = replay.Release
			}
		}
		require.NoError(t, b.Extend(t.Context(), held, 2*time.Hour))
		require.NoError(t, b.Settle(t.Context(), settlements))
		results, err = b.Claim(t.Context(), items, time.Hour)
		require.NoError(t, err)
		for i, r := range results {
			if i%10 == 7 {
				require.Equal(t, replay.Claimed, r.State, "released, so that the retry runs it")
			} else {
				require.Equal(t, replay.Done, r.State)
			}
		}
		require.NoError(t, b.Forget(t.Context(), keys))
		removed, err := b.Prune(t.Context(), n)
		require.NoError(t, err)
		require.Zero(t, removed)
		require.Zero(t, b.rows(t))
	})
}

func (b *bench) rows(t testing.TB) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow("SELECT COUNT(*) FROM "+b.table).Scan(&n))
	return n
}

func TestPruneRemovesWhatHasEndedAndNothingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e, sqlstore.WithoutPruning())
		const ended, live = 2500, 100
		items := make([]replay.Item, ended+live)
		for i := range items {
			items[i].Key = keyOf(i)
		}
		_, err := b.Claim(t.Context(), items[:ended], time.Hour)
		require.NoError(t, err)
		b.expire(t)
		_, err = b.Claim(t.Context(), items[ended:], time.Hour)
		require.NoError(t, err)
		for _, want := range []int{7, 2000, ended - 2007, 0} {
			limit := want
			if want == 0 || want == ended-2007 {
				limit = 1_000_000
			}
			removed, err := b.Prune(t.Context(), limit)
			require.NoError(t, err)
			require.Equal(t, want, removed)
		}
		require.Equal(t, live, b.rows(t))
		require.Equal(t, replay.InFlight, b.state(t, ended, time.Hour).State)
	})
}

func TestClaimsPruneByThemselves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		for _, row := range []struct {
			name string
			opts []sqlstore.Option
			grow bool
		}{{name: "by default"},
			{name: "unless switched off", opts: []sqlstore.Option{sqlstore.WithoutPruning()}, grow: true}} {
			t.Run(row.name, func(t *testing.T) {
				b := newBench(t, e, row.opts...)
				const batch, batches = 100, 40
				for i := range batches {
					items := make([]replay.Item, batch)
					for j := range items {
						items[j].Key = keyOf(batch*i + j)
					}
					_, err := b.Claim(t.Context(), items, time.Hour)
					require.NoError(t, err)
					b.expire(t)
				}
				if row.grow {
					require.Equal(t, batch*batches, b.rows(t))
				} else {
					require.LessOrEqual(t, b.rows(t), 1000)
				}
			})
		}
	})
}

// Batches of everything that overlap, in any order, from two stores: no deadlock gets through, and in the end every key
// that was committed is done.
func TestBatchesThatOverlapDoNotFail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		b := newBench(t, e)
		other, err := sqlstore.New(t.Context(), b.db, e.dialect, namespace, sqlstore.WithTable(b.table))
		require.NoError(t, err)
		const keys, workers, rounds = 60, 8, 30
		var mu sync.Mutex
		committed := make(map[replay.Key]bool)
		var wg sync.WaitGroup
		for w := range workers {
			store := []*sqlstore.Store{b.Store, other}[w%2]
			wg.Go(func() {
				for range rounds {
					var items []replay.Item
					for _, k := range rand.Perm(keys)[:20] {
						items = append(items, replay.Item{Key: keyOf(k)})
					}
					results, err := store.Claim(t.Context(), items, time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					var held []replay.Held
					var settlements []replay.Settlement
					for i, r := range results {
						mu.Lock()
						if r.State == replay.Claimed && committed[items[i].Key] {
							t.Error("claimed after it was committed")
						}
						mu.Unlock()
						if r.State != replay.Claimed {
							continue
						}
						held = append(held, replay.Held{Key: items[i].Key, Token: r.Token})
						st := replay.Settlement{Key: items[i].Key, Token: r.Token, Verdict: replay.Release}
						if rand.IntN(8) == 0 {
							st.Verdict, st.TTL = replay.Commit, time.Hour
						}
						settlements = append(settlements, st)
					}
					if err := store.Extend(t.Context(), held, 2*time.Hour); err != nil {
						t.Error("extend:", err)
					}
					if err := store.Settle(t.Context(), settlements); err != nil {
						t.Error("settle:", err)
						return
					}
					mu.Lock()
					for _, st := range settlements {
						if st.Verdict == replay.Commit {
							committed[st.Key] = true
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		require.NotEmpty(t, committed)
		for k := range keys {
			require.Equal(t, committed[keyOf(k)], b.state(t, k, time.Hour).State == replay.Done)
		}
	})
}
