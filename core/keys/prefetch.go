package keys

import (
	"errors"
	"time"
)

// prefetch starts to fetch a URL that has no value yet. It is for the start of a program, and is not counted. A failure
// is not remembered: the first delivery tries again.
func (c *cache[T]) prefetch(url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.items[url]
	switch {
	case c.closed || it != nil && (it.good || it.flight != nil):
		return
	case it == nil:
		it = &item[T]{used: c.now()}
		c.items[url] = it
	}
	c.start(url, it, c.now()).early = true
}

// prefetchFixed fetches the only URL. References to what is in the document do not matter.
func (c *cache[T]) prefetchFixed([]string) error {
	c.prefetch(c.fixed)
	return nil
}

// prefetchAll fetches the URLs that check allows, of them at most MaxEntries; without refs, only, where it is set.
func (c *cache[T]) prefetchAll(refs []string, only string, check func(string) error) error {
	var mistakes []error
	if len(refs) == 0 && only != "" {
		refs = []string{only}
	}
	if len(refs) > c.o.MaxEntries {
		mistakes = append(mistakes,
			fault(ErrNotAllowed, "%d keys are named and %d are kept (MaxEntries)", len(refs), c.o.MaxEntries))
		refs = refs[:c.o.MaxEntries]
	}
	for _, ref := range refs {
		if err := check(ref); err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		c.prefetch(ref)
	}
	return errors.Join(mistakes...)
}

// settle takes what a fetch gave.
func (c *cache[T]) settle(it *item[T], f *flight[T], value T, err error, begun time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it.flight, it.err = nil, err
	switch {
	case err == nil:
		it.value, it.good, it.had, it.fetched = value, true, true, begun
		c.evict(it)
	case f.early:
		it.err, it.attempted = nil, time.Time{}
	}
}
