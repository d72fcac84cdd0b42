package sqljournal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

// beginner is a *sql.DB or a *sql.Conn: what writes outside of the receiver's transaction.
type beginner interface {
	querier
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// write runs f, which writes outside of any transaction of the app's, until it meets no conflict.
func (s *store) write(ctx context.Context, f func(q beginner) error) error {
	if s.writer == nil {
		return s.again(ctx, func() error { return f(s.db) })
	}
	// SQLite has one writer at a time, in all processes.
	return s.writeSQLite(ctx, f)
}

// writeSQLite lets one call of this process write at a time. It waits for other processes, and for the
// app's transactions, until its context ends: SQLite itself would wait for as long as the connection's
// busy_timeout says, and a delivery would be answered too late.
func (s *store) writeSQLite(ctx context.Context, f func(q beginner) error) (err error) {
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// One connection for all of it: the waiting that is switched off is that connection's.
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// Whatever the app has set is set again afterwards.
	var timeout int64
	if err := conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil {
		return err
	}
	if timeout > 0 {
		// From here on a lock is an error at once, and again decides how long to wait.
		if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
			return err
		}
		defer func() {
			restore := fmt.Sprintf("PRAGMA busy_timeout = %d", timeout)
			if _, failed := conn.ExecContext(context.WithoutCancel(ctx), restore); failed != nil {
				// The app would find a connection that does not wait: it is not given back.
				_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			}
		}()
	}
	return s.again(ctx, func() error { return f(conn) })
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
		if _, kind := classify(err); kind != errConflict {
			return err
		}
		// After that it is the caller's to decide: a delivery is answered 500, and sent again.
		if s.writer == nil && n == attempts || s.writer != nil && time.Since(began) > busyLimit {
			return err
		}
		if ended := pause(ctx, n); ended != nil {
			return errors.Join(ended, err)
		}
	}
}

// pause waits for a random time that grows with the number of attempts, so that those who met do not
// meet again. It returns the context's error if that ends first.
func pause(ctx context.Context, n int) error {
	var b [1]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	timer := time.NewTimer(time.Duration(1+int(b[0])<<min(n, 6)) * 2 * time.Microsecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
