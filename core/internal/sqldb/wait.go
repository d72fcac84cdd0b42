package sqldb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Writer lets one call of this process at a time write to a SQLite database, which has one writer. Calls wait for it
// here, and no longer than their context. SQLite itself would wait for the busy_timeout of the connection, whatever the
// context does. It is safe for concurrent use.
type Writer struct {
	turn chan struct{} // holds one: the calls of this process wait here, and not by polling
}

// NewWriter returns a writer that is free.
func NewWriter() *Writer { return &Writer{turn: make(chan struct{}, 1)} }

// Do runs f as the one writer of this process. While another process holds the write lock, every statement of f is
// refused at once, and f decides how long it tries: see [Read] and [Locked].
func (w *Writer) Do(ctx context.Context, db *sql.DB, f func(conn *sql.Conn) error) error {
	// Waiting on a channel ends with the context, and wakes up at once when the writer is done.
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// One connection for all statements of f: the busy_timeout belongs to a connection.
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	restore, err := StopWaiting(ctx, conn)
	if err != nil {
		return err
	}
	err = f(conn)
	if restore() != nil {
		// The app must not get a connection that does not wait. ErrBadConn makes the pool close it. What f wrote is
		// written, and f's outcome is the answer.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// StopWaiting switches off the own waiting (busy_timeout) of a connection to SQLite until restore is called. The driver
// would otherwise ignore the context for that time.
func StopWaiting(ctx context.Context, q Querier) (restore func() error, err error) {
	var timeout int64
	rows, err := q.QueryContext(ctx, "PRAGMA busy_timeout")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		err = errors.Join(err, rows.Scan(&timeout))
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	// Already off: nothing to switch, and nothing to restore.
	if timeout == 0 {
		return func() error { return nil }, nil
	}
	if _, err := q.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return nil, err
	}
	return func() error {
		// Even after the end of ctx: the app gets this connection back.
		_, err := q.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", timeout))
		if err != nil {
			return errors.New("the connection's busy_timeout could not be restored")
		}
		return nil
	}, nil
}

// Backoff waits for a random time before a call is tried again that has met another: up to 255 units at first, and 64
// times as long from the seventh attempt on, where attempts count from 0. So the same calls do not meet again. It
// returns the context's error if ctx ends first.
func Backoff(ctx context.Context, attempt int, unit time.Duration) error {
	var b [1]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return Sleep(ctx, time.Duration(int(b[0])<<min(attempt, 6))*unit)
}

// Sleep waits for d. It returns the context's error if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
