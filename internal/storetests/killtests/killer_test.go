package killtests_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"strings"
	"sync"
	"syscall"
)

// killer ends its process with SIGKILL before the point that is chosen. Nothing is closed, rolled back or written after
// it. Its points are writes to any database of the process, and answers. Reads, savepoints and settings of a connection
// are none: nothing that outlives the process differs before and after them.
type killer struct {
	mu    sync.Mutex
	at    int // the point before which the process ends; 0: not armed
	count int // points since it was armed
}

// arm starts the count again.
func (k *killer) arm(at int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at, k.count = at, 0
}

// points returns how many there were since the killer was armed.
func (k *killer) points() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

// point counts a point. At the chosen one it does not return: the lock keeps every other goroutine from writing more.
func (k *killer) point() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count++; k.count == k.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// statement counts a statement that writes.
func (k *killer) statement(query string) {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(verb) {
	case "SELECT", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "BEGIN":
		return
	}
	if strings.HasSuffix(query, "WHERE 1 = 0") {
		return // it takes SQLite's write lock, and writes nothing
	}
	k.point()
}

// open opens a database whose writes count.
func (k *killer) open(name, dsn string) (*sql.DB, error) {
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	out := sql.OpenDB(&connector{killer: k, below: db.Driver(), dsn: dsn})
	out.SetMaxOpenConns(8)
	out.SetMaxIdleConns(8)
	return out, nil
}

type connector struct {
	killer *killer
	below  driver.Driver
	dsn    string
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.below.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &killedConn{Conn: conn, killer: c.killer}, nil
}

func (c *connector) Driver() driver.Driver { return c.below }

type killedConn struct {
	driver.Conn
	killer *killer
}

func (c *killedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &killedTx{tx, c.killer}, nil
}

func (c *killedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.killer.statement(query)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *killedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.killer.statement(query)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// CheckNamedValue is the driver's own, where it has one.
func (c *killedConn) CheckNamedValue(v *driver.NamedValue) error {
	if own, ok := c.Conn.(driver.NamedValueChecker); ok {
		return own.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type killedTx struct {
	driver.Tx
	killer *killer
}

func (t *killedTx) Commit() error {
	t.killer.point()
	return t.Tx.Commit()
}

func (t *killedTx) Rollback() error {
	t.killer.point()
	return t.Tx.Rollback()
}
