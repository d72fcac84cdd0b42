package sqltests_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// versionOne is how the table was made before it had a namespace.
func versionOne(e *engine) []string {
	const name = sqlstore.DefaultTable
	index := "CREATE INDEX " + name + "_ends_at ON " + name + " (ends_at)"
	switch e {
	case postgres:
		return []string{"CREATE TABLE " + name + ` (identity bytea NOT NULL PRIMARY KEY, digest bytea NOT NULL,
			token bigint NOT NULL, ends_at bigint NOT NULL, done_at bigint)`, index}
	case mariadb:
		return []string{"CREATE TABLE " + name + ` (identity BINARY(32) NOT NULL, digest BINARY(32) NOT NULL,
			token BIGINT NOT NULL, ends_at BIGINT NOT NULL, done_at BIGINT NULL, PRIMARY KEY (identity),
			KEY ` + name + "_ends_at (ends_at)) ENGINE=InnoDB"}
	default:
		return []string{"CREATE TABLE " + name + ` (identity BLOB NOT NULL PRIMARY KEY, digest BLOB NOT NULL,
			token INTEGER NOT NULL, ends_at INTEGER NOT NULL, done_at INTEGER) WITHOUT ROWID`, index}
	}
}

// documented returns the statements that docs/operating.md gives behind a line.
func documented(t *testing.T, line string) []string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/operating.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "\n"+line+":\n\n```sql\n")
	require.True(t, ok, line)
	block, _, _ := strings.Cut(rest, "\n```")
	return strings.Split(strings.TrimSuffix(block, ";"), ";\n")
}

// move runs them on one connection, as a command line does.
func move(t *testing.T, db *sql.DB, statements []string) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	for _, s := range statements {
		_, err := conn.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// A table of the version before is refused, moved as documented, and remembers then what it did before; and back again.
func TestATableOfTheVersionBeforeIsMovedAsDocumented(t *testing.T) {
	t.Parallel()
	names := map[*engine]string{postgres: "PostgreSQL", mariadb: "MySQL and MariaDB", sqlite: "SQLite"}
	literal := map[*engine]string{postgres: `'\x%x'`, mariadb: "x'%x'", sqlite: "x'%x'"}
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		for _, s := range versionOne(e) {
			execute(t, db, s)
		}
		t.Cleanup(func() { execute(t, db, "DROP TABLE "+sqlstore.DefaultTable) })
		later := time.Now().Add(time.Hour).UnixMicro()
		for n, done := range map[int]string{1: "1000000", 2: "NULL"} {
			key := fmt.Sprintf(literal[e], keyOf(n))
			execute(t, db, fmt.Sprintf("INSERT INTO %s VALUES (%s, %s, 7, %d, %s)",
				sqlstore.DefaultTable, key, key, later, done))
		}
		old := fmt.Sprintf("INSERT INTO %s (identity, digest, token, ends_at) VALUES (%[2]s, %[2]s, 8, %d)",
			sqlstore.DefaultTable, fmt.Sprintf(literal[e], keyOf(3)), later)

		_, err := sqlstore.New(t.Context(), db, e.dialect, "billing")
		require.ErrorIs(t, err, sqlstore.ErrSchema)
		require.ErrorContains(t, err, `"Moving a store" in docs/operating.md`)
		require.ErrorIs(t, sqlstore.Migrate(t.Context(), db, e.dialect), sqlstore.ErrSchema)

		move(t, db, documented(t, names[e]))
		_, err = db.ExecContext(t.Context(), old)
		require.Error(t, err, "the old release writes nothing any more")
		require.NoError(t, sqlstore.Migrate(t.Context(), db, e.dialect))
		store, err := sqlstore.New(t.Context(), db, e.dialect, "billing")
		require.NoError(t, err)
		require.Equal(t, []replay.State{replay.Done, replay.InFlight, replay.Claimed}, statesOf(t, store, 1, 2, 3))
		require.NoError(t, store.Settle(t.Context(), []replay.Settlement{
			{Key: keyOf(2), Token: 7, Verdict: replay.Commit, TTL: time.Hour},
		}), "a claim of the old release is settled")
		other, err := sqlstore.New(t.Context(), db, e.dialect, "other")
		require.NoError(t, err)
		require.Equal(t, []replay.State{replay.Claimed}, statesOf(t, other, 1))
		require.NoError(t, other.Forget(t.Context(), []replay.Key{keyOf(1)}))

		move(t, db, documented(t, "The way back on "+names[e]))
		_, err = sqlstore.New(t.Context(), db, e.dialect, "billing")
		require.ErrorIs(t, err, sqlstore.ErrSchema)
		var rows int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+sqlstore.DefaultTable).Scan(&rows))
		require.Equal(t, 3, rows)
		execute(t, db, "DELETE FROM "+sqlstore.DefaultTable+" WHERE token <> 7")
		execute(t, db, old)

		move(t, db, documented(t, names[e]))
		store, err = sqlstore.New(t.Context(), db, e.dialect, "billing")
		require.NoError(t, err)
		require.Equal(t, []replay.State{replay.Done, replay.Done, replay.InFlight}, statesOf(t, store, 1, 2, 3))
	})
}

func statesOf(t *testing.T, s replay.Store, numbers ...int) (states []replay.State) {
	t.Helper()
	for _, n := range numbers {
		results, err := s.Claim(t.Context(), []replay.Item{{Key: keyOf(n), Digest: replay.Digest(keyOf(n))}}, time.Hour)
		require.NoError(t, err)
		require.False(t, results[0].Conflict)
		states = append(states, results[0].State)
	}
	return states
}
