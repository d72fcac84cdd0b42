package riverinbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// victimEnv makes the test's program a worker that is killed: the dialect, the operation and the database.
const victimEnv = "RIVERINBOX_VICTIM"

// fates are what becomes of events, by their numbers.
func fates() *core.Signals {
	return only(func(ctx context.Context, e core.Event) error {
		if err := pay(ctx, e); err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(e.ID, "evt_"))
		switch {
		case err != nil:
			return err
		case n%3 == 1:
			return core.Permanent(errColumn)
		case n%3 == 2:
			return core.Undecodable(errColumn)
		}
		return nil
	})
}

// victim works until nothing is left, or until it is killed.
func victim() {
	parts := strings.SplitN(os.Getenv(victimEnv), " ", 3)
	if err := work(parts[0], parts[1], parts[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func work(dialect, operation, dsn string) error {
	d, name := sqltx.PostgreSQL, "pgx"
	if dialect == "SQLite" {
		d, name = sqltx.SQLite, "sqlite"
	}
	k, err := newKiller(name, dsn)
	if err != nil {
		return err
	}
	// The journal and the workers share what is killed, and River has a handle of its own.
	db := sql.OpenDB(k)
	p, _, err := connect(context.Background(), d, dsn)
	if err != nil {
		return err
	}
	kept, err := sqljournal.Open(context.Background(), db, d, "test", journal.Config{})
	if err != nil {
		return err
	}
	config := &river.Config{Logger: slog.New(slog.DiscardHandler), RetryPolicy: often{}, FetchPollInterval: 100 * time.Millisecond}
	riverinbox.AddTo(config, fates(), riverinbox.Config{DB: db, Journal: kept, MaxWorkers: 1, MaxAttempts: 1000})
	client, err := river.NewClient(p.driver, config)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(operation, 10, 64)
	if err != nil {
		return err
	}
	k.left.Store(n)
	if err := client.Start(context.Background()); err != nil {
		return err
	}
	for {
		var left int
		if err := p.db.QueryRow("SELECT count(*) FROM river_job WHERE state <> 'completed'").Scan(&left); err != nil || left == 0 {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestAWorkerThatIsKilledLosesAndRepeatsNothing: between each two operations of a worker on its database, the process
// ends by SIGKILL. Whatever was answered 200 is then done or parked, and its work in the database is done once.
func TestAWorkerThatIsKilledLosesAndRepeatsNothing(t *testing.T) {
	rounds := 24
	if n, err := strconv.Atoi(os.Getenv("SALLYPORT_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	if testing.Short() {
		rounds = 4
	}
	each(t, func(t *testing.T, p *place) {
		e := p.endpoint(t, nil)
		killed := 0
		for round := range rounds + 1 {
			for n := range 3 {
				require.Equal(t, 200, e.send(t, 3*round+n))
			}
			operation := 1 + round%24
			if round == rounds {
				operation = -1 // the last worker finishes
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s", victimEnv, p.dialect, operation, p.dsn))
			out, err := cmd.CombinedOutput()
			status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if status.Signaled() && status.Signal() == syscall.SIGKILL {
				killed++
			} else {
				require.NoError(t, err, "%s", out)
			}
			// What River's rescue does, without its waiting time.
			_, err = p.db.Exec("UPDATE river_job SET state = 'available' WHERE state = 'running'")
			require.NoError(t, err)
		}
		events := 3 * (rounds + 1)
		require.Equal(t, events, p.jobs(t, "completed"))
		require.Equal(t, events, p.count(t, "SELECT count(*) FROM river_job"))
		require.Equal(t, 2*events/3, p.payments(t), "of what cannot be decoded nothing is done")
		require.Equal(t, 2*events/3, p.count(t, "SELECT count(DISTINCT event) FROM payments"), "nothing is done twice")
		parked := map[string]bool{}
		for _, entry := range p.entries(t) {
			require.Equal(t, journal.Parked, entry.State)
			parked[entry.EventID] = true
		}
		for n := range events {
			require.Equal(t, n%3 != 0, parked[fmt.Sprintf("evt_%d", n)], "evt_%d", n)
		}
		t.Logf("%d of %d workers were killed, %d events", killed, rounds, events)
		require.Greater(t, killed, rounds/2)
	})
}
