// Package recent is a bounded cache of what was asked for last.
package recent

import (
	"container/list"
	"sync"
)

// Cache keeps the values that were asked for most recently: a cache, which may forget what can be had again.
type Cache[V any] struct {
	Most int

	mu    sync.Mutex
	at    map[string]*list.Element // of recentItem[V]
	order list.List                // the latest first
}

type recentItem[V any] struct {
	key   string
	value V
}

func New[V any](most int) *Cache[V] {
	return &Cache[V]{Most: most, at: map[string]*list.Element{}}
}

// Get finds a value.
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

// GetOrAdd finds a value, or keeps a new one.
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

// Drop forgets a value.
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

// Values gives what is kept, the latest first.
func (c *Cache[V]) Values() []V {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]V, 0, c.order.Len())
	for e := c.order.Front(); e != nil; e = e.Next() {
		out = append(out, e.Value.(*recentItem[V]).value) // the list holds nothing else
	}
	return out
}
