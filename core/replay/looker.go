package replay

import "context"

// Looker is a [Store] that returns the state of keys without claiming them. A guard with a journal uses it to find out
// which failed events were processed since, by the sender's own retry.
type Looker interface {
	Store
	// Look returns the state of each key, in the order of the keys: InFlight with RetryAfter, Done with DoneAt and
	// Token, or the zero State where nothing is remembered. Conflict is never set, because no digest is given. Look
	// claims no key, and extends neither a lease nor a TTL.
	//
	// A result can be out of date at once. Never decide by a Look whether to process an event: only a Claim is atomic.
	//
	// Errors: [ErrClosed], or the engine's.
	Look(ctx context.Context, keys []Key) ([]Result, error)
}
