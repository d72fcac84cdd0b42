// Package underway counts what runs in the background, so that somebody can wait for it.
package underway

import (
	"context"
	"sync"
)

// Count counts what is under way. A sync.WaitGroup does not do: it may not be begun and waited for at once. The zero
// value is ready. It is safe for concurrent use.
type Count struct {
	mu   sync.Mutex
	n    int           // runs that began and have not ended
	idle chan struct{} // closed when n is 0 again; nil: nobody waits
}

// Begin counts a run. The caller must call End once.
func (c *Count) Begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

// End takes a run off the count.
func (c *Count) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// Wait waits until nothing is under way, or until ctx ends.
func (c *Count) Wait(ctx context.Context) error {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
