package journaltests_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// pageRows are the rows of a page.
const pageRows = 25

// tried are the calls whose work must not grow with the journal.
func tried(t *testing.T, store journal.Store, made int) map[string]func(n int) {
	t.Helper()
	list := func(page journal.Page) func(int) {
		page.Limit = pageRows
		return func(int) {
			rows, err := store.List(t.Context(), page)
			require.NoError(t, err)
			require.NotEmpty(t, rows)
		}
	}
	middle := journal.Cursor{At: grownAt(made / 2), ID: "8"}
	both := journal.Page{Endpoint: "endpoint 3", States: []journal.State{journal.Open}}
	later := both
	later.Before = middle
	return map[string]func(n int){
		"save, save again and delete": func(n int) {
			r := grown(made + n)
			require.NoError(t, store.Save(t.Context(), []journal.Row{r}))
			r.Revision = 1
			require.NoError(t, store.Save(t.Context(), []journal.Row{r}))
			require.NoError(t, store.Delete(t.Context(), []journal.ID{r.ID}))
		},
		"load": func(n int) {
			rows, err := store.Load(t.Context(), []journal.ID{grown(n * 7).ID})
			require.NoError(t, err)
			require.Len(t, rows, 1)
		},
		"first page":                           list(journal.Page{}),
		"first page of a state":                list(journal.Page{States: []journal.State{journal.Parked}}),
		"first page of an endpoint":            list(journal.Page{Endpoint: "endpoint 3"}),
		"first page of a quiet endpoint":       list(journal.Page{Endpoint: "quiet"}),
		"first page of both":                   list(both),
		"a page in the middle":                 list(journal.Page{Before: middle}),
		"a page in the middle, of an endpoint": list(later),
	}
}

func grownAt(n int) time.Time { return time.Date(2026, 11, 1, 0, 0, n/100, 0, time.UTC) } // a hundred at one time

// grown is the n-th row: mostly closed ones of ten endpoints, as an operator's journal after months.
func grown(n int) journal.Row {
	state := journal.Done
	switch n % 20 {
	case 3:
		state = journal.Open
	case 7:
		state = journal.Parked
	}
	endpoint := fmt.Sprint("endpoint ", n%10)
	if n%400 == 0 {
		endpoint = "quiet"
	}
	return journal.Row{
		ID: journal.IDOf(0, sha256.Sum256(fmt.Append(nil, n))), State: state, Endpoint: endpoint,
		At: grownAt(n), Blob: make([]byte, 200),
	}
}

// reads returns how many rows, and entries of indexes, the connection of db has read so far in a table.
func (d *database) reads(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	if d.dialect == sqltx.MySQL {
		rows, err := db.QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler_read%'")
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			name, count := "", 0
			require.NoError(t, rows.Scan(&name, &count))
			n += count
		}
		require.NoError(t, rows.Err())
		return n
	}
	// PostgreSQL counts for a session, and adds it to the table's counts once a statement has ended.
	_, err := db.ExecContext(t.Context(), "SELECT pg_stat_force_next_flush()")
	require.NoError(t, err)
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT
		(SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname = $1) +
		(SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE relname = $1)`, table).Scan(&n))
	return n
}

// What an operator and a failing event do reads as many rows in a large journal as in a small one. Rows are
// counted, and not time: a busy machine changes nothing. With SALLYPORT_MILLION=1 the large one has a million
// entries.
func TestALargeJournalIsReadAsASmallOne(t *testing.T) {
	t.Parallel()
	small, large := 1000, 20_000
	if os.Getenv("SALLYPORT_MILLION") == "1" {
		large = 1_000_000
	}
	for _, d := range engines[:2] { // SQLite counts nothing: see below
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t)
			db.SetMaxOpenConns(1) // what it has read is counted for each connection
			table := newName("growth")
			store := d.journalIn(t, db, sqljournal.WithTable(table)).Store()
			count := func(made int) map[string]int {
				out := map[string]int{}
				for name, call := range tried(t, store, made) {
					before := d.reads(t, db, table)
					asking := d.reads(t, db, table) - before
					call(1)
					out[name] = d.reads(t, db, table) - before - 2*asking
				}
				return out
			}
			fill(t, store, 0, small)
			before := count(small)
			fill(t, store, small, large)
			if d.dialect == sqltx.PostgreSQL { // as its autovacuum does by itself, a minute later
				execute(t, db, "ANALYZE "+table)
			}
			for name, after := range count(large) {
				t.Logf("%s: %d rows of %d, %d of %d", name, before[name], small, after, large)
				// What is read for a page of each state: no fewer rows may be there than the page has.
				require.LessOrEqual(t, after, max(before[name], 8*pageRows), name)
			}
		})
	}
}

// SQLite says how it finds the rows of a statement, and counts none. Every access has to be by an index, from its first
// column on, and no list of a state may be sorted: that reads all of it.
func TestSQLiteReadsEveryListInTheOrderOfAnIndex(t *testing.T) {
	t.Parallel()
	d := engines[2]
	below := d.open(t)
	heard := &listener{below: below.Driver(), dsn: d.dsn(nil)}
	db := sql.OpenDB(heard)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	table := newName("growth")
	store := d.journalIn(t, db, sqljournal.WithTable(table)).Store()
	fill(t, store, 0, 1000)
	for name, call := range tried(t, store, 1000) {
		heard.statements = nil
		call(1)
		require.NotEmpty(t, heard.statements, name)
		for _, s := range heard.statements {
			args := make([]any, len(s.args))
			for i, a := range s.args {
				args[i] = a.Value
			}
			rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+s.text, args...)
			require.NoError(t, err, s.text)
			before := ""
			for rows.Next() {
				var id, parent, unused int
				step := ""
				require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
				if strings.Contains(step, table) {
					require.Regexp(t, "^SEARCH "+table+" USING .*INDEX .*namespace=", step, "%s: %s", name, s.text)
				}
				if strings.Contains(step, "TEMP B-TREE") { // what is merged is sorted: a page of each state
					require.NotContains(t, before, table, "%s: %s", name, s.text)
				}
				before = step
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
		}
	}
}

// fill saves rows from one number up to another.
func fill(t *testing.T, store journal.Store, from, to int) {
	t.Helper()
	for ; from < to; from += 1000 {
		rows := make([]journal.Row, 1000)
		for i := range rows {
			rows[i] = grown(from + i)
		}
		require.NoError(t, store.Save(t.Context(), rows))
	}
}

// listener keeps the statements that read or change rows.
type listener struct {
	below      driver.Driver
	dsn        string
	statements []statement
}

type statement struct {
	text string
	args []driver.NamedValue
}

func (l *listener) Connect(context.Context) (driver.Conn, error) {
	conn, err := l.below.Open(l.dsn)
	return &heardConn{conn, l}, err
}

func (l *listener) Driver() driver.Driver { return l.below }

type heardConn struct {
	driver.Conn
	to *listener
}

func (c *heardConn) note(query string, args []driver.NamedValue) {
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "SELECT", "UPDATE", "DELETE":
		c.to.statements = append(c.to.statements, statement{query, args})
	}
}

func (c *heardConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *heardConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *heardConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}
