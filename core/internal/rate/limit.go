// Package rate counts what sources send, for each tenant by itself.
package rate

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/buckets"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/limit"
)

// timeout is how long a shared limiter may take.
const timeout = time.Second

// Limit is one thing that is counted for each source.
type Limit struct {
	own    *buckets.Table[key]
	shared limit.Limiter
	prefix string // of the shared limiter's keys
	failed func(error)
}

// New returns a limit of perSecond and burst for each source, which this process counts. If shared is not nil, that
// counts in its place, at its own rate, under keys that begin with prefix. While it fails this process counts, and
// failed is called each time.
func New(perSecond float64, burst int, shared limit.Limiter, prefix string, failed func(error)) *Limit {
	return &Limit{buckets.New[key](perSecond, burst, buckets.Most), shared, prefix, failed}
}

// IsShared reports whether a limiter of the app's own counts, which may take a while.
func (l *Limit) IsShared() bool { return l.shared != nil }

// key is what is counted by. The tenant is one that is known, or empty. Requests whose source is unknown have the zero
// address, and share one key.
type key struct {
	tenant string
	source netip.Addr
}

// String returns a text that no other key has: an address holds no bar.
func (k key) String() string {
	if k.tenant == "" {
		return k.source.String()
	}
	return k.source.String() + "|" + k.tenant
}

// Allow takes n from what the source may send, and reports whether it was there, or else when it will be. n may be 0:
// then it takes nothing.
func (l *Limit) Allow(
	ctx context.Context, tenant string, source netip.Addr, n int, now time.Time,
) (ok bool, retryAfter time.Duration) {
	if n == 0 && l.shared == nil && l.own.Untouched() {
		return true, 0 // the usual state
	}
	of := key{tenant, sender.Key(source)}
	if l.shared != nil {
		// Bounded, and detached: a sender that hangs up is counted all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		ok, retryAfter, err := l.ask(ctx, of, n)
		if err == nil {
			return ok, retryAfter
		}
		l.failed(err)
		now = time.Now() // it may have taken a while not to answer
	}
	return l.own.Allow(of, n, now)
}

// ask calls the limiter of the app's own, and contains its panic.
func (l *Limit) ask(ctx context.Context, of key, n int) (ok bool, retryAfter time.Duration, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("it panicked with a %T", v) // its text may hold anything
		}
	}()
	return l.shared.Allow(ctx, l.prefix+of.String(), n)
}
