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
// transaction begins when the receiver asks for it, and is rolled back when the test ends. The test fails where the
// receiver ended it, because the guard would report that.
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
	tx *sql.Tx // nil: nobody has asked for it
}

// Begin implements [sqltx.Beginner]. The transaction outlives the test's context, which ends before it is rolled back.
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

func (b *testTx) rollback() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tx == nil {
		return nil
	}
	err := b.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
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
