package sqljournal_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// talkative is a driver that puts its address, password and all, into its errors.
type talkative struct{}

var errTalkative = errors.New(`cannot connect to "postgres://app:p-not-to-be-printed@db.example/app"`)

func (talkative) Connect(context.Context) (driver.Conn, error) { return nil, errTalkative }
func (talkative) Driver() driver.Driver                        { return nil }

func TestErrorsDoNotPrintWhatADriverSays(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(talkative{})
	defer func() { _ = db.Close() }()
	for _, dialect := range []sqltx.Dialect{sqltx.PostgreSQL, sqltx.SQLite, sqltx.MySQL} {
		source := sqljournal.In(db, dialect, "billing")
		_, err := sqljournal.New(t.Context(), source, journal.Config{})
		for name, err := range map[string]error{"New": err, "Migrate": sqljournal.Migrate(t.Context(), source)} {
			require.ErrorIs(t, err, errTalkative, "it is there for errors.Is")
			require.NotContains(t, err.Error(), "p-not-to-be-printed", name)
		}
	}
}

func TestMistakesAreFoundBeforeTheDatabaseIsAsked(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(talkative{})
	defer func() { _ = db.Close() }()
	for _, row := range []struct {
		name   string
		source sqltx.Source
		table  string
		want   string
	}{
		{"no source", nil, "journal", "the source is nil"},
		{"no database", sqljournal.In(nil, sqltx.SQLite, "billing"), "journal", "the *sql.DB is nil"},
		{"no dialect", sqljournal.In(db, 0, "billing"), "journal", "is no dialect"},
		{"no namespace", sqljournal.In(db, sqltx.SQLite, ""), "journal", "namespace"},
		{"a namespace with a quote", sqljournal.In(db, sqltx.SQLite, "a'b"), "journal", "namespace"},
		{"a long namespace", sqljournal.In(db, sqltx.SQLite, strings.Repeat("x", 65)), "journal", "namespace"},
		{"a table with a quote", sqljournal.In(db, sqltx.SQLite, "billing"), `a"b`, "table name"},
		{"a table with two points", sqljournal.In(db, sqltx.SQLite, "billing"), `a.b.c`, "table name"},
		{"a table without a name", sqljournal.In(db, sqltx.SQLite, "billing"), `a.`, "table name"},
	} {
		_, err := sqljournal.New(t.Context(), row.source, journal.Config{}, sqljournal.WithTable(row.table))
		require.ErrorContains(t, err, row.want, row.name)
		require.NotErrorIs(t, err, errTalkative, row.name)
	}
	require.Panics(t, func() { sqljournal.Schema(0, "") })
}
