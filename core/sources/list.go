package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

const (
	defaultEvery = time.Hour
	leastEvery   = time.Minute     // providers limit requests: GitHub allows 60 an hour without credentials
	retryEvery   = 5 * time.Minute // after a failure, where Every is longer
)

// Config configures [Open].
type Config struct {
	// Document is where the list comes from. Required.
	Document Document
	// Every is the age at which the list is fetched again. Default one hour, at least one minute.
	Every time.Duration
	// Fallback is the list until the first fetch has succeeded, such as a fixed list (core.Networks). Open reads it
	// once. Default: none, and Open fails when the first fetch fails.
	Fallback Source
	// Transport sends the requests instead of our own transport, which connects only to public addresses and does not
	// use a proxy. The caller is then responsible for which addresses it connects to. It must honour the request's
	// context: Close waits for it. It must follow no redirect and must not decompress: an http.Transport with
	// DisableCompression does neither.
	Transport http.RoundTripper
	// ProxyFromEnvironment sends the requests through the proxy that HTTPS_PROXY and NO_PROXY name. The proxy resolves
	// the host, so the proxy must refuse private addresses. Default: no proxy.
	ProxyFromEnvironment bool
	// Now is the clock for the age of the list. It must be safe for concurrent use. Default: time.Now.
	Now func() time.Time
	// Logger receives failures. Default: slog.Default().
	Logger *slog.Logger
}

// List is a provider's list of source addresses that follows its document. It is a [Source]. It is safe for concurrent
// use. Make it with [Open]; the zero value has no document.
type List struct {
	doc       Document
	every     time.Duration
	transport http.RoundTripper
	now       func() time.Time
	logger    *slog.Logger
	life      context.Context // of the fetches; it has the values of Open's context and not its deadline
	end       context.CancelFunc
	running   sync.WaitGroup // the fetch goroutine, for Close

	mu       sync.Mutex
	set      *Set          // the last good list, or the fallback; not nil after Open
	status   Status        // Age is not kept here
	next     time.Time     // when to fetch again
	fetching chan struct{} // closed when the fetch under way is over; nil: none is
	closed   bool
}

// Status is the state of a list.
type Status struct {
	Document  string
	FetchedAt time.Time     // zero: never, the fallback is in use
	Age       time.Duration // since FetchedAt; 0 where that is zero
	Networks  int           // in the document; 0 while the fallback is in use
	Failures  int           // in a row, since the last success
	Err       error         // of the last attempt; nil if it succeeded
}

// ErrClosed is returned by a list that was closed.
var ErrClosed = errors.New("sallyport: the list of source addresses is closed")

var errNotOpen = errors.New("sallyport: the list of source addresses was not made by Open")

// Open fetches the list, and waits for it as long as ctx allows. Without a fallback it fails closed: a list that was
// never fetched is an error. Close the list when it is no longer used.
func Open(ctx context.Context, c Config) (*List, error) {
	l := &List{doc: c.Document, every: c.Every, transport: c.Transport, now: c.Now, logger: c.Logger}
	switch {
	case c.Document.read == nil:
		return nil, errors.New("sallyport: no document is configured; use one of package sources, such as " +
			"sources.GitHub()")
	case c.Document.err != nil:
		return nil, fmt.Errorf("sallyport: %w", c.Document.err)
	case c.Every == 0:
		l.every = defaultEvery
	case c.Every < leastEvery:
		return nil, fmt.Errorf("sallyport: Every is %s; it must be at least %s", c.Every, leastEvery)
	}
	switch own := (fetch.Options{Timeout: fetchTimeout}); {
	case c.Transport != nil && c.ProxyFromEnvironment:
		return nil, errors.New("sallyport: ProxyFromEnvironment does nothing next to a Transport, which chooses its " +
			"proxy itself")
	case c.Transport != nil:
	case c.ProxyFromEnvironment:
		l.transport = fetch.TransportThroughProxy(own)
	default:
		l.transport = fetch.Transport(own)
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.logger = cmp.Or(l.logger, slog.Default())
	if c.Fallback != nil {
		set, err := c.Fallback.Sources(ctx)
		if err != nil {
			return nil, fmt.Errorf("sallyport: Fallback: %w", err)
		}
		l.set = set
	}
	l.status.Document = c.Document.name
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := l.Refresh(ctx); err != nil && l.set == nil {
		l.stop() // not Close: a Transport that ignores its context must not hold up the caller
		return nil, err
	}
	return l, nil
}

// Sources returns the last good list without waiting. Where the list is older than Every, it starts one fetch in the
// background. A closed list fails closed: its deliveries are answered 503.
func (l *List) Sources(context.Context) (*Set, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.now == nil {
		return nil, errNotOpen
	}
	if l.fetching == nil && !l.now().Before(l.next) {
		l.begin()
	}
	return l.set, nil
}

// Refresh fetches the list now, or waits for a fetch that is under way, and returns its error. The last good list stays
// in use when it fails.
func (l *List) Refresh(ctx context.Context) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	if l.fetching == nil {
		l.begin()
	}
	done := l.fetching
	l.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status.Err
}

// begin starts a fetch. The caller must hold mu, and no other fetch must be under way.
func (l *List) begin() {
	done := make(chan struct{})
	l.fetching = done
	l.running.Go(func() {
		set, n, err := l.fetchSafely()
		if failed, is := l.settle(set, n, err); is {
			l.report(failed)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fetching = nil
		close(done)
	})
}

// report writes that a fetch has failed. mu must not be held: every delivery needs it, and a handler may be slow. It
// fails open: in this goroutine a panic of the handler would end the process.
func (l *List) report(failed Status) {
	defer func() { _ = recover() }()
	l.logger.Error("sallyport: the list of source addresses could not be fetched; the last good one stays in use",
		"document", failed.Document, "fetched_at", failed.FetchedAt, "failures", failed.Failures,
		"error", errors.Unwrap(failed.Err))
}

// fetchSafely fetches, and turns a panic of the caller's RoundTripper into an error. In this goroutine a panic would
// end the process: the caller's code cannot recover it.
func (l *List) fetchSafely() (set *Set, n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			set, n, err = nil, 0, fmt.Errorf("fetching panicked with a %T", v) // the value may hold credentials
		}
	}()
	return l.fetch(l.life)
}

// settle stores the result of a fetch. A failure keeps the last good list, which fails open for that list only: an
// empty one would refuse every genuine delivery. It returns a failure that is to be reported.
func (l *List) settle(set *Set, n int, err error) (failed Status, report bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = now.Add(l.every)
	if err != nil {
		l.next = now.Add(min(l.every, retryEvery))
		l.status.Failures++
		l.status.Err = fmt.Errorf("sallyport: source addresses of %s: %w", l.doc.name, err)
		return l.status, !l.closed
	}
	l.set = set
	l.status = Status{Document: l.doc.name, FetchedAt: now, Networks: n}
	return Status{}, false
}

// Status returns how old the list is and whether the last fetch failed.
func (l *List) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	if !s.FetchedAt.IsZero() {
		s.Age = l.now().Sub(s.FetchedAt)
	}
	return s
}

// Close cancels a fetch under way and waits for it. After that Sources returns [ErrClosed], and deliveries are answered
// 503. Close may be called more than once. It returns nil.
func (l *List) Close() error {
	l.stop()
	l.running.Wait()
	return nil
}

// stop cancels a fetch under way, and lets no other begin.
func (l *List) stop() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.end()
}
