package sqljournal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Version is the version of the schema.
const Version = 1

// Option changes where the journal is kept.
type Option func(*options)

type options struct {
	table    string
	readOnly bool
}

// WithTable names the table: lower-case ASCII letters, digits and _, or schema.table. The default is
// sallyport_journal.
func WithTable(name string) Option { return func(o *options) { o.table = name } }

// ReadOnly is for a user of the database who may only read. The rights to write are not checked, and whatever writes
// returns [ErrReadOnly].
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// New returns a journal in the database of a replay store, or of another [sqltx.Source]. It checks the
// table and the rights of the database user, and creates nothing: [Migrate] does. Its error names every
// mistake in cfg.
//
// The journal never closes the database. What it can still be used for after the replay store is closed
// does not change.
func New(ctx context.Context, source sqltx.Source, cfg journal.Config, opts ...Option) (*journal.Journal, error) {
	s, err := newStore(source, opts)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return journal.New(s, cfg)
}

// Open is [New] for a database that is named by its parts. The namespace names the application whose
// entries they are: lower-case ASCII letters, digits, "-", "_" and ".", at most 64 bytes.
func Open(
	ctx context.Context, db *sql.DB, dialect sqltx.Dialect, namespace string, cfg journal.Config, opts ...Option,
) (*journal.Journal, error) {
	return New(ctx, In(db, dialect, namespace), cfg, opts...)
}

// In returns the source of a database, for [Migrate].
func In(db *sql.DB, dialect sqltx.Dialect, namespace string) sqltx.Source {
	return database{DB: db, Dialect: dialect, Namespace: namespace}
}

type database sqltx.Database

// Database implements [sqltx.Source].
func (d database) Database() sqltx.Database { return sqltx.Database(d) }

// store is the journal.Store in a table.
type store struct {
	db        *sql.DB
	table     sqldb.Table
	namespace string
	readOnly  bool
	writer    *sqldb.Writer // of SQLite; nil elsewhere
}

var _ journal.Pruner = (*store)(nil)

// newStore makes a store, and asks the database nothing.
func newStore(source sqltx.Source, opts []Option) (*store, error) {
	// A nil store is what a forgotten error of sqlstore.New leaves behind.
	if source == nil {
		return nil, errors.New("sqljournal: the source is nil: give the replay store in SQL, or use Open")
	}
	// What is wrong is said before the database is asked.
	d := source.Database()
	if d.DB == nil {
		return nil, errors.New("sqljournal: the *sql.DB is nil")
	}
	o := options{table: defaultTable}
	for _, option := range opts {
		option(&o)
	}
	t, err := parseTable(d.Dialect, o.table)
	if err != nil {
		return nil, err
	}
	if err := replay.CheckNamespace(d.Namespace); err != nil {
		return nil, fmt.Errorf("sqljournal: %w", err)
	}
	// The namespace is part of every key and of every condition: applications that share a table never
	// meet.
	s := &store{db: d.DB, table: t, namespace: d.Namespace, readOnly: o.readOnly}
	if d.Dialect == sqltx.SQLite {
		s.writer = sqldb.NewWriter()
	}
	return s, nil
}
