package keys

import (
	"context"
	"sync"
	"time"
)

// cache keeps what URLs gave. Everything that limits fetching is here.
//
// There is no timer and no goroutine but the fetches: what is due is found out when a delivery asks.
type cache[T any] struct {
	o      Options
	load   func(ctx context.Context, url string) (T, error)
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	items  map[string]*item[T]
	minute time.Time // when the running minute of the fetch limit began
	spent  int
	closed bool
}

type item[T any] struct {
	value     T
	good      bool // value is set
	fetched   time.Time
	attempted time.Time
	used      time.Time
	err       error // of the last attempt
	flight    *flight[T]
}

// flight is a fetch under way.
type flight[T any] struct {
	ctx   context.Context
	done  chan struct{} // value and err are written before it is closed
	value T
	err   error
}

func newCache[T any](o Options, load func(context.Context, string) (T, error)) *cache[T] {
	ctx, cancel := context.WithCancel(context.Background())
	return &cache[T]{o: o, load: load, ctx: ctx, cancel: cancel, items: map[string]*item[T]{}}
}

// now is the wall clock: the monotonic one stands still while a machine sleeps, and keys would not age.
func (c *cache[T]) now() time.Time { return c.o.Now().Round(0) }

// since never lets a clock that went backwards make something younger than it is.
func (c *cache[T]) since(now, then time.Time) time.Duration {
	if d := now.Sub(then); d >= 0 {
		return d
	}
	return c.o.MaxAge
}

// get returns what url gave, fetching it where needed. enough says whether the value has what is looked for; if not, it
// is fetched again, but not sooner than MinInterval after the last time: then the value is returned as it is.
func (c *cache[T]) get(ctx context.Context, url string, enough func(T) bool) (T, error) {
	c.mu.Lock()
	old, ok, f, err := c.step(url, enough)
	c.mu.Unlock()
	if f == nil || err != nil {
		return old, err
	}
	select {
	case <-f.done:
	case <-f.ctx.Done():
	case <-ctx.Done():
	}
	select {
	case <-f.done:
		err = f.err
	default:
		err = fault(ErrUnavailable, "fetching %s took too long", quote(url))
	}
	if err == nil {
		return f.value, nil
	}
	if ok {
		return old, nil // the last good one serves on
	}
	return old, err
}

// step decides, under the lock: a value, an error, or a flight to wait for. ok says that the value would do.
func (c *cache[T]) step(url string, enough func(T) bool) (value T, ok bool, f *flight[T], err error) {
	var none T
	if c.closed {
		return none, false, nil, fault(ErrUnavailable, "the source is closed")
	}
	now := c.now()
	it := c.items[url]
	known := it != nil && it.good
	if known && c.since(now, it.fetched) >= c.o.MaxStale {
		it.value, it.good = none, false
	}
	if it == nil || !it.good {
		f, err = c.first(url, it, known, now)
		return none, false, f, err
	}
	it.used = now
	age, rested := c.since(now, it.fetched), c.since(now, it.attempted) >= c.o.MinInterval
	ok = enough(it.value)
	switch {
	case ok && age < c.o.MaxAge:
		if age >= c.o.MaxAge/4*3 && rested && it.flight == nil {
			c.start(url, it, now)
		}
		return it.value, true, nil, nil
	case it.flight != nil:
		return it.value, ok, it.flight, nil
	case rested:
		return it.value, ok, c.start(url, it, now), nil
	case ok || it.err == nil:
		return it.value, ok, nil, nil
	default:
		return none, false, nil, it.err
	}
}

// first is for a URL that has no value. One that had a value is not counted: there are few of those, and a stranger who
// spends the limit must not keep them from coming back.
func (c *cache[T]) first(url string, it *item[T], known bool, now time.Time) (*flight[T], error) {
	switch {
	case it != nil && it.flight != nil:
		return it.flight, nil
	case it != nil && it.err != nil && c.since(now, it.attempted) < c.o.MinInterval:
		return nil, it.err
	}
	if !known && !c.spend(now) {
		return nil, fault(ErrUnavailable, "%d URLs without a known key were asked for within a minute (FetchesPerMinute)", c.o.FetchesPerMinute)
	}
	if it == nil {
		c.tidy(now)
		it = &item[T]{}
		c.items[url] = it
	}
	it.used = now
	return c.start(url, it, now), nil
}

func (c *cache[T]) spend(now time.Time) bool {
	if d := now.Sub(c.minute); d < 0 || d >= time.Minute {
		c.minute, c.spent = now, 0
	}
	if c.spent >= c.o.FetchesPerMinute {
		return false
	}
	c.spent++
	return true
}

// tidy forgets failures that have had their time, and the oldest where there are too many. Keys are not touched:
// nothing that was not fetched and accepted displaces one that was.
func (c *cache[T]) tidy(now time.Time) {
	failures, oldest := 0, ""
	for url, it := range c.items {
		switch {
		case it.good || it.flight != nil:
		case c.since(now, it.attempted) >= c.o.MinInterval:
			delete(c.items, url)
		default:
			failures++
			if oldest == "" || it.attempted.Before(c.items[oldest].attempted) {
				oldest = url
			}
		}
	}
	if failures >= 4*c.o.MaxEntries {
		delete(c.items, oldest)
	}
}

// evict forgets the keys that were not used for longest, beyond MaxEntries; keep is the one that just came.
func (c *cache[T]) evict(keep *item[T]) {
	for {
		count, oldest := 0, ""
		for url, it := range c.items {
			if !it.good {
				continue
			}
			count++
			if it != keep && it.flight == nil && (oldest == "" || it.used.Before(c.items[oldest].used)) {
				oldest = url
			}
		}
		if count <= c.o.MaxEntries || oldest == "" {
			return
		}
		delete(c.items, oldest)
	}
}

func (c *cache[T]) start(url string, it *item[T], now time.Time) *flight[T] {
	ctx, cancel := context.WithTimeout(c.ctx, c.o.Timeout)
	f := &flight[T]{ctx: ctx, done: make(chan struct{})}
	it.attempted, it.flight = now, f
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		defer cancel()
		value, err := c.loadSafely(ctx, url)
		c.mu.Lock()
		it.flight, it.err = nil, err
		if err == nil {
			it.value, it.good, it.fetched = value, true, now
			c.evict(it)
		}
		c.mu.Unlock()
		f.value, f.err = value, err
		close(f.done)
	}()
	return f
}

// loadSafely contains a panic of the caller's RoundTripper, which would otherwise end the process from a goroutine that
// nobody can recover.
func (c *cache[T]) loadSafely(ctx context.Context, url string) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault(ErrUnavailable, "fetching %s panicked: %v", quote(url), p)
		}
	}()
	return c.load(ctx, url)
}

func (c *cache[T]) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}
