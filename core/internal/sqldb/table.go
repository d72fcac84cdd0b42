package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

// maxName is how many bytes a name may have. PostgreSQL cuts names to 63 bytes, and an index adds a suffix.
const maxName = 48

// Table is the checked name of a table, "name" or "schema.name". Everything in it is safe to write into a statement.
type Table struct {
	Dialect      sqltx.Dialect
	Schema, Name string // Schema is empty for the default one
}

// ParseTable checks the name of a table. It fails closed on everything that would need an escape: the name becomes part
// of statements.
func ParseTable(d sqltx.Dialect, name string) (Table, error) {
	t := Table{Dialect: d, Name: name}
	schema, rest, qualified := strings.Cut(name, ".")
	if qualified {
		t.Schema, t.Name = schema, rest
	}
	if !isName(t.Name) || qualified && !isName(schema) {
		return Table{}, fmt.Errorf("the table name %.80q is not valid: use lower-case ASCII letters, digits and _, "+
			"not a digit first, at most %d bytes; or two such names with a dot between, schema.table", name, maxName)
	}
	return t, nil
}

// isName reports whether a name needs no escape in any dialect, and is not folded to another one by any database.
func isName(s string) bool {
	if s == "" || len(s) > maxName || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// String returns the name for messages.
func (t Table) String() string {
	if t.Schema != "" {
		return t.Schema + "." + t.Name
	}
	return t.Name
}

// SQL returns the name for statements, quoted because it may be a keyword.
func (t Table) SQL() string {
	if t.Schema != "" {
		return t.Quote(t.Schema) + "." + t.Quote(t.Name)
	}
	return t.Quote(t.Name)
}

// Quote quotes a name. MySQL treats double quotes as those of a string, unless its sql_mode has ANSI_QUOTES.
func (t Table) Quote(name string) string {
	if t.Dialect == sqltx.MySQL {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// Querier is a *sql.DB, a *sql.Conn or a *sql.Tx.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Create runs the statements that create tables and their indexes where they are missing. Several processes may run
// them at once.
func Create(ctx context.Context, db *sql.DB, d sqltx.Dialect, statements []string) error {
	if d != sqltx.PostgreSQL {
		return execAll(ctx, db, statements)
	}
	// In PostgreSQL two concurrent CREATE TABLE IF NOT EXISTS can both try to create it, and one fails. The lock lets
	// one process at a time do so, and ends with the transaction.
	const lock = 0x73616c6c79706f72 // an arbitrary number that all processes use: "sallypor"
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", uint64(lock))); err != nil {
		return err
	}
	if err := execAll(ctx, tx, statements); err != nil {
		return err
	}
	return tx.Commit()
}

// execAll runs statements one by one: not every driver accepts several in one text.
func execAll(ctx context.Context, q Querier, statements []string) error {
	for _, statement := range statements {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// NoAutocommit says what to do where [Autocommit] reports false.
const NoAutocommit = "its connections do not commit by themselves (autocommit = 0), so that what is written would be " +
	"lost: remove autocommit from the address of the database, or from init_connect of the server"

// Autocommit reports whether a connection to MySQL or MariaDB commits each statement outside of a transaction.
func Autocommit(ctx context.Context, db *sql.DB) (on bool, err error) {
	err = db.QueryRowContext(ctx, "SELECT @@SESSION.autocommit").Scan(&on)
	return on, err
}
