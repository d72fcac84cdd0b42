package webhooktest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

// Tx returns a context in which sqltx.Tx works, for a receiver that writes in the transaction of its event. The
// transaction begins when the receiver calls sqltx.Tx, and is rolled back when the test ends. The test fails if the
// receiver committed or rolled back itself: a guard reports that as an error too.
func Tx(t testing.TB, db *sql.DB) context.Context {
	t.Helper()
	tx := &testTx{db: db}
	t.Cleanup(func() {
		if err := tx.rollback(); err != nil {
			t.Error(err)
		}
	})
	return sqltx.NewContext(t.Context(), tx)
}

// testTx is the transaction of one test.
type testTx struct {
	db *sql.DB

	mu sync.Mutex
	tx *sql.Tx // nil: the receiver has not called sqltx.Tx
}

// Begin implements [sqltx.Beginner]. It does not use the test's context, which ends before the clean-up functions run:
// the transaction would then be rolled back before rollback can check it.
func (b *testTx) Begin() (*sql.Tx, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tx == nil {
		tx, err := b.db.BeginTx(context.Background(), nil)
		if err != nil {
			return nil, err
		}
		b.tx = tx
	}
	return b.tx, nil
}

// rollback rolls the transaction back, if it has begun, and reports if the receiver has ended it before.
func (b *testTx) rollback() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tx == nil {
		return nil
	}
	err := b.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) { // committed or rolled back before
		return sqltx.ErrEnded
	}
	return err
}

// Begun implements [sqltx.Beginner].
func (b *testTx) Begun() (*sql.Tx, *sql.DB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tx == nil {
		return nil, nil
	}
	return b.tx, b.db
}
