// Package sqltx hands a receiver the SQL transaction in which its event becomes "done": what it writes there and "done"
// are one atomic step. Package sqlstore offers such a transaction, and so does webhooktest.Tx in tests.
package sqltx

import (
	"context"
	"database/sql"
	"errors"
)

// ErrEnded is wrapped by the error of a receiver that called Commit or Rollback on its transaction. "Done" was not in
// it: the event counts as failed, and its retry runs it again.
//
//lint:immutable an error value
var ErrEnded = errors.New("sqltx: the receiver ended the transaction itself, and \"done\" was not written with it: " +
	"leave Commit and Rollback to the guard")

// ErrRolledBack is wrapped by the error of a transaction that the database has ended before its commit. What stood in
// it until then is lost, or stored by itself, and "done" was not written: the event counts as failed, and its retry
// runs it again.
//
//lint:immutable an error value
var ErrRolledBack = errors.New("sqltx: the database ended the transaction before its commit: a receiver must return " +
	"the error of a statement that failed (a deadlock in MySQL, an interrupted statement in SQLite), and must not " +
	"use statements that commit by themselves (CREATE, ALTER, TRUNCATE in MySQL)")

// errNone says what to do where nothing offers a transaction.
//
//lint:immutable an error value
var errNone = errors.New("sqltx: no transaction in this context: pass the receiver's own context (e.Context() in a " +
	"receiver of a router), or one made from it, and make a sqlstore the guard's Replay store; in a worker, make the " +
	"context with sqltx.Offer")

// Beginner begins the transaction of one event. Stores and workers implement it.
type Beginner interface {
	// Begin returns the transaction, and begins it if nobody has asked before. It must be safe for concurrent use.
	Begin() (*sql.Tx, error)
	// Begun returns the transaction that was begun and has not ended, and the database it is of; nil where nobody has
	// asked for one. It begins nothing. It must be safe for concurrent use.
	Begun() (*sql.Tx, *sql.DB)
}

// Begun returns the transaction that a receiver of this context's event has begun, and the database it is of; nil where
// there is none. A journal joins it where the database is its own: what it keeps and the app's writes are then one
// step.
func Begun(ctx context.Context) (*sql.Tx, *sql.DB) {
	if b, ok := ctx.Value(contextKey{}).(Beginner); ok {
		return b.Begun()
	}
	return nil, nil
}

// Tx returns the transaction of the event whose receiver has this context, and begins it if nobody has asked before.
// The guard writes "done" in it and commits it once every receiver of the event has succeeded. Otherwise it is rolled
// back.
//
//	func onPaid(ctx context.Context, e core.Event) error {
//		tx, err := sqltx.Tx(ctx)
//		if err != nil {
//			return err
//		}
//		_, err = tx.ExecContext(ctx, "INSERT INTO payments ...")
//		return err
//	}
//
// Receivers of one event share it; one that was registered under a name has its own. It ends with the receiver's
// context. Several goroutines may use it, and must be done with it when the receiver returns. The receiver must not
// call Commit or Rollback: see [ErrEnded].
//
// Errors: the context is not a receiver's, or the guard's store is not in SQL; the receiver has returned; the pool has
// a single connection, on which the claim could not be renewed; the store is closed; or the database's own, after which
// Tx may be called again.
func Tx(ctx context.Context) (*sql.Tx, error) {
	b, ok := ctx.Value(contextKey{}).(Beginner)
	if !ok {
		return nil, errNone
	}
	return b.Begin()
}
