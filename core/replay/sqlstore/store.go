package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Store is a [replay.Store] and a [replay.Transactor] in a SQL database. It is made by [New] and safe for concurrent
// use.
type Store struct {
	db        *sql.DB
	table     table
	engine    engine
	txOptions *sql.TxOptions
	logger    *slog.Logger // nil means slog.Default()
	closed    atomic.Bool
	pruning   pruning

	replay.Roster // of the guards that use it
}

var (
	_ replay.Transactor   = (*Store)(nil)
	_ replay.Versioned    = (*Store)(nil)
	_ replay.Rostered     = (*Store)(nil)
	_ replay.DigestReader = (*Store)(nil)
	_ replay.Looker       = (*Store)(nil)
	_ sqltx.Source        = (*Store)(nil)
)

// engine is what differs between the dialects. Keys come sorted and each once, so that two batches lock what they share
// in the same order.
type engine interface {
	// claim claims what is free and says what is known of the rest. Keys of which nothing is known, because others
	// changed them meanwhile, may be missing: they are tried again.
	claim(ctx context.Context, wanted []claim, lease int64) (map[replay.Key]row, error)

	// settle does what can be done and says, of every key that is remembered and was not simply done, what is.
	settle(ctx context.Context, steps []step) (outcome, error)

	// begin is called once a transaction of the app has begun.
	begin(ctx context.Context, tx *sql.Tx) error

	// finish commits claims in a transaction of the app, and says whether all of them were held and not done.
	finish(ctx context.Context, tx *sql.Tx, steps []step) (bool, error)

	// look reads what is remembered.
	look(ctx context.Context, keys []replay.Key) (map[replay.Key]row, error)

	// remove deletes rows, or only those that have ended.
	remove(ctx context.Context, keys []replay.Key, endedOnly bool) (int64, error)

	checker
}

// querier is a *sql.DB, a *sql.Conn or a *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// New returns a store in the table of db, after it has checked that it can work there: the server's version, the table,
// its columns and its key, and the right to SELECT, INSERT, UPDATE and DELETE. It creates nothing; [Migrate] does.
//
// The namespace names the application whose memory it is, see [replay.CheckNamespace]: it is part of every key.
//
// The store never closes db. Errors wrap one of the package's Err values where one fits, and a wrong option is one of
// its own. An app that wants to start while its database is down calls New again until it succeeds.
func New(ctx context.Context, db *sql.DB, dialect Dialect, namespace string, opts ...Option) (*Store, error) {
	if err := replay.CheckNamespace(namespace); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	s, err := prepare(db, dialect, namespace, opts)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare makes a store and asks the database nothing. Without a namespace it is good for the table alone.
func prepare(db *sql.DB, dialect Dialect, namespace string, opts []Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the *sql.DB is nil")
	}
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	t, err := newTable(dialect, o.table)
	if err != nil {
		return nil, err
	}
	t.namespace = namespace
	s := &Store{db: db, table: t, txOptions: o.txOptions, logger: o.logger}
	s.pruning.off = o.noPruning
	if s.engine, err = engineFor(dialect, t); err != nil {
		return nil, err
	}
	s.engine.use(db)
	if s.txOptions == nil && dialect != SQLite {
		s.txOptions = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return s, nil
}

func engineFor(dialect Dialect, t table) (engine, error) {
	switch dialect {
	case PostgreSQL:
		return newPostgres(t), nil
	case SQLite:
		return newSQLite(t), nil
	case MySQL:
		return newMySQL(t), nil
	default:
		return nil, fmt.Errorf("sqlstore: %v is no dialect: give sqlstore.PostgreSQL, SQLite or MySQL", dialect)
	}
}

// Database implements [sqltx.Source].
func (s *Store) Database() sqltx.Database {
	return sqltx.Database{DB: s.db, Dialect: s.table.dialect, Namespace: s.table.namespace}
}

// Scope returns [replay.Shared].
func (s *Store) Scope() replay.Scope { return replay.Shared }

// Version is the version of the schema.
func (s *Store) Version() int { return schemaVersion }

// Close ends the use of the store: later calls answer [replay.ErrClosed], those under way finish. What is remembered
// stays in the database, and the *sql.DB stays open, for it is the app's.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// ready says whether a call may begin.
func (s *Store) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return replay.ErrClosed
	}
	return nil
}

// micros rounds up: what is asked for must not end early, and what is positive must not become nothing.
func micros(d time.Duration) int64 {
	us := d.Microseconds()
	if d%time.Microsecond > 0 {
		us++
	}
	return us
}
