package riverinbox_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"sync/atomic"
	"syscall"
)

// killer is a driver that ends its process with SIGKILL before the operation that is chosen. Nothing is closed, rolled
// back or written after it.
type killer struct {
	below driver.Driver
	dsn   string
	left  atomic.Int64 // operations until the end; negative: not armed
}

func newKiller(name, dsn string) (*killer, error) {
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	k := &killer{below: db.Driver(), dsn: dsn}
	k.left.Store(-1)
	return k, nil
}

// before counts an operation.
func (k *killer) before() {
	if k.left.Load() > 0 && k.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (k *killer) Connect(context.Context) (driver.Conn, error) {
	c, err := k.below.Open(k.dsn)
	if err != nil {
		return nil, err
	}
	return &killedConn{Conn: c, killer: k}, nil
}

func (k *killer) Driver() driver.Driver { return k.below }

type killedConn struct {
	driver.Conn
	killer *killer
}

func (c *killedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.killer.before()
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return &killedTx{tx, c.killer}, err
}

func (c *killedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.killer.before()
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *killedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.killer.before()
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
	t.killer.before()
	err := t.Tx.Commit()
	t.killer.before()
	return err
}

func (t *killedTx) Rollback() error {
	t.killer.before()
	return t.Tx.Rollback()
}
