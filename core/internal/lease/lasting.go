package lease

import (
	"context"
	"time"
)

// Lasting is context.WithoutCancel as a part of what is allocated anyway. Start makes it ready.
type Lasting struct {
	Unprinted

	parent context.Context
}

// Start makes the context ready. It must not be called while the context is in use.
func (c *Lasting) Start(parent context.Context) { c.parent = parent }

// Deadline returns none.
func (*Lasting) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Done returns nil: it never ends.
func (*Lasting) Done() <-chan struct{} { return nil }

// Err returns nil, as Done.
func (*Lasting) Err() error { return nil }

// Value returns the parent's value, but for those by which package context finds how the parent ended.
func (c *Lasting) Value(key any) any { return context.WithoutCancel(c.parent).Value(key) }
