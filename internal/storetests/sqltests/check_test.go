package sqltests_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

func TestNewCreatesNothingAndSaysWhatToCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		for range 2 {
			_, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable("never_made"))
			require.ErrorIs(t, err, sqlstore.ErrNoTable)
			require.ErrorContains(t, err, "call sqlstore.Migrate or apply sqlstore.Schema")
			require.ErrorContains(t, err, "never_made")
		}
	})
}

func TestSchemaIsWhatMigrateCreates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		name := newTable()
		for statement := range strings.SplitSeq(sqlstore.Schema(e.dialect, name), ";\n") {
			if statement != "" {
				execute(t, db, statement)
			}
		}
		_, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(name))
		require.NoError(t, err)
	})
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		name := newTable()
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = sqlstore.Migrate(t.Context(), db, e.dialect, sqlstore.WithTable(name)) })
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
}

func TestNewRefusesAnotherSchema(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		kinds := map[*engine][4]string{
			postgres: {"bytea", "bigint", "text", "text"},
			mariadb:  {"BINARY(32)", "BIGINT", "VARCHAR(40)", "VARBINARY(64)"},
			sqlite:   {"BLOB", "INTEGER", "TEXT", "TEXT"},
		}[e]
		hash, number, other, owner := kinds[0], kinds[1], kinds[2], kinds[3]
		const (
			rest = "digest H not null, token N not null, ends_at N not null"
			good = "namespace S not null, identity H not null, " + rest
			key  = ", primary key (namespace, identity)"
		)
		for _, row := range []struct{ columns, says string }{
			{good + key, "there is no column done_at"},
			{"namespace S not null, identity H not null, digest H not null, token N not null, ends_at O not null, " +
				"done_at N" + key, "the column ends_at is"},
			{good + ", done_at N not null" + key, "done_at must allow NULL"},
			{good + ", done_at N", "the primary key is ()"},
			{good + ", done_at N, primary key (namespace, identity, token)",
				"the primary key is (namespace, identity, token)"},
			{good + ", done_at N, primary key (identity)", "the primary key is (identity)"},
			{good + ", done_at N, tenant N not null" + key, "tenant that has to be filled in"},
			{"identity H not null, " + rest + ", done_at N, primary key (identity)",
				"an earlier version has made the table"},
			{"id N", "there is no column identity"},
		} {
			name := newTable()
			kinds := strings.NewReplacer(
				"H ", hash+" ", "N ", number+" ", "N,", number+",", "O ", other+" ", "S ", owner+" ")
			execute(t, db, fmt.Sprintf("CREATE TABLE %s (%s)", name, kinds.Replace(row.columns+" ")))
			_, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(name))
			require.ErrorIs(t, err, sqlstore.ErrSchema, row.columns)
			require.ErrorContains(t, err, row.says)
			require.ErrorIs(t, sqlstore.Migrate(t.Context(), db, e.dialect, sqlstore.WithTable(name)),
				sqlstore.ErrSchema, "Migrate repairs nothing")
		}
	})
}

func TestNewRefusesTheWrongDialect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		for _, d := range []sqlstore.Dialect{sqlstore.PostgreSQL, sqlstore.SQLite, sqlstore.MySQL} {
			if d == e.dialect {
				continue
			}
			_, err := sqlstore.New(t.Context(), db, d, namespace)
			require.ErrorIs(t, err, sqlstore.ErrServer)
			require.ErrorContains(t, err, d.String())
		}
		_, err := sqlstore.New(t.Context(), db, 0, namespace)
		require.ErrorContains(t, err, "is not a dialect")
	})
}

func TestNewRefusesATableNameThatIsNone(t *testing.T) {
	t.Parallel()
	db := sqlite.open(t, sqlite.dsn(""))
	for _, name := range []string{
		"", "Replay", "1a", "a b", `a"b`, "a`b", "a;DROP TABLE b", "a.b.c", ".a", "a.", "ä", "a-b", "a'b",
		strings.Repeat("a", 49),
	} {
		_, err := sqlstore.New(t.Context(), db, sqlstore.SQLite, namespace, sqlstore.WithTable(name))
		require.ErrorContains(t, err, "table name", name)
		if name != "" {
			require.Panics(t, func() { sqlstore.Schema(sqlstore.SQLite, name) })
		}
	}
	_, err := sqlstore.New(t.Context(), nil, sqlstore.SQLite, namespace)
	require.ErrorContains(t, err, "*sql.DB is nil")
	readOnly := sqlstore.WithTxOptions(&sql.TxOptions{ReadOnly: true})
	_, err = sqlstore.New(t.Context(), db, sqlstore.SQLite, namespace, readOnly)
	require.ErrorContains(t, err, "read-only")
	require.Panics(t, func() { sqlstore.Schema(0, "a") })
}

func TestTableMayBeQualifiedAndAKeyword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		db := e.open(t, e.dsn("owner"))
		name := map[*engine]string{postgres: "other.select", mariadb: "other.select", sqlite: "main.select"}[e]
		if e != sqlite {
			execute(t, db, "CREATE SCHEMA other")
		}
		require.NoError(t, sqlstore.Migrate(t.Context(), db, e.dialect, sqlstore.WithTable(name)))
		store, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(name))
		require.NoError(t, err)
		for _, want := range []replay.State{replay.Claimed, replay.InFlight} {
			results, err := store.Claim(t.Context(), []replay.Item{{Key: keyOf(1)}}, 1e9)
			require.NoError(t, err)
			require.Equal(t, want, results[0].State)
		}
	})
}

func TestNewNamesTheMissingRight(t *testing.T) {
	t.Parallel()
	for _, e := range []*engine{postgres, mariadb} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.need(t)
			owner := e.open(t, e.dsn("owner"))
			_, table := e.newStore(t, owner)
			poor := "poor"
			if e == postgres {
				execute(t, owner, "CREATE USER poor PASSWORD '"+password+"'")
			} else {
				execute(t, owner, "CREATE USER poor@'%' IDENTIFIED BY '"+password+"'")
				poor = "poor@'%'"
				execute(t, owner, "CREATE TABLE another (id INTEGER)")
				execute(t, owner, "GRANT SELECT ON another TO "+poor) // or it may not even use the database
			}
			db := e.open(t, e.dsn("poor"))
			for _, right := range []string{"SELECT", "INSERT", "UPDATE", "DELETE"} {
				_, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(table))
				require.Error(t, err)
				require.ErrorContains(t, err, right)
				require.ErrorIs(t, err, sqlstore.ErrPermission)
				require.NotContains(t, err.Error(), password)
				execute(t, owner, "GRANT "+right+" ON "+table+" TO "+poor)
			}
			store, err := sqlstore.New(t.Context(), db, e.dialect, namespace, sqlstore.WithTable(table))
			require.NoError(t, err, "these four are enough")

			_, err = store.Claim(t.Context(), []replay.Item{{Key: keyOf(1)}}, 1e9)
			require.NoError(t, err)
			execute(t, owner, "REVOKE INSERT ON "+table+" FROM "+poor)
			_, err = store.Claim(t.Context(), []replay.Item{{Key: keyOf(2)}}, 1e9)
			require.ErrorIs(t, err, sqlstore.ErrPermission)
			execute(t, owner, "GRANT INSERT ON "+table+" TO "+poor)
			_, err = store.Claim(t.Context(), []replay.Item{{Key: keyOf(2)}}, 1e9)
			require.NoError(t, err, "recovery needs no restart")
		})
	}
}

func TestReadOnlyDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *engine) {
		dsn := e.dsn("owner")
		db := e.open(t, dsn)
		_, table := e.newStore(t, db)
		switch e {
		case postgres:
			dsn += "&default_transaction_read_only=on"
		case mariadb:
			dsn += "?tx_read_only=1"
		default:
			dsn += "&_pragma=query_only(1)"
		}
		_, err := sqlstore.New(t.Context(), e.open(t, dsn), e.dialect, namespace, sqlstore.WithTable(table))
		require.ErrorIs(t, err, sqlstore.ErrReadOnly)
		require.NotContains(t, err.Error(), password)
	})
}

func TestSQLiteHasToBeAFileInWALMode(t *testing.T) {
	t.Parallel()
	for dsn, says := range map[string]string{
		":memory:": "the database is in memory",
		"file:" + filepath.Join(t.TempDir(), "a.db"): "journal_mode = WAL",
	} {
		_, err := sqlstore.New(t.Context(), sqlite.open(t, dsn), sqlstore.SQLite, namespace)
		require.ErrorIs(t, err, sqlstore.ErrServer)
		require.ErrorContains(t, err, says)
	}
}

func TestWrongPasswordIsNamedAndNotPrinted(t *testing.T) {
	t.Parallel()
	for _, e := range []*engine{postgres, mariadb} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.need(t)
			dsn := strings.ReplaceAll(e.dsn("owner"), password, "another-"+password)
			_, err := sqlstore.New(context.Background(), e.open(t, dsn), e.dialect, namespace)
			require.ErrorIs(t, err, sqlstore.ErrLogin)
			require.NotContains(t, err.Error(), password)
		})
	}
}

// TestNewRefusesConnectionsThatDoNotCommit: claims and "done" would be seen by one connection, and be lost with it.
func TestNewRefusesConnectionsThatDoNotCommit(t *testing.T) {
	t.Parallel()
	mariadb.need(t)
	db := mariadb.open(t, mariadb.dsn("owner"))
	// Not the default table, which other tests make and drop.
	table := sqlstore.WithTable("autocommit")
	require.NoError(t, sqlstore.Migrate(t.Context(), db, sqlstore.MySQL, table))
	kept := sqljournal.In(db, sqlstore.MySQL, namespace)
	require.NoError(t, sqljournal.Migrate(t.Context(), kept))
	db = mariadb.open(t, mariadb.dsn("owner")+"?autocommit=0")
	_, err := sqlstore.New(t.Context(), db, sqlstore.MySQL, namespace, table)
	require.ErrorIs(t, err, sqlstore.ErrServer)
	require.ErrorContains(t, err, "remove autocommit")
	_, err = sqljournal.Open(t.Context(), db, sqlstore.MySQL, namespace, journal.Config{})
	require.ErrorIs(t, err, sqljournal.ErrServer)
	require.ErrorContains(t, err, "remove autocommit")
	_, err = sqljournal.Open(t.Context(), db, sqlstore.MySQL, namespace, journal.Config{}, sqljournal.ReadOnly())
	require.NoError(t, err)
}
