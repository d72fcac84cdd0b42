package keys

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// cache keeps what URLs gave. Everything that limits fetching is here.
//
// There is no timer and no goroutine but the fetches: a delivery that needs a key starts what is due.
type cache[T any] struct {
	o         Options
	fixed     string // the only URL, where there is just one: no reference can cause more than one fetch in MinInterval
	load      func(ctx context.Context, url string) (T, error)
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	wg        sync.WaitGroup
	allowance allowance

	mu     sync.Mutex
	items  map[string]*item[T]
	closed bool
}

type item[T any] struct {
	value     T
	good      bool // value is set
	had       bool // it was set before, and may be too old by now
	proved    bool // a proved sender has used it
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
	early bool          // started by prefetch; the cache's mu guards it
	value T
	err   error
}

// newCache makes a cache. fixed is the only URL that it will ever be asked for, or empty.
func newCache[T any](o Options, fixed string, load func(context.Context, string) (T, error)) *cache[T] {
	ctx, cancel := context.WithCancel(context.Background())
	return &cache[T]{
		o: o, fixed: fixed, load: load, ctx: ctx, cancel: cancel,
		allowance: allowance{all: o.FetchesPerMinute}, items: map[string]*item[T]{},
	}
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

// get returns what url gave, fetching it where needed. enough reports whether the value has what the delivery needs. If
// not, it is fetched again: once in MinInterval for everybody, and in addition within the sender's own allowance. Where
// neither allows it, the value is returned as it is.
func (c *cache[T]) get(ctx context.Context, url string, enough func(T) bool) (T, error) {
	from := sender.From(ctx)
	value, own, err := c.try(ctx, url, enough, from)
	if err == nil && !own && !enough(value) {
		// Somebody else started that fetch, perhaps before the provider published what this delivery names. Only the
		// sender's allowance grants another one.
		value, _, err = c.try(ctx, url, enough, from)
	}
	return value, err
}

// try is one attempt of get. own reports that no further fetch could help: this sender has started one itself, or has
// nothing left to start one with.
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
	if s.ok {
		return s.value, true, nil // the last good one serves on
	}
	return s.value, true, err
}

// step is what a delivery gets: a value, an error, or a flight to wait for.
type step[T any] struct {
	value  T
	ok     bool // value is enough
	flight *flight[T]
	own    bool // this sender started the flight
	err    error
}

// step decides what a delivery gets. The caller must hold mu.
func (c *cache[T]) step(url string, enough func(T) bool, from sender.Sender) step[T] {
	var none T
	if c.closed {
		return step[T]{err: fault(ErrUnavailable, "the source is closed")}
	}
	now := c.now()
	it := c.items[url]
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
		if age >= c.o.MaxAge/4*3 && rested && it.flight == nil {
			c.start(url, it, now)
		}
	case it.flight != nil:
		s.flight = it.flight
	case rested:
		s.flight, s.own = c.start(url, it, now), true
	case s.ok:
	case c.mayRepeat(from, now):
		s.flight, s.own = c.start(url, it, now), true
	case it.err != nil:
		s.value, s.err = none, it.err
	}
	return s
}

// mayRepeat reports whether a sender may have a document fetched again within MinInterval, because it lacks the key
// that the delivery names. Without this, one request in MinInterval with an invented id would have the first deliveries
// after a rotation refused as forged. Senders that are not known wait for MinInterval.
func (c *cache[T]) mayRepeat(from sender.Sender, now time.Time) bool {
	return from.Source.IsValid() && c.allowance.take(from, now)
}

// first is for a URL that has no value. One that had a value is not counted: there are few of those, and unverified
// senders who use up the allowance must not keep them from coming back. Nor is the only URL of a source counted:
// MinInterval alone bounds its fetches.
func (c *cache[T]) first(url string, it *item[T], now time.Time, from sender.Sender) step[T] {
	switch {
	case it != nil && it.flight != nil:
		return step[T]{flight: it.flight}
	case it != nil && it.err != nil && c.since(now, it.attempted) < c.o.MinInterval:
		return step[T]{err: it.err}
	}
	// Not remembered for the URL: a refusal of one sender's fetch must not become one of everybody's.
	if known := it != nil && it.had || url == c.fixed; !known && !c.allowance.take(from, now) {
		return step[T]{err: fault(ErrUnavailable, "too many keys that are not known were asked for within a minute: "+
			"%d in all, of which half is for senders that Config.Sources lists or that sent a genuine delivery lately, "+
			"and %d for each sender (FetchesPerMinute)", c.o.FetchesPerMinute, perSender)}
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

// tidy forgets failures after MinInterval, and the oldest where there are too many. URLs that gave a key are kept:
// nothing that was not fetched and accepted displaces one that was.
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

// evict forgets the keys that were not used for longest, beyond MaxEntries, first of all those that no proved sender
// has used: a host serves keys of former years too, and whoever names those must not displace the one in use. keep is
// the one that just came.
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

func (it *item[T]) goesBefore(other *item[T]) bool {
	if it.proved != other.proved {
		return other.proved
	}
	return it.used.Before(other.used)
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
		c.settle(it, f, value, err, now)
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
			err = fault(ErrUnavailable, "fetching %s panicked with a %T", quote(url), p) // its text may hold anything
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
