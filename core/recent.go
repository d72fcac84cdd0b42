package core

import (
	"container/list"
	"sync"
)

// recent keeps the values that were asked for most recently: a cache, which may forget what can be had again.
type recent[V any] struct {
	most int

	mu    sync.Mutex
	at    map[string]*list.Element // of recentItem[V]
	order list.List                // the latest first
}

type recentItem[V any] struct {
	key   string
	value V
}

func newRecent[V any](most int) *recent[V] {
	return &recent[V]{most: most, at: map[string]*list.Element{}}
}

// get finds a value.
func (c *recent[V]) get(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[key]
	if e == nil {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*recentItem[V]).value, true // the list holds nothing else
}

// getOrAdd finds a value, or keeps a new one.
func (c *recent[V]) getOrAdd(key string, fresh func() V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[key]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*recentItem[V]).value // the list holds nothing else
	}
	v := fresh()
	c.at[key] = c.order.PushFront(&recentItem[V]{key, v})
	for c.order.Len() > c.most {
		c.remove(c.order.Back())
	}
	return v
}

// drop forgets a value.
func (c *recent[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[key]; e != nil {
		c.remove(e)
	}
}

func (c *recent[V]) remove(e *list.Element) {
	delete(c.at, e.Value.(*recentItem[V]).key) // the list holds nothing else
	c.order.Remove(e)
}

// values gives what is kept, the latest first.
func (c *recent[V]) values() []V {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]V, 0, c.order.Len())
	for e := c.order.Front(); e != nil; e = e.Next() {
		out = append(out, e.Value.(*recentItem[V]).value) // the list holds nothing else
	}
	return out
}
