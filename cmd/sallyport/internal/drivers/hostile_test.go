package drivers

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
)

// SQLite reads a path as a URI: of "a#1.db" it would open, and make, "a".
func TestASQLiteFileIsTheOneThatIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a#1.db": "a#1.db", "sqlite://a#2.db": "a#2.db", "file:a#3.db": "a#3.db", "a%41.db": "a%41.db",
		"a b.db": "a b.db", "a&b=c.db": "a&b=c.db", "file:b%41.db": "bA.db", "sqlite://c%41.db": "cA.db",
		"d.db?_pragma=synchronous(1)": "d.db",
	} {
		folder := t.TempDir()
		in := func(text string) string {
			for _, scheme := range []string{"sqlite://", "file:"} {
				if file, ok := strings.CutPrefix(text, scheme); ok {
					return scheme + folder + "/" + file
				}
			}
			return folder + "/" + text
		}
		_, closing, err := Store(t.Context(), database.Place{Kind: database.SQLite, URL: in(text), Namespace: "a"},
			slog.New(slog.DiscardHandler))
		require.NoError(t, err, text)
		require.FileExists(t, filepath.Join(folder, want), text)
		require.NoError(t, closing())
		require.NoFileExists(t, filepath.Join(folder, "a"), text)

		db, _, err := OpenExisting(database.SQLite, in(text))
		require.NoError(t, err, text)
		require.NoError(t, db.PingContext(t.Context()), text)
		require.NoError(t, db.Close())
	}
}

func TestAnOperatorsCommandMakesNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, text := range []string{
		"none.db", "a#b.db", "none.db?mode=rwc", "host=db.internal password=hunter2", "u:hunter2@tcp(h:1)/d.x", "",
	} {
		path := ""
		if text != "" {
			path = filepath.Join(folder, text)
		}
		for _, scheme := range []string{"", "sqlite://", "file:"} {
			_, _, err := OpenExisting(database.SQLite, scheme+path)
			require.Error(t, err, scheme+text)
			require.Regexp(t, `unable to open .*: it does not exist|must be the path of a SQLite file`, err.Error())
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestAnExistingStoreIsNotMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "replay.db")
	at := database.Place{Kind: database.SQLite, URL: file, Namespace: "a", Existing: true}
	_, _, err := Store(t.Context(), at, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "does not exist")
	require.NoFileExists(t, file)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err = Store(t.Context(), at, slog.New(slog.DiscardHandler))
	require.Error(t, err, "a database without the table")
	at.Existing = false
	_, closing, err := Store(t.Context(), at, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, closing())
	at.Existing = true
	_, closing, err = Store(t.Context(), at, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, closing())
}

func TestAValueOfAParameterMayHoldASlash(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"mysql://u:p%2F%40@h/db?loc=Europe/Berlin", "mysql://u:p%2F%40@h/db?loc=Europe%2FBerlin",
	} {
		dsn, err := mysqlDSN(url)
		require.NoError(t, err, url)
		c, err := mysql.ParseDSN(dsn)
		require.NoError(t, err, url)
		require.Equal(t, "Europe/Berlin", c.Loc.String())
		require.Equal(t, "db", c.DBName)
		require.Equal(t, "p/@", c.Passwd)
	}
	_, err := mysqlDSN("mysql://u@h/db?tls=true;x=1")
	require.Error(t, err)
}

// A driver's own error may hold the URL.
func TestAWrongURLOfPostgreSQLIsNamedWithoutIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"postgres://u:hunter2@h/db?sslmode=bogus", "postgres://u:hunter2@h:port/db", "postgres://u:a:hunter2%zz@h/db",
		"postgres://u@h/db?password=hunter2&connect_timeout=x", "host=h password=hunter2 sslmode=bogus",
	} {
		for _, f := range []func(string, string) error{
			func(kind, text string) error { _, _, err := OpenSQL(kind, text); return err },
			func(kind, text string) error { _, _, err := OpenExisting(kind, text); return err },
		} {
			err := f(database.Postgres, text)
			require.ErrorContains(t, err, "postgres://user:password@127.0.0.1:5432/database", text)
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
}
