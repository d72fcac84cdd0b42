package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// lateContext ends a context at a deadline, or when end is called. Those of package context start a timer and hang
// themselves into their parent when they are made; this one does so once somebody waits for its end. A store in memory
// and a short signal never do, and would pay more for that than for all else.
//
// Its zero value with a parent is ready, and is part of what it is made for, so that it needs no place of its own.
type lateContext struct {
	parent   context.Context // not changed once it is in use, like deadline
	deadline time.Time       // zero: the parent's

	armed atomic.Pointer[armedContext]
	mu    sync.Mutex
	err   error       // how it ended, where nobody had waited for that
	over  atomic.Bool // err is set
	above bool        // it ended with its parent
}

// armedContext is package context's own, which somebody waits for.
type armedContext struct {
	context.Context
	cancel context.CancelCauseFunc
	stop   context.CancelFunc // of its timer
}

// Deadline is the sooner one.
func (c *lateContext) Deadline() (time.Time, bool) {
	parents, ok := c.parent.Deadline()
	if c.deadline.IsZero() || (ok && parents.Before(c.deadline)) {
		return parents, ok
	}
	return c.deadline, true
}

// Done is where somebody begins to wait.
func (c *lateContext) Done() <-chan struct{} { return c.arm().Done() }

// Err looks at the clock where nobody waits.
func (c *lateContext) Err() error {
	if a := c.armed.Load(); a != nil {
		return a.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.armed.Load(); a != nil {
		return a.Err()
	}
	return c.errLocked()
}

func (c *lateContext) errLocked() error {
	if c.err != nil {
		return c.err
	}
	if err := c.parent.Err(); err != nil {
		c.endLocked(err)
		c.above = true
	} else if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		c.endLocked(context.DeadlineExceeded)
	}
	return c.err
}

func (c *lateContext) endLocked(err error) {
	c.err = err
	c.over.Store(true)
}

// Value is the parent's. By one of them package context finds what it hangs a child into, and the cause of an end: once
// somebody waits, or it has ended, that is not the parent's any more.
func (c *lateContext) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	if c.over.Load() {
		return c.arm().Value(key)
	}
	return c.parent.Value(key)
}

// String names it: printed field by field, it would be read while others write it.
func (c *lateContext) String() string { return contextText }

// Format prints the same for every verb: %#v would read the fields while others write them.
func (c *lateContext) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, contextText) }

const contextText = "sallyport.Context"

// arm makes the context that can be waited for.
func (c *lateContext) arm() *armedContext {
	if a := c.armed.Load(); a != nil {
		return a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.armLocked()
}

func (c *lateContext) armLocked() *armedContext {
	if a := c.armed.Load(); a != nil {
		return a
	}
	a := &armedContext{Context: c.parent, stop: func() {}}
	if c.err != nil && !c.above {
		a.Context = context.WithoutCancel(a.Context) // what became of the parent since has nothing to do with it
	}
	if !c.deadline.IsZero() && !errors.Is(c.err, context.Canceled) {
		a.Context, a.stop = context.WithDeadline(a.Context, c.deadline)
	}
	a.Context, a.cancel = context.WithCancelCause(a.Context)
	if c.err != nil { // what ended it otherwise has ended this one by itself
		a.cancel(nil)
		a.stop()
	}
	c.armed.Store(a)
	return a
}

// release ends the context where somebody waits. Otherwise there is nothing that could be freed.
func (c *lateContext) release() {
	if c.armed.Load() != nil {
		c.end(nil)
	}
}

// end ends the context for a cause; nil: because what it is for is over. It ends once.
func (c *lateContext) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed.Load() == nil && cause == nil {
		if c.errLocked() == nil {
			c.endLocked(context.Canceled)
		}
		return
	}
	a := c.armLocked()
	a.cancel(cause) // nil is context.Canceled
	a.stop()
}
