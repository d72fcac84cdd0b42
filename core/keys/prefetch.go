package keys

import (
	"errors"
	"time"
)

// prefetch starts to fetch a URL that has no value yet. The program calls it, not a sender, so it does not count
// against an allowance. A failure is not remembered: the first delivery tries again.
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

// prefetchFixed fetches the only URL. It ignores references, which name keys inside of the document.
func (c *cache[T]) prefetchFixed([]string) error {
	c.prefetch(c.fixed)
	return nil
}

// prefetchAll fetches the refs that check allows, at most MaxEntries. Without refs it fetches only, if that is set. The
// error joins the refs that were not fetched; the others are.
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

// settle stores the result of a fetch. begun is its start: the age of a key counts from before the request, because the
// host may have withdrawn the key just after it answered. After a failure the old value stays.
func (c *cache[T]) settle(it *item[T], f *flight[T], value T, err error, begun time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it.flight, it.err = nil, err
	switch {
	case err == nil:
		it.value, it.good, it.had, it.fetched = value, true, true, begun
		c.evict(it)
	case f.early: // forgotten: a host that was down at start must not refuse the first deliveries for MinInterval
		it.err, it.attempted = nil, time.Time{}
	}
}
