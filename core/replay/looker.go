package replay

import "context"

// Looker is a [Store] that can say what it knows without claiming anything. A guard with a journal uses it to find out
// which failed events were processed since, by the sender's own retry.
type Looker interface {
	Store
	// Look returns what is known of each key, in the order of the keys: InFlight with RetryAfter, Done with DoneAt and
	// Token, and the zero State where nothing is remembered. Conflict is never set, because no digest is given. It claims
	// nothing and lengthens nothing. What it returns can be out of date at once: decide by a Claim, never by a Look.
	//
	// Errors: [ErrClosed], or the engine's.
	Look(ctx context.Context, keys []Key) ([]Result, error)
}
