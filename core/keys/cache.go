package keys

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// cache keeps the documents that were fetched from URLs. Everything that limits fetching is here. It is safe for
// concurrent use.
//
// There is no timer, and no goroutine besides the fetches: a delivery that needs a key starts the fetch that is due.
type cache[T any] struct {
	o         Options // complete, see withDefaults
	fixed     string  // the only URL, where there is one: no reference can cause more than one fetch in MinInterval
	load      func(ctx context.Context, url string) (T, error)
	ctx       context.Context // of all fetches; close cancels it
	cancel    context.CancelFunc
	wg        sync.WaitGroup // the fetches under way
	allowance allowance

	mu     sync.Mutex
	items  map[string]*item[T] // by URL; only URLs that the pin allows get here
	closed bool
}

// item is the state of one URL. The cache's mu guards it.
type item[T any] struct {
	value     T
	good      bool       // value is set, and not older than MaxStale
	had       bool       // value was set at some time; evict counts the item as a key
	proved    bool       // a proved sender has used it
	fetched   time.Time  // the start of the last successful fetch
	attempted time.Time  // the start of the last fetch; zero: the next one need not wait for MinInterval
	used      time.Time  // by a delivery
	err       error      // of the last attempt; nil: it succeeded
	flight    *flight[T] // the fetch under way; nil: none is
}

// flight is a fetch under way. Any number of deliveries wait for the same one.
type flight[T any] struct {
	ctx   context.Context
	done  chan struct{} // value and err are written before it is closed
	early bool          // started by prefetch; the cache's mu guards it
	value T
	err   error
}

// newCache makes a cache. fixed is the only URL that it will ever be called with, or empty.
func newCache[T any](o Options, fixed string, load func(context.Context, string) (T, error)) *cache[T] {
	ctx, cancel := context.WithCancel(context.Background())
	return &cache[T]{
		o: o, fixed: fixed, load: load, ctx: ctx, cancel: cancel,
		allowance: allowance{all: o.FetchesPerMinute}, items: map[string]*item[T]{},
	}
}

// now returns the time without its monotonic reading. The monotonic clock stands still while a machine sleeps, and keys
// would not age.
func (c *cache[T]) now() time.Time { return c.o.Now().Round(0) }

// since returns the time from then to now. After the clock was set back, it returns MaxAge: the value counts as due for
// a fetch, and not as younger than it is.
func (c *cache[T]) since(now, then time.Time) time.Duration {
	if d := now.Sub(then); d >= 0 {
		return d
	}
	return c.o.MaxAge
}

// get returns the value of url, and fetches it where needed. enough reports whether the value has the key that the
// delivery needs. If it does not, url is fetched again: once in MinInterval for all senders, and further within the
// sender's own allowance. Where neither allows a fetch, the value is returned as it is.
func (c *cache[T]) get(ctx context.Context, url string, enough func(T) bool) (T, error) {
	from := sender.From(ctx)
	value, own, err := c.try(ctx, url, enough, from)
	if err == nil && !own && !enough(value) {
		// Another delivery started that fetch, perhaps before the provider published the key that this one names. Only
		// the sender's allowance grants another fetch.
		value, _, err = c.try(ctx, url, enough, from)
	}
	return value, err
}

// try makes one attempt of get. own reports that no further fetch could help: this sender has started one itself, or
// has no allowance left.
func (c *cache[T]) try(
	ctx context.Context, url string, enough func(T) bool, from sender.Sender,
) (_ T, own bool, _ error) {
	c.mu.Lock()
	s := c.step(url, enough, from)
	c.mu.Unlock()
	f := s.flight
	if f == nil || s.err != nil {
		return s.value, true, s.err
	}
	select {
	case <-f.done:
	case <-f.ctx.Done():
	case <-ctx.Done():
	}
	// The result counts if it is there, even where the delivery's own context has ended in the same instant.
	var err error
	select {
	case <-f.done:
		err = f.err
	default:
		err = fault(ErrUnavailable, "fetching %s took too long", quote(url))
	}
	if err == nil {
		return f.value, s.own, nil
	}
	// Fails open up to MaxStale: while the host is down, the last good key still verifies genuine deliveries.
	if s.ok {
		return s.value, true, nil
	}
	return s.value, true, err
}

// step is the decision about one delivery: a value, an error, or a flight to wait for.
type step[T any] struct {
	value  T
	ok     bool       // value is enough: it serves if the flight fails
	flight *flight[T] // nil: there is nothing to wait for
	own    bool       // this sender started the flight
	err    error
}

// step decides between the value in memory, a wait for a fetch, and a refusal. It starts the fetch where one is due.
// The caller must hold mu.
func (c *cache[T]) step(url string, enough func(T) bool, from sender.Sender) step[T] {
	var none T
	if c.closed {
		return step[T]{err: fault(ErrUnavailable, "the source is closed")}
	}
	now := c.now()
	it := c.items[url]
	// Fails closed: a key that could not be fetched again for so long may have been withdrawn.
	if it != nil && it.good && c.since(now, it.fetched) >= c.o.MaxStale {
		it.value, it.good = none, false
	}
	if it == nil || !it.good {
		return c.first(url, it, now, from)
	}
	it.used = now
	it.proved = it.proved || from.Proved
	age, rested := c.since(now, it.fetched), c.since(now, it.attempted) >= c.o.MinInterval
	s := step[T]{value: it.value, ok: enough(it.value)}
	switch {
	case s.ok && age < c.o.MaxAge:
		// In the last quarter of its life the value is renewed in the background, so that no delivery has to wait.
		if age >= c.o.MaxAge/4*3 && rested && it.flight == nil {
			c.start(url, it, now)
		}
	case it.flight != nil:
		s.flight = it.flight
	// The value is too old, or lacks the key that the delivery names, and MinInterval allows a fetch for everybody.
	case rested:
		s.flight, s.own = c.start(url, it, now), true
	case s.ok: // too old, and the last fetch failed just now: it serves until MaxStale
	case c.mayRepeat(from, now):
		s.flight, s.own = c.start(url, it, now), true
	case it.err != nil:
		s.value, s.err = none, it.err
	}
	return s
}

// mayRepeat reports whether a sender may have a document fetched again within MinInterval, because the document lacks
// the key that the delivery names. Without this, one request in MinInterval with an invented kid would cause the first
// deliveries after a rotation to be refused as forged. It fails closed for a sender without an address: that one waits
// for MinInterval.
func (c *cache[T]) mayRepeat(from sender.Sender, now time.Time) bool {
	return from.Source.IsValid() && c.allowance.take(from, now)
}

// first decides about a URL that has no value. A first fetch counts against the sender's allowance, with two
// exceptions. A URL that had a value is not counted: there are few, and unverified senders must not keep it from coming
// back. The only URL of a source is not counted: MinInterval bounds its fetches.
func (c *cache[T]) first(url string, it *item[T], now time.Time, from sender.Sender) step[T] {
	switch {
	case it != nil && it.flight != nil:
		return step[T]{flight: it.flight}
	case it != nil && it.err != nil && c.since(now, it.attempted) < c.o.MinInterval:
		return step[T]{err: it.err}
	}
	// Fails closed for this sender. It is not remembered for the URL, so others may still have it fetched.
	if known := it != nil && it.had || url == c.fixed; !known && !c.allowance.take(from, now) {
		return step[T]{err: fault(ErrUnavailable, "too many unknown keys were named within a minute: the limit is %d "+
			"in all, half of it for senders that Config.Sources lists or that sent a genuine delivery lately, and %d "+
			"for each sender (FetchesPerMinute)", c.o.FetchesPerMinute, perSender)}
	}
	if it == nil {
		c.tidy(now)
		it = &item[T]{}
		c.items[url] = it
	}
	it.used = now
	it.proved = it.proved || from.Proved
	return step[T]{flight: c.start(url, it, now), own: true}
}

// tidy forgets failures after MinInterval, and the oldest one where there are too many. It keeps URLs that had a key:
// an invented URL must not displace a real one. The caller must hold mu.
func (c *cache[T]) tidy(now time.Time) {
	failures, oldest := 0, ""
	for url, it := range c.items {
		switch {
		case it.had || it.flight != nil:
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

// evict drops keys until there are at most MaxEntries: first those that no proved sender has used, then those that were
// unused for longest. A host also serves its keys of former years. A sender that names those must not displace the key
// in use. keep has just been fetched, and stays. The caller must hold mu.
func (c *cache[T]) evict(keep *item[T]) {
	for {
		count, oldest := 0, ""
		for url, it := range c.items {
			if !it.had {
				continue
			}
			count++
			if it != keep && it.flight == nil && (oldest == "" || it.goesBefore(c.items[oldest])) {
				oldest = url
			}
		}
		if count <= c.o.MaxEntries || oldest == "" {
			return
		}
		delete(c.items, oldest)
	}
}

// goesBefore reports whether evict drops it before other.
func (it *item[T]) goesBefore(other *item[T]) bool {
	if it.proved != other.proved {
		return other.proved
	}
	return it.used.Before(other.used)
}

// start begins a fetch of url. It uses a context of its own, because the delivery that caused the fetch may go away
// while others wait for it. The caller must hold mu, and there must be no other flight of the item.
func (c *cache[T]) start(url string, it *item[T], now time.Time) *flight[T] {
	ctx, cancel := context.WithTimeout(c.ctx, c.o.Timeout)
	f := &flight[T]{ctx: ctx, done: make(chan struct{})}
	it.attempted, it.flight = now, f
	c.wg.Go(func() {
		defer cancel()
		value, err := c.loadSafely(ctx, url)
		c.settle(it, f, value, err, now)
		f.value, f.err = value, err
		close(f.done)
	})
	return f
}

// loadSafely calls load, and turns a panic of the caller's RoundTripper into an error. In this goroutine a panic would
// end the process: the caller's code cannot recover it.
func (c *cache[T]) loadSafely(ctx context.Context, url string) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			// Only the type: the value may hold credentials of the transport.
			err = fault(ErrUnavailable, "fetching %s panicked with a %T", quote(url), p)
		}
	}()
	return c.load(ctx, url)
}

// close cancels the fetches under way and waits for them. No fetch starts after it.
func (c *cache[T]) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}
