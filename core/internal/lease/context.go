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

// Context ends at a deadline, or when End is called. The contexts of package context start a timer and register with
// their parent when they are made. This one does so once somebody waits for its end: a store in memory and a short
// signal never wait, and the timer would cost more than all the rest.
//
// It is a field of what it is for, and needs no allocation. Start makes it ready.
//
// It must not be copied after Start, and Start must not be called while it is in use. All other methods
// are safe for concurrent use.
type Context struct {
	Unprinted

	parent   context.Context // not changed once it is in use, like deadline
	deadline time.Time       // zero: the parent's

	armed atomic.Pointer[armedContext] // nil: nobody waits
	mu    sync.Mutex
	err   error       // how it ended while nobody waited
	over  atomic.Bool // err is set
	above bool        // it ended with its parent
}

// armedContext is a context of package context, which somebody waits for.
type armedContext struct {
	context.Context
	cancel context.CancelCauseFunc
	stop   context.CancelFunc // of its timer
}

// Start makes the context ready. A deadline of zero is the parent's.
func (c *Context) Start(parent context.Context, deadline time.Time) {
	c.parent, c.deadline = parent, deadline
}

// Deadline returns the earlier one of its own and its parent's.
func (c *Context) Deadline() (time.Time, bool) {
	parents, ok := c.parent.Deadline()
	if c.deadline.IsZero() || (ok && parents.Before(c.deadline)) {
		return parents, ok
	}
	return c.deadline, true
}

// Done starts the timer: from now on somebody waits.
//
// The channel of a deadline that has passed is closed at once.
func (c *Context) Done() <-chan struct{} { return c.arm().Done() }

// Err compares the deadline with the clock while nobody waits.
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

// Value returns the parent's value. Package context finds by one of them where it registers a child, and the cause of
// an end. Once somebody waits, or it has ended, these are the armed context's.
func (c *Context) Value(key any) any {
	if a := c.armed.Load(); a != nil {
		return a.Value(key)
	}
	if c.over.Load() {
		return c.arm().Value(key)
	}
	return c.parent.Value(key)
}

// Unprinted is a part of contexts. Printed field by field, they would be read while others write them, and would show
// the request.
type Unprinted struct{}

// String names the context, also for contexts that are made from it.
func (Unprinted) String() string { return "sallyport.Context" }

// Format prints the same for every verb: %#v would read the fields.
func (u Unprinted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// arm makes the context that somebody can wait for, once.
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
	// An own end must not turn into the parent's: whoever asks for the cause later would get the wrong
	// one.
	if c.err != nil && !c.above {
		a.Context = context.WithoutCancel(a.Context) // what has become of the parent since then does not matter
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

// Release ends the context where somebody waits. Otherwise there is nothing to free.
func (c *Context) Release() {
	if c.armed.Load() != nil {
		c.End(nil)
	}
}

// End ends the context with a cause. nil: the work is over. The first end stands.
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
