package sqltx

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/sallyport-go/sallyport/core/internal/txmark"
)

// Offered is the transaction that a worker offers to the receivers of one event, see [Offer]. It is safe for concurrent
// use.
type Offered struct {
	ctx     context.Context // when it ends, the transaction is rolled back
	db      *sql.DB
	dialect Dialect

	mu    sync.Mutex
	tx    *sql.Tx // nil: not begun
	ended bool    // committed or rolled back by the worker
}

// errOver is for a receiver that asks when the worker has ended the transaction.
//
//lint:immutable an error value
var errOver = errors.New("sqltx: the transaction has ended: call Tx while the receiver runs")

// Offer returns a context in which [Tx] finds a transaction of db, for a worker that runs receivers outside of a guard,
// and what commits it. It begins when somebody asks for it, and is rolled back when ctx ends. On SQLite it takes the
// write lock at once: a transaction that reads first, and then writes, is refused by SQLite where another one has
// written meanwhile.
//
// The worker must call Commit or Rollback, and neither while a receiver runs. It panics for a nil db, and for no
// dialect.
func Offer(ctx context.Context, db *sql.DB, d Dialect) (context.Context, *Offered) {
	if db == nil {
		panic("sqltx: the *sql.DB of Offer is nil")
	}
	if d < PostgreSQL || d > MySQL {
		panic("sqltx: Offer needs a dialect, and has " + d.String())
	}
	o := &Offered{ctx: ctx, db: db, dialect: d}
	return NewContext(ctx, (*offer)(o)), o
}

// offer is what receivers reach through their context. It is a type of its own, so that they cannot commit.
type offer Offered

// Begin implements [Beginner].
func (o *offer) Begin() (*sql.Tx, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return (*Offered)(o).begin()
}

// Begun implements [Beginner].
func (o *offer) Begun() (*sql.Tx, *sql.DB) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tx == nil || o.ended {
		return nil, nil
	}
	return o.tx, o.db
}

// Tx returns the transaction for the worker's own writes, and begins it if nobody has asked before. It must not be
// called while a receiver runs. It fails closed with [ErrRolledBack] where the database has ended the transaction: what
// the worker wrote would be stored without what the receivers wrote.
func (o *Offered) Tx() (*sql.Tx, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tx == nil || o.ended || o.dialect == PostgreSQL {
		return o.begin()
	}
	if err := txmark.Check(o.ctx, o.tx); errors.Is(err, txmark.ErrGone) {
		return nil, ErrRolledBack
	} else if err != nil {
		return nil, o.reported(err)
	}
	return o.tx, nil
}

// begin returns the transaction, and begins it if nobody has asked before. The caller must hold mu.
func (o *Offered) begin() (*sql.Tx, error) {
	switch {
	case o.ended:
		return nil, errOver
	case o.tx != nil:
		return o.tx, nil
	}
	// It begins with the worker's context and not with a receiver's own: database/sql rolls it back when that ends, and
	// a job that was given up must not commit next to its next attempt.
	table, err := o.lockable()
	if err != nil {
		return nil, fmt.Errorf("sqltx: looking for a table to lock: %w", err)
	}
	tx, err := o.db.BeginTx(o.ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("sqltx: beginning a transaction: %w", err)
	}
	// The first statement of the transaction: whoever waits for the lock here has read nothing yet, and is not refused.
	if table != "" {
		if _, err := tx.ExecContext(o.ctx, `DELETE FROM "`+strings.ReplaceAll(table, `"`, `""`)+
			`" WHERE 1 = 0`); err != nil {
			_ = tx.Rollback()
			return nil, fmt.Errorf("sqltx: waiting for SQLite's write lock (is busy_timeout set?): %w", err)
		}
	}
	if o.dialect != PostgreSQL {
		if err := txmark.Set(o.ctx, tx); err != nil {
			_ = tx.Rollback()
			return nil, fmt.Errorf("sqltx: beginning a transaction: %w", err)
		}
	}
	o.tx = tx
	return tx, nil
}

// lockable returns a table of a SQLite database. To delete none of its rows takes the write lock and changes nothing.
// It is looked for before the transaction begins, because that must not read first. Empty: there is none, or no need.
func (o *Offered) lockable() (table string, err error) {
	if o.dialect != SQLite {
		return "", nil
	}
	err = o.db.QueryRowContext(o.ctx,
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' "+
			"AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid LIMIT 1").Scan(&table)
	if errors.Is(err, sql.ErrNoRows) { // an empty database: there is nothing to read first
		return "", nil
	}
	return table, err
}

// Commit commits what was begun. Where nobody asked for a transaction it does nothing. A receiver that ended the
// transaction itself is [ErrEnded]: what it committed stays, and the worker's own writes are not part of it. It fails
// closed: a second end of one transaction is an error.
func (o *Offered) Commit() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return errOver
	}
	// Whatever the answer, nothing more may join: what was written is there, or it is gone.
	o.ended = true
	if o.tx == nil {
		return nil
	}
	err := o.tx.Commit()
	if err != nil {
		_ = o.tx.Rollback() // nothing of it may stay open
	}
	return o.reported(err)
}

// Rollback rolls back what was begun. After Commit, and where nobody asked for a transaction, it does nothing. A
// receiver that ended the transaction itself is [ErrEnded].
func (o *Offered) Rollback() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return nil
	}
	o.ended = true
	if o.tx == nil {
		return nil
	}
	err := o.tx.Rollback()
	if o.ctx.Err() != nil {
		return nil // the end of the context has rolled it back
	}
	return o.reported(err)
}

// reported says more of database/sql's error, where more is known.
func (o *Offered) reported(err error) error {
	switch {
	case err == nil:
		return nil
	// Before ErrTxDone, which is what database/sql says after it has rolled back by itself.
	case o.ctx.Err() != nil:
		return fmt.Errorf("sqltx: the context ended, and the transaction was rolled back: %w", o.ctx.Err())
	case errors.Is(err, sql.ErrTxDone):
		return fmt.Errorf("%w: %w", ErrEnded, err)
	default:
		return err
	}
}
