package lease

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Immediate is a store in this process's memory, whose calls wait for nobody. They need no context and no time limit:
// the clock that a context asks, and the memory of results, cost as much as the store's own work.
type Immediate interface {
	replay.Store
	// ClaimNow is Claim. It writes the results into a list of as many as there are items.
	ClaimNow(items []replay.Item, lease time.Duration, results []replay.Result) error
	// SettleNow is Settle.
	SettleNow(settlements []replay.Settlement) error
	// Self returns the store itself. A type that embeds it has all these methods as well, and may have a Claim or a
	// Settle of its own.
	Self() replay.Store
}

// Use sets the store. It must be called before the rules are used.
func (r *Rules) Use(s replay.Store) {
	r.Store, r.immediate = s, nil
	// Fails closed: a store that is embedded in another one must not be called behind its back.
	if im, ok := s.(Immediate); ok && !Embeds(s) {
		r.immediate = im
	}
}

// Embeds reports whether a store has the methods of another one that is embedded in it, as far as that shows: the outer
// one may have a Claim of its own, and keep what the inner one knows nothing of.
func Embeds(s replay.Store) bool {
	inner, ok := s.(interface{ Self() replay.Store })
	return ok && inner.Self() != s
}
