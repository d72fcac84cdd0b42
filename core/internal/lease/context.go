package lease

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Context ends a context at a deadline, or when End is called. Those of package context start a timer and hang
// themselves into their parent when they are made; this one does so once somebody waits for its end. A store in memory
// and a short signal never do, and would pay more for that than for all else.
//
// It is a part of what it is made for, so that it is not allocated by itself. Start makes it ready.
type Context struct {
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

// Start makes the context ready. A deadline of zero is the parent's.
func (c *Context) Start(parent context.Context, deadline time.Time) {
	c.parent, c.deadline = parent, deadline
}

// Deadline is the sooner one.
func (c *Context) Deadline() (time.Time, bool) {
	parents, ok := c.parent.Deadline()
	if c.deadline.IsZero() || (ok && parents.Before(c.deadline)) {
		return parents, ok
	}
	return c.deadline, true
}

// Done is where somebody begins to wait.
func (c *Context) Done() <-chan struct{} { return c.arm().Done() }

// Err looks at the clock where nobody waits.
func (c *Context) Err() error {
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

func (c *Context) errLocked() error {
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

func (c *Context) endLocked(err error) {
	c.err = err
	c.over.Store(true)
}

// Value is the parent's. By one of them package context finds what it hangs a child into, and the cause of an end: once
// somebody waits, or it has ended, that is not the parent's any more.
func (c *Context) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	if c.over.Load() {
		return c.arm().Value(key)
	}
	return c.parent.Value(key)
}

// String names it: printed field by field, it would be read while others write it.
func (c *Context) String() string { return ContextText }

// Format prints the same for every verb: %#v would read the fields while others write them.
func (c *Context) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, ContextText) }

// ContextText is what contexts print as.
const ContextText = "sallyport.Context"

// arm makes the context that can be waited for.
func (c *Context) arm() *armedContext {
	if a := c.armed.Load(); a != nil {
		return a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.armLocked()
}

func (c *Context) armLocked() *armedContext {
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

// Release ends the context where somebody waits. Otherwise there is nothing that could be freed.
func (c *Context) Release() {
	if c.armed.Load() != nil {
		c.End(nil)
	}
}

// End ends the context for a cause; nil: because what it is for is over. It ends once.
func (c *Context) End(cause error) {
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
