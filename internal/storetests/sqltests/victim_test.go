package sqltests_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

const (
	crashEvents = 100
	crashRounds = 25 // unless SALLYPORT_CRASH_ROUNDS says otherwise
	crashLease  = 150 * time.Millisecond
)

// victim is a receiver in a process of its own, which is killed at any moment: it claims the events one after the
// other, writes each one's effect in the signal's transaction, and stops at the first mistake.
func victim(role string) int {
	e, where, ok := strings.Cut(role, " ")
	name, dsn, ok2 := strings.Cut(where, " ")
	if !ok || !ok2 {
		return 2
	}
	for _, known := range engines {
		if known.name == e {
			if err := receive(known, name, dsn); err != nil {
				fmt.Println("mistake:", err)
				return 1
			}
			fmt.Println("finished")
			return 0
		}
	}
	return 2
}

func receive(e *engine, name, dsn string) error {
	ctx := context.Background()
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		return err
	}
	store, err := sqlstore.New(ctx, db, e.dialect, namespace, sqlstore.WithTable(name))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for left := crashEvents; left > 0; {
		left = crashEvents
		for n := range crashEvents {
			results, err := store.Claim(ctx, []replay.Item{{Key: keyOf(n)}}, crashLease)
			if err != nil {
				return err
			}
			switch results[0].State {
			case replay.Done:
				left--
				continue
			case replay.InFlight:
				time.Sleep(time.Millisecond) // it will be freed by the end of a dead one's lease
				continue
			}
			signal, transaction := store.Transaction(ctx, []replay.Held{{Key: keyOf(n), Token: results[0].Token}},
				time.Hour)
			tx, err := sqltx.Tx(signal)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(signal, fmt.Sprintf("INSERT INTO %s_effect VALUES (%d)", name, n)); err != nil {
				return err
			}
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			if err := transaction.Commit(ctx); err != nil {
				fmt.Println("not committed:", err) // the lease was too short for a busy machine: rolled back
			}
		}
	}
	return nil
}

// A receiver that is killed at random moments, again and again, has run every event exactly once in the end.
func TestKilledReceiversRunEveryEventExactlyOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		dsn := e.dsn("owner")
		db := e.open(t, dsn)
		_, name := e.newStore(t, db)
		execute(t, db, "CREATE TABLE "+name+"_effect (event INTEGER NOT NULL)")
		killed := 0
		for range number(t, "SALLYPORT_CRASH_ROUNDS", crashRounds) {
			if e.round(t, name, dsn, 1+rand.IntN(10)) {
				killed++
			}
		}
		e.round(t, name, dsn, 60_000)
		t.Logf("killed %d times", killed)
		require.Positive(t, killed)
		for n := range crashEvents {
			var count int
			require.NoError(t, db.QueryRow(fmt.Sprintf("SELECT COUNT(*) FROM %s_effect WHERE event = %d", name,
				n)).Scan(&count))
			require.Equal(t, 1, count, "event %d", n)
		}
	})
}

// round lets a receiver live for some milliseconds and says whether it was killed; it may be done before.
func (e *engine) round(t *testing.T, name, dsn string, milliseconds int) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SQLTESTS_ROLE="+e.name+" "+name+" "+dsn)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	finished := false
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "ready":
			timer = time.AfterFunc(time.Duration(milliseconds)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		case line == "finished":
			finished = true
		case strings.HasPrefix(line, "mistake:"):
			t.Error(line)
		}
	}
	_ = cmd.Wait()
	if timer != nil {
		timer.Stop()
	}
	return !finished
}
