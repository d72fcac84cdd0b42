package core

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

const unguardedDetail = "a signal on a request that no guard proved: mount Verify before it, or use Handle"

const (
	signalUnguarded  = "sallyport: a signal on a request that no guard proved; nothing ran"
	signalsUnguarded = "sallyport: more signals on requests that no guard proved since; nothing ran"
)

// unguarded fails closed: nothing ran. There is no guard to report it, and it is a mistake in how the app is put
// together.
func unguarded() *Reply {
	return rejectionReply(Rejection{
		Reason: reason.NotVerified, Status: reason.NotVerified.Status(), detail: unguardedDetail, cause: ErrNotVerified,
	})
}

// unguardedLog writes to the default logger that requests reached signals without a proof. Whoever finds the route can
// cause that: the first in a minute has a line, further ones are counted, and the count is written within a minute.
// There is no Flush, because no guard knows of the mistake.
type unguardedLog struct {
	mu    sync.Mutex  // guards the fields below
	since time.Time   // of the last line
	count int         // requests since that line
	timer *time.Timer // writes the count; nil: never needed so far
}

// take counts a request. pattern is the route's, where net/http knows it; a path could hold a token.
func (u *unguardedLog) take(r *http.Request, now time.Time) {
	u.mu.Lock()
	line := u.count == 0 && (u.since.IsZero() || now.Sub(u.since) >= logEvery)
	if line {
		u.since = now
	} else if u.count++; u.count == 1 {
		after := max(0, logEvery-now.Sub(u.since))
		if u.timer == nil {
			u.timer = time.AfterFunc(after, u.report)
		} else {
			u.timer.Reset(after)
		}
	}
	u.mu.Unlock()
	if line {
		u.write(context.WithoutCancel(r.Context()), signalUnguarded,
			slog.String("reason", string(reason.NotVerified)), slog.Int("status", reason.NotVerified.Status()),
			slog.String("route", httpfield.Clean(r.Pattern)), slog.String("detail", unguardedDetail))
	}
}

// report writes the count.
func (u *unguardedLog) report() {
	u.mu.Lock()
	count, since := u.count, u.since
	u.count, u.since = 0, time.Now()
	u.mu.Unlock()
	if count > 0 {
		u.write(context.Background(), signalsUnguarded, slog.String("reason", string(reason.NotVerified)),
			slog.Int("count", count), slog.Time("since", since), slog.String("detail", unguardedDetail))
	}
}

// write contains a panic of the app's handler: it must not reach the request.
func (u *unguardedLog) write(ctx context.Context, message string, attrs ...slog.Attr) {
	defer func() { _ = recover() }() // there is nowhere to report it
	// The default logger, because only a guard has a configured one.
	slog.Default().LogAttrs(ctx, slog.LevelError, message, attrs...)
}
