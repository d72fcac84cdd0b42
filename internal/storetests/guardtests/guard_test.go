package guardtests_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

const secret = "whsec_of_this_test_and_nothing_else"

// While the store will not do, genuine deliveries are 503 with Retry-After, nothing runs, and the record says why. Once
// it will, the same deliveries run, without a restart of the app.
func TestAStoreThatFailsLosesNoDelivery(t *testing.T) {
	t.Parallel()
	kill := func(_ *testing.T, b *bench) { b.server.Kill() }
	restart := func(t *testing.T, b *bench) { t.Helper(); require.NoError(t, b.server.Start()) }
	pause := func(t *testing.T, b *bench) {
		t.Helper()
		require.NoError(t, b.server.Signal(syscall.SIGSTOP))
		t.Cleanup(func() { _ = b.server.Signal(syscall.SIGCONT) }) // else it could not be stopped
	}
	resume := func(t *testing.T, b *bench) { t.Helper(); require.NoError(t, b.server.Signal(syscall.SIGCONT)) }
	statement := func(s string) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) { t.Helper(); b.exec(t, s) }
	}
	ask := func(args ...any) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) { t.Helper(); require.NoError(t, b.redis.Do(t.Context(), args...).Err()) }
	}
	lock := func(s string) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) { t.Helper(); b.lock(t, s) }
	}
	unlock := func(t *testing.T, b *bench) { t.Helper(); b.unlock(t) }
	fill := func(full string) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) { t.Helper(); b.fill(t, full) }
	}
	const table = sqlstore.DefaultTable
	forget := statement("DELETE FROM " + table + " WHERE token = 1")
	unmount := func(t *testing.T, b *bench) {
		t.Helper()
		b.app.SetMaxIdleConns(-1) // whoever has the file open still has it
		require.NoError(t, os.Rename(b.dir, b.dir+".away"))
	}
	mount := func(t *testing.T, b *bench) { t.Helper(); require.NoError(t, os.Rename(b.dir+".away", b.dir)) }
	rename := statement("ALTER TABLE " + table + " RENAME TO gone")
	restore := statement("ALTER TABLE gone RENAME TO " + table)
	change := statement("ALTER TABLE " + table + " RENAME COLUMN ends_at TO over_at")
	unchange := statement("ALTER TABLE " + table + " RENAME COLUMN over_at TO ends_at")

	for _, tt := range []struct {
		name     string
		open     func(*testing.T) *bench
		fail     func(*testing.T, *bench)
		fix      func(*testing.T, *bench)
		reason   reason.Reason
		complain string
	}{
		{"Redis is gone", onRedis, kill, restart, reason.StoreUnavailable, "cannot be reached"},
		{"Redis stands still", onRedis, pause, resume, reason.StoreUnavailable, "did not answer in time"},
		{"Redis is full", onRedis, ask("CONFIG", "SET", "maxmemory", "1mb"), ask("CONFIG", "SET", "maxmemory", "0"),
			reason.StoreFull, "maxmemory"},
		{"Redis takes the permission away", onRedis, ask("ACL", "SETUSER", "app", "-set"),
			ask("ACL", "SETUSER", "app", "+set"), reason.StoreUnavailable, "no permission"},
		{"Redis has become a replica", onRedis, ask("REPLICAOF", "127.0.0.1", "1"), ask("REPLICAOF", "NO", "ONE"),
			reason.StoreUnavailable, "takes no writes"},

		{"PostgreSQL is gone", onPostgreSQL, kill, restart, reason.StoreUnavailable, "cannot be reached"},
		{"PostgreSQL waits for a lock", onPostgreSQL, lock("BEGIN; LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE"),
			unlock, reason.StoreUnavailable, "in time"},
		{"PostgreSQL has no such table", onPostgreSQL, rename, restore, reason.StoreUnavailable, "table"},
		{"PostgreSQL has another table", onPostgreSQL, change, unchange, reason.StoreUnavailable, "schema"},
		{"PostgreSQL takes the permission away", onPostgreSQL, statement("REVOKE ALL ON " + table + " FROM app"),
			statement("GRANT ALL ON " + table + " TO app"), reason.StoreUnavailable, "lacks a right"},
		{"PostgreSQL says that its disk is full", onPostgreSQL, statement(`CREATE FUNCTION nospace() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER nospace BEFORE INSERT ON ` + table + ` EXECUTE FUNCTION nospace()`), statement("DROP TRIGGER nospace ON " + table), reason.StoreFull, "full"},

		{"MariaDB is gone", onMariaDB, kill, restart, reason.StoreUnavailable, "cannot be reached"},
		{"MariaDB stands still", onMariaDB, pause, resume, reason.StoreUnavailable, "in time"},
		{"MariaDB has no such table", onMariaDB, rename, restore, reason.StoreUnavailable, "table"},
		{"MariaDB has another table", onMariaDB, change, unchange, reason.StoreUnavailable, "schema"},
		{"MariaDB takes the permission away", onMariaDB,
			statement("REVOKE INSERT ON replay." + table + " FROM app@'%'"),
			statement("GRANT INSERT ON replay." + table + " TO app@'%'"), reason.StoreUnavailable, "lacks a right"},

		{"MariaDB's tablespace is full", onSmallMariaDB, func(t *testing.T, b *bench) {
			t.Helper()
			b.exec(t, "CREATE TABLE ballast (b BLOB NOT NULL)")
			for err := error(nil); err == nil; {
				_, err = b.admin.ExecContext(t.Context(), "INSERT INTO ballast VALUES (REPEAT('x', 6000))")
			}
			b.fill(t, "is full")
		}, statement("DROP TABLE ballast"), reason.StoreFull, "no room left"},

		{"SQLite's volume is gone", onSQLite, unmount, mount, reason.StoreUnavailable, "cannot be reached"},
		{"SQLite waits for another writer", onSQLite, lock("BEGIN IMMEDIATE"), unlock, reason.StoreUnavailable,
			"in time"},
		{"SQLite's file may not grow", onSmallSQLite, fill("full"), forget, reason.StoreFull, "no room left"},
		{"SQLite has no such table", onSQLite, rename, restore, reason.StoreUnavailable, "table"},
		{"SQLite has another table", onSQLite, change, unchange, reason.StoreUnavailable, "schema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := tt.open(t)
			deliver, records, ran := receiver(t, b, func() {})
			require.Equal(t, 200, deliver(1).Code)
			require.Equal(t, reason.Accepted, (<-records).Reason)

			tt.fail(t, b)
			for range 2 { // the retry fares no better
				w := deliver(2)
				require.Equal(t, 503, w.Code)
				require.NotEmpty(t, w.Header().Get("Retry-After"))
				r := <-records
				require.Equal(t, tt.reason, r.Reason)
				require.ErrorContains(t, r.Err, tt.complain)
				require.EqualValues(t, 1, ran.Load(), "no signal")
			}

			tt.fix(t, b)
			require.Eventually(t, func() bool { return deliver(2).Code == 200 }, 60*time.Second, 50*time.Millisecond)
			require.Equal(t, 200, deliver(1).Code)
			require.EqualValues(t, 2, ran.Load(), "each event ran once")
		})
	}
}

// receiver is an app with a guard before its signal, which calls work; it counts the runs.
func receiver(
	t *testing.T, b *bench, work func(),
) (deliver func(n int) *httptest.ResponseRecorder, records chan core.Record, ran *atomic.Int32) {
	t.Helper()
	records, ran = make(chan core.Record, 10_000), new(atomic.Int32)
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: b.store,
		// what a server that stood still takes up in the end is held by nobody
		Limits:    core.Limits{Lease: 10 * time.Second},
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { records <- r })},
		Logger:    slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	h := httpwebhook.Verify(guard)(httpwebhook.Signal(func(*http.Request, core.Event) error { ran.Add(1); work(); return nil }))
	return func(n int) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/hooks",
			fmt.Sprintf(`{"id":"evt_%d"}`, n), time.Now()))
		return w
	}, records, ran
}
