package riverinbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// keyed is an event of a customer, with a number.
func keyed(key string, n int) core.Event {
	id := fmt.Sprintf("%s_%d", key, n)
	e := core.Event{Endpoint: "stripe", ID: id, Type: "a"}
	copy(e.Identity[:], id+"............................................")
	return e
}

func customer(_ context.Context, e core.Event) string {
	key, _, _ := strings.Cut(e.ID, "_")
	return key
}

// enqueuer returns what accepts events in order, as a guard does: in a transaction that it commits.
func (p *place) enqueuer(t testing.TB) func(core.Event) {
	t.Helper()
	client, err := river.NewClient(p.driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	enqueue := riverinbox.Enqueue(client, riverinbox.WithOrder(customer))
	return func(e core.Event) {
		ctx, offered := sqltx.Offer(context.Background(), p.db, p.dialect)
		defer func() { _ = offered.Rollback() }()
		if err := errors.Join(enqueue(ctx, e), offered.Commit()); err != nil {
			t.Error(err)
		}
	}
}

// index makes the index of the order.
func (p *place) index(t testing.TB) {
	t.Helper()
	for range 2 {
		_, err := p.db.ExecContext(t.Context(), riverinbox.OrderIndex(p.dialect, ""))
		require.NoError(t, err)
	}
}

// TestEventsOfOneKeyAreWorkedInOrder: through failures, panics, parking and many workers; and never two at once.
func TestEventsOfOneKeyAreWorkedInOrder(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.index(t)
		const events = 8
		keys := []string{"anna", "bert", "cleo"}
		enqueue := p.enqueuer(t)
		var mu sync.Mutex
		began, running := map[string][]int{}, map[string]int{}
		signals := only(func(ctx context.Context, e core.Event) error {
			key, number, _ := strings.Cut(e.ID, "_")
			n := int(number[0] - '0')
			mu.Lock()
			began[key] = append(began[key], n)
			if running[key]++; running[key] > 1 {
				t.Errorf("two of %s at once", key)
			}
			times := 0
			for _, b := range began[key] {
				if b == n {
					times++
				}
			}
			mu.Unlock()
			time.Sleep(time.Duration(len(e.ID)*n%5) * time.Millisecond)
			mu.Lock()
			running[key]--
			mu.Unlock()
			switch {
			case n == 0 && times < 3:
				return errors.New("not yet")
			case n == 3 && times < 2:
				panic("not yet")
			case n == 5:
				return core.Permanent(errColumn)
			case n == 6:
				return errColumn // until the last attempt
			}
			return pay(ctx, e)
		})
		var wait sync.WaitGroup
		for _, key := range keys {
			wait.Go(func() {
				for n := range events {
					enqueue(keyed(key, n))
				}
			})
		}
		// River on SQLite is for one process.
		for range map[bool]int{true: 2, false: 1}[p.dialect == sqltx.PostgreSQL] {
			p.work(t, signals, func(_ *river.Config, c *riverinbox.Config) { c.MaxWorkers = 6 })
		}
		wait.Wait()
		p.completed(t, len(keys)*events)
		for _, key := range keys {
			require.Equal(t, []int{0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 6, 7}, began[key], key)
		}
		require.Equal(t, len(keys)*(events-2), p.payments(t))
		for _, e := range p.entries(t) {
			require.Equal(t, journal.Parked, e.State)
			require.Contains(t, map[string]int{"_5": 1, "_6": 3}, e.EventID[4:])
			require.Equal(t, map[string]int{"_5": 1, "_6": 3}[e.EventID[4:]], e.Attempts, "waiting is not an attempt")
		}
	})
}

// later is a policy that waits for an hour.
type later struct{}

func (later) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(time.Hour) }

// TestAnEventThatWaitsForItsRetryKeepsItsKeyWaiting: other keys, and events without one, go on. Once its job is gone,
// the next one begins.
func TestAnEventThatWaitsForItsRetryKeepsItsKeyWaiting(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.index(t)
		enqueue := p.enqueuer(t)
		enqueue(keyed("anna", 0))
		for n := 1; n < 4; n++ {
			enqueue(keyed("anna", n))
			enqueue(keyed("bert", n))
			enqueue(keyed("", n))
		}
		var anna atomic.Int32
		client := p.work(t, only(func(_ context.Context, e core.Event) error {
			if strings.HasPrefix(e.ID, "anna") {
				if anna.Add(1) == 1 {
					return errColumn
				}
			}
			return nil
		}), func(c *river.Config, _ *riverinbox.Config) { c.RetryPolicy = later{} })
		p.completed(t, 6)
		eventually(t, func() bool { return p.jobs(t, "retryable") == 1 }, "the first one has not failed")
		time.Sleep(1500 * time.Millisecond) // the others have looked in between
		require.EqualValues(t, 1, anna.Load())
		var id int64
		require.NoError(t, p.db.QueryRowContext(t.Context(),
			"SELECT id FROM river_job WHERE state = 'retryable'").Scan(&id))
		_, err := client.JobCancel(t.Context(), id)
		require.NoError(t, err)
		_, err = p.db.ExecContext(t.Context(),
			"UPDATE river_job SET scheduled_at = created_at WHERE finalized_at IS NULL")
		require.NoError(t, err)
		p.completed(t, 9)
		require.EqualValues(t, 4, anna.Load())
	})
}

// TestTheOrderIsThatOfTheCommits: an event whose transaction is about to commit lets no later one of its key pass.
func TestTheOrderIsThatOfTheCommits(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqltx.PostgreSQL) // on SQLite there is one such transaction at a time
	client, err := river.NewClient(p.driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	enqueue := riverinbox.Enqueue(client, riverinbox.WithOrder(customer))
	first, offered := sqltx.Offer(t.Context(), p.db, p.dialect)
	require.NoError(t, enqueue(first, keyed("anna", 1)))
	second := make(chan struct{})
	go func() {
		defer close(second)
		p.enqueuer(t)(keyed("anna", 2))
	}()
	p.enqueuer(t)(keyed("bert", 1)) // which waits for nobody
	eventually(t, func() bool {
		return p.count(t, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1
	}, "the second one does not wait for the first one's commit")
	require.Equal(t, 1, p.jobs(t, "available"))
	require.NoError(t, offered.Commit())
	<-second
	require.Equal(t, 3, p.jobs(t, "available"))
}

// TestManyJobsDoNotSlowTheOrder: with a hundred thousand jobs, neither the look nor the waking reads more than a few.
func TestManyJobsDoNotSlowTheOrder(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.index(t)
		const jobs = 100_000
		const into = "INSERT INTO river_job (args, kind, max_attempts, metadata, state, finalized_at) "
		fill := into + "SELECT '{}', 'sallyport_event', 9, " +
			"jsonb_build_object('sallyport_order', 'key' || n % 1000), " +
			"(CASE WHEN n % 2 = 0 THEN 'completed' ELSE 'available' END)::river_job_state, " +
			"CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 100000) n"
		explain, analyze := "EXPLAIN ", "ANALYZE river_job"
		if p.dialect == sqltx.SQLite {
			fill = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000) " +
				into + "SELECT jsonb('{}'), 'sallyport_event', 9, jsonb_object('sallyport_order', 'key' || n % 1000), " +
				"CASE WHEN n % 2 = 0 THEN 'completed' ELSE 'available' END, " +
				"CASE WHEN n % 2 = 0 THEN datetime('now') END FROM s"
			explain, analyze = "EXPLAIN QUERY PLAN ", "ANALYZE"
		}
		for _, statement := range []string{fill, analyze} {
			_, err := p.db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		require.Equal(t, jobs, p.count(t, "SELECT count(*) FROM river_job"))
		for name, statement := range map[string]string{
			"the jobs before": riverinbox.BeforeQuery(p.dialect, ""),
			"the next job":    riverinbox.WakeStatement(p.dialect, ""),
		} {
			rows, err := p.db.QueryContext(t.Context(), explain+statement, "key1", 99_999)
			require.NoError(t, err)
			columns, err := rows.Columns()
			require.NoError(t, err)
			var plan string
			for rows.Next() {
				cells := make([]any, len(columns))
				for i := range cells {
					cells[i] = new(any)
				}
				require.NoError(t, rows.Scan(cells...))
				plan += fmt.Sprintln(*cells[len(cells)-1].(*any))
			}
			require.NoError(t, rows.Err())
			require.Contains(t, plan, "sallyport_order", name)
			require.NotContains(t, plan, "Seq Scan", name)
			require.NotContains(t, plan, "SCAN river_job", name)
			began := time.Now()
			for range 100 {
				rows, err := p.db.QueryContext(t.Context(), statement, "key1", 99_999)
				require.NoError(t, err)
				for rows.Next() {
				}
				require.NoError(t, rows.Close())
			}
			t.Logf("%s, %s: %s", p.dialect, name, time.Since(began)/100)
		}
	})
}

func TestAnOrderIsAFunction(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { riverinbox.WithOrder(nil) })
}
