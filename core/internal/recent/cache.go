// Package recent has a bounded cache that drops the value that was unused for longest.
package recent

import (
	"container/list"
	"sync"
)

// Cache keeps the most recently used values. It is only for values that can be made again: it may drop any of them. It
// is safe for concurrent use. Make it with [New].
type Cache[V any] struct {
	Most int // how many values it keeps; it must not be changed while the cache is in use

	mu    sync.Mutex
	at    map[string]*list.Element // by key; the elements hold *recentItem[V]
	order list.List                // the latest first
}

// recentItem is a value with its key, which remove needs.
type recentItem[V any] struct {
	key   string
	value V
}

// New returns an empty cache for at most most values.
func New[V any](most int) *Cache[V] {
	return &Cache[V]{Most: most, at: map[string]*list.Element{}}
}

// Get returns a value and counts it as used.
func (c *Cache[V]) Get(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[key]
	if e == nil {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*recentItem[V]).value, true // the list holds nothing else
}

// GetOrAdd returns a value and counts it as used. Where it is missing, it adds the one that fresh returns. fresh is
// called with the lock held, so it must be quick and must not use the cache.
func (c *Cache[V]) GetOrAdd(key string, fresh func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[key]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*recentItem[V]).value // the list holds nothing else
	}
	v := fresh()
	c.at[key] = c.order.PushFront(&recentItem[V]{key, v})
	for c.order.Len() > c.Most {
		c.remove(c.order.Back())
	}
	return v
}

// Drop removes a value, if it is there.
func (c *Cache[V]) Drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[key]; e != nil {
		c.remove(e)
	}
}

func (c *Cache[V]) remove(e *list.Element) {
	delete(c.at, e.Value.(*recentItem[V]).key) // the list holds nothing else
	c.order.Remove(e)
}

// Values returns all values, the latest first. It does not count them as used.
func (c *Cache[V]) Values() []V {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]V, 0, c.order.Len())
	for e := c.order.Front(); e != nil; e = e.Next() {
		out = append(out, e.Value.(*recentItem[V]).value) // the list holds nothing else
	}
	return out
}
