// Package txwatch lets core learn whether one receiver has used the SQL transaction that several of them share, without
// linking database/sql: package sqltx answers.
package txwatch

import "context"

// Key is what a context answers with a [Watchable] that has a transaction for receivers.
type Key struct{}

// Watchable makes contexts that watch.
type Watchable interface {
	// Watch returns a context, made from ctx, in which the same transaction is found, and what reports whether somebody
	// has asked for it there.
	Watch(ctx context.Context) (watched context.Context, used func() bool)
}

// Start watches what one receiver does. Without a transaction in ctx nothing is used.
func Start(ctx context.Context) (watched context.Context, used func() bool) {
	if w, ok := ctx.Value(Key{}).(Watchable); ok {
		return w.Watch(ctx)
	}
	return ctx, func() bool { return false }
}

// Watches reports whether Start can watch in ctx. False where ctx has no transaction, or one that nothing can watch.
func Watches(ctx context.Context) bool {
	_, ok := ctx.Value(Key{}).(Watchable)
	return ok
}
