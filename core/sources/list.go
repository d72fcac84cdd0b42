package sources

import (
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
	leastEvery   = time.Minute
	retryEvery   = 5 * time.Minute // after a failure, where Every is longer
)

// Config is what [Open] takes.
type Config struct {
	// Document is where the list comes from. Required.
	Document Document
	// Every is how old the list may get before it is fetched again. Default one hour, at least one minute.
	Every time.Duration
	// Fallback is used until the document was fetched for the first time. Without it, Open fails when that fails.
	// core.Networks is a list that is written down.
	Fallback Source
	// Transport sends the requests instead of our own transport, which connects to public addresses only and uses no
	// proxy. Which addresses it connects to, and whether through a proxy, is then the caller's care. It must follow no
	// redirect and must not decompress: an http.Transport with DisableCompression does neither.
	Transport http.RoundTripper
	// ProxyFromEnvironment sends the requests through the proxy that HTTPS_PROXY and NO_PROXY name. The proxy resolves
	// the host, so it has to keep requests from private addresses. Default: no proxy.
	ProxyFromEnvironment bool
	// Now is the clock that ages are judged by. Default: time.Now.
	Now func() time.Time
	// Logger is told of failures. Default: slog.Default().
	Logger *slog.Logger
}

// List is a provider's list of source addresses that follows its document. It is a [sources.Source], and safe for
// concurrent use.
type List struct {
	doc       Document
	every     time.Duration
	transport http.RoundTripper
	now       func() time.Time
	logger    *slog.Logger
	life      context.Context
	end       context.CancelFunc
	running   sync.WaitGroup

	mu       sync.Mutex
	set      *Set
	status   Status
	next     time.Time // when it is to be fetched again
	fetching chan struct{}
	closed   bool
}

// Status says what a list knows.
type Status struct {
	Document  string
	FetchedAt time.Time // zero: never, the fallback is in use
	Age       time.Duration
	Networks  int
	Failures  int   // in a row, since the last success
	Err       error // of the last attempt; nil if it succeeded
}

// ErrClosed is returned by a list that was closed.
var ErrClosed = errors.New("sallyport: the list of source addresses is closed")

// Open fetches the list. Close it when it is no longer used.
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
	if l.logger == nil {
		l.logger = slog.Default()
	}
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
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// Sources returns the last good list, at once. Where that is older than Every, one fetch is begun in the background.
func (l *List) Sources(context.Context) (*Set, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
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

// begin starts the one fetch there is at a time. The lock is held.
func (l *List) begin() {
	done := make(chan struct{})
	l.fetching = done
	l.running.Add(1)
	go func() {
		defer l.running.Done()
		set, n, err := l.fetchSafely()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.settle(set, n, err)
		l.fetching = nil
		close(done)
	}()
}

// fetchSafely contains a panic of the caller's RoundTripper, which would otherwise end the process from a goroutine
// that nobody can recover.
func (l *List) fetchSafely() (set *Set, n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			set, n, err = nil, 0, fmt.Errorf("fetching panicked with a %T", v)
		}
	}()
	return l.fetch(l.life)
}

func (l *List) settle(set *Set, n int, err error) {
	now := l.now()
	l.next = now.Add(l.every)
	if err != nil {
		l.next = now.Add(min(l.every, retryEvery))
		l.status.Failures++
		l.status.Err = fmt.Errorf("sallyport: source addresses of %s: %w", l.doc.name, err)
		if !l.closed {
			l.logger.Error("sallyport: the list of source addresses could not be fetched; the last good one stays in use",
				"document", l.doc.name, "fetched_at", l.status.FetchedAt, "failures", l.status.Failures, "error", err)
		}
		return
	}
	l.set = set
	l.status = Status{Document: l.doc.name, FetchedAt: now, Networks: n}
}

// Status says how old the list is and what the last attempt came to.
func (l *List) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	if !s.FetchedAt.IsZero() {
		s.Age = l.now().Sub(s.FetchedAt)
	}
	return s
}

// Close ends what is under way and waits for it. From then on Sources returns [ErrClosed], and deliveries are answered
// 503.
func (l *List) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.end()
	l.running.Wait()
	return nil
}
