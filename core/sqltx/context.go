package sqltx

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core/internal/txwatch"
)

// contextKey is what a context answers with its transaction.
type contextKey struct{}

// NewContext returns a context in which [Tx] finds b. It is for stores and workers: whoever offers a transaction
// commits it, or rolls it back.
func NewContext(ctx context.Context, b Beginner) context.Context {
	return &offering{Context: ctx, beginner: b}
}

// offering is a context with a transaction, in one allocation.
type offering struct {
	context.Context
	beginner Beginner
}

// Value gives the transaction, and what the context before has.
func (c *offering) Value(key any) any {
	// The innermost one answers: a named receiver's own transaction hides its event's.
	switch key.(type) {
	case contextKey:
		return c.beginner
	case txwatch.Key:
		return c
	}
	return c.Context.Value(key)
}

// Format prints the same for every verb, and nothing of what is in the transaction or the request.
func (c *offering) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sqltx.Context") }

// Watch implements [txwatch.Watchable].
func (c *offering) Watch(ctx context.Context) (context.Context, func() bool) {
	w := &watched{beginner: c.beginner}
	return NewContext(ctx, w), w.used.Load
}

// watched passes everything on, and notes that somebody asked.
type watched struct {
	beginner Beginner
	used     atomic.Bool
}

// Begin implements [Beginner]. Asking counts, also where it fails: it is a reason to run again, and never one not to.
func (w *watched) Begin() (*sql.Tx, error) {
	w.used.Store(true)
	return w.beginner.Begin()
}

// Begun implements [Beginner].
func (w *watched) Begun() (*sql.Tx, *sql.DB) {
	tx, db := w.beginner.Begun()
	if tx != nil {
		w.used.Store(true) // whoever is shown it may write into it
	}
	return tx, db
}
