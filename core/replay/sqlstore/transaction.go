package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/txmark"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// transaction is the transaction of one signal. It begins when the app first uses it.
type transaction struct {
	store  *Store
	ctx    context.Context // the one that Transaction returned; when it ends, the transaction is rolled back
	claims []replay.Held
	ttl    time.Duration

	mu    sync.Mutex
	tx    *sql.Tx // nil: not begun
	ended bool    // the guard has committed or rolled back
}

// Transaction implements [replay.Transactor]. It does not call the database.
func (s *Store) Transaction(
	ctx context.Context, claims []replay.Held, ttl time.Duration,
) (context.Context, replay.Transaction) {
	// The claims are copied, because the contract forbids to keep the caller's slice.
	t := &transaction{store: s, claims: slices.Clone(claims), ttl: ttl}
	t.ctx = sqltx.NewContext(ctx, (*offer)(t))
	return t.ctx, t
}

// offer is the part of a transaction that receivers reach through their context. It is a type of its own, so that they
// cannot commit.
type offer transaction

// Begin implements [sqltx.Beginner].
func (o *offer) Begin() (*sql.Tx, error) { return (*transaction)(o).begin() }

// Begun implements [sqltx.Beginner].
func (o *offer) Begun() (*sql.Tx, *sql.DB) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tx == nil || o.ended {
		return nil, nil
	}
	return o.tx, o.store.db
}

// begin begins the transaction, or returns the one that has begun. It fails closed on a pool of one connection: the
// claim could not be renewed while the transaction is open.
func (t *transaction) begin() (*sql.Tx, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.store
	switch {
	case t.ended:
		return nil, errors.New("sqlstore: the receiver has returned, and its transaction has ended: " +
			"call Tx while the receiver runs")
	case t.tx != nil:
		return t.tx, nil
	case s.db.Stats().MaxOpenConnections == 1:
		return nil, errors.New("sqlstore: the *sql.DB has one connection (SetMaxOpenConns), and the transaction " +
			"would occupy it, so its claim could not be renewed: allow more connections than there are signals at a " +
			"time")
	}
	if err := s.ready(t.ctx); err != nil {
		return nil, err
	}
	// The signal's context, and not the caller's: database/sql rolls back when it ends, even if the app forgets to
	// return.
	tx, err := s.db.BeginTx(t.ctx, s.txOptions)
	if err != nil {
		return nil, s.fail(t.ctx, "begin", err)
	}
	err = s.engine.begin(t.ctx, tx)
	if err == nil && s.marks() {
		err = txmark.Set(t.ctx, tx)
	}
	if err != nil {
		_ = tx.Rollback()
		return nil, s.fail(t.ctx, "begin", err)
	}
	t.tx = tx
	return tx, nil
}

// marks reports whether the database may end a transaction by itself and then go on without one, see package txmark.
func (s *Store) marks() bool { return s.table.Dialect != PostgreSQL }

// Begun implements [replay.Transaction].
func (t *transaction) Begun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tx != nil
}

// Commit implements [replay.Transaction]. A claim that is already done does not count as held, which fails closed:
// "done" and the app's writes would not be one step.
func (t *transaction) Commit(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tx == nil || t.ended {
		return errors.New("sqlstore: there is no transaction to commit: it was not begun, or has ended")
	}
	// Whatever fails from here on, the app's writes are rolled back: without "done" the event will run again.
	t.ended = true
	committed := false
	defer func() {
		if !committed {
			_ = t.tx.Rollback()
		}
	}()
	if t.ttl <= 0 {
		return fmt.Errorf("sqlstore: a commit with a TTL of %v, which is not positive", t.ttl)
	}
	// As every other call of a closed store: "done" would be written for a guard that has been taken down.
	if t.store.closed.Load() {
		return replay.ErrClosed
	}
	held, err := t.finish(ctx)
	if err != nil {
		return t.failed(ctx, err)
	}
	if !held {
		_ = t.tx.Rollback() // before lost reads the rows, which must not wait for the transaction's own locks
		return t.lost(ctx)
	}
	if err := t.tx.Commit(); err != nil {
		return t.failed(ctx, err)
	}
	committed = true
	return nil
}

// Broken implements [replay.Breakable].
func (t *transaction) Broken(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tx == nil || t.ended {
		return false
	}
	if t.store.marks() {
		err := txmark.Check(ctx, t.tx)
		return err != nil && !errors.Is(err, sql.ErrTxDone)
	}
	// PostgreSQL refuses every statement behind one that failed.
	_, err := t.tx.ExecContext(ctx, "SELECT 1")
	return err != nil && !errors.Is(err, sql.ErrTxDone) // which the receiver has ended itself
}

// finish writes "done" in the transaction for every claim. It reports false where one of them is not held. It fails
// closed where the database has ended the transaction: "done" would be stored without what the app wrote.
func (t *transaction) finish(ctx context.Context) (bool, error) {
	if t.store.marks() {
		if err := txmark.Take(ctx, t.tx); err != nil {
			return false, err
		}
	}
	steps := make([]step, 0, len(t.claims))
	for _, c := range t.claims {
		steps = append(steps, step{key: c.Key, token: c.Token, verb: commit, span: micros(t.ttl)})
	}
	// The same claim may be listed twice, and counts once.
	list := waves(steps)
	if len(list) > 1 {
		return false, nil // two tokens of one key: at most one of them can be held
	}
	for _, wave := range list {
		for part := range slices.Chunk(wave, chunk) {
			if held, err := t.store.engine.finish(ctx, t.tx, part); err != nil || !held {
				return false, err
			}
		}
	}
	return true, nil
}

// lost returns the error with the claims that are not held. Where all of them are held again by now, or cannot be read,
// it names all: at least one was lost.
func (t *transaction) lost(ctx context.Context) error {
	// An error of the read does not hide the loss: those keys count as lost.
	lost := &replay.LeaseLostError{}
	all := make([]replay.Key, 0, len(t.claims))
	for part := range slices.Chunk(t.claims, chunk) {
		keys := make([]replay.Key, len(part))
		for i := range part {
			keys[i] = part[i].Key
		}
		rows, err := t.store.engine.look(ctx, keys)
		for _, c := range part {
			if r, ok := rows[c.Key]; err != nil || !ok || r.token != c.Token || r.doneAt != 0 {
				lost.Keys = append(lost.Keys, c.Key)
			}
		}
		all = append(all, keys...)
	}
	if len(lost.Keys) == 0 {
		lost.Keys = all
	}
	return lost
}

// failed adds to an error of the transaction why it failed.
func (t *transaction) failed(ctx context.Context, err error) error {
	// database/sql has rolled back at the end of the context, and reports only that the transaction is over.
	if ended := t.ctx.Err(); ended != nil {
		return fmt.Errorf("sqlstore: the signal's context ended, and its transaction was rolled back: %w", ended)
	}
	if errors.Is(err, txmark.ErrGone) {
		return sqltx.ErrRolledBack
	}
	// The app itself has committed or rolled back, which it must not do.
	if errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("%w: %w", sqltx.ErrEnded, err)
	}
	return t.store.fail(ctx, "commit", err)
}

// Rollback implements [replay.Transaction]. It does nothing where no transaction has begun, or where the end of the
// context has rolled it back already.
func (t *transaction) Rollback() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	again := t.ended
	t.ended = true
	if t.tx == nil || again {
		return nil
	}
	switch err := t.tx.Rollback(); {
	case err == nil, t.ctx.Err() != nil:
		return nil
	case errors.Is(err, sql.ErrTxDone):
		return t.failed(context.Background(), err)
	default:
		// The connection is gone. The database rolls back by itself.
		return t.store.fail(context.Background(), "roll back", err)
	}
}
