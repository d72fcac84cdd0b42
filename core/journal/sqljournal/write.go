package sqljournal

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/journal"
)

// beginner is a *sql.DB or a *sql.Conn: what writes outside of the receiver's transaction.
type beginner interface {
	sqldb.Querier
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// write runs f, which writes outside of any transaction of the app's, until it meets no conflict.
func (s *store) write(ctx context.Context, f func(q beginner) error) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if s.writer == nil {
		return s.again(ctx, func() error { return f(s.db) })
	}
	// SQLite has one writer at a time, in all processes. The others, and the app's transactions, are waited for no
	// longer than the context: a delivery must not be answered too late.
	return s.writer.Do(ctx, s.db, func(conn *sql.Conn) error {
		return s.again(ctx, func() error { return f(conn) })
	})
}

const (
	attempts  = 12               // on servers, where a conflict is over as soon as it is noticed
	busyLimit = 30 * time.Second // on SQLite, where the context has no earlier end
)

// again calls f until it meets no conflict, or for long enough. A conflict has written nothing.
func (s *store) again(ctx context.Context, f func() error) error {
	began := time.Now()
	for n := 1; ; n++ {
		err := f()
		if err == nil || errors.Is(err, journal.ErrChanged) {
			return err
		}
		// Anything else would fail again, or may have been written: a connection that broke does not
		// say.
		if _, kind := sqldb.Read(err); kind != sqldb.Conflict && kind != sqldb.Locked {
			return err
		}
		// After that it is the caller's to decide: a delivery is answered 500, and sent again.
		if s.writer == nil && n == attempts || s.writer != nil && time.Since(began) > busyLimit {
			return err
		}
		// Up to 1 ms at first and 33 ms at last.
		if ended := sqldb.Backoff(ctx, n, 2*time.Microsecond); ended != nil {
			return errors.Join(ended, err)
		}
	}
}
