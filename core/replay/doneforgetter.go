package replay

import (
	"context"
	"fmt"
	"time"
)

// DoneForgetter is a [Store] that can forget what is done and keep what is in flight, in one atomic step for each key.
// core.Guard.Forget uses it: to forget a claim lets the event run a second time while the first run is at work.
//
// For a store without this method the guard finds out by a claim of its own whether a key is in flight. Between that
// claim and [Store].Forget a delivery may begin, if somebody else forgets the same key in that moment.
type DoneForgetter interface {
	Store
	// ForgetDone removes what is remembered of the keys that are done. A key that is claimed keeps its claim. A key
	// that is not remembered is not an error.
	//
	// Errors: [*InFlightError] for the keys that are claimed (the others took effect), [ErrClosed], or the engine's (it
	// is unknown what took effect; call again).
	ForgetDone(ctx context.Context, keys []Key) error
}

// InFlightError is returned by ForgetDone when some of the keys are claimed. Those were not forgotten.
type InFlightError struct {
	Keys []Key // in the order given
	// RetryAfter is the time until the last of their leases expires, unless a holder extends it.
	RetryAfter time.Duration
}

// Add adds keys that are in flight, the last of whose leases expires after retryAfter. It is for stores.
func (e *InFlightError) Add(retryAfter time.Duration, keys ...Key) {
	e.Keys = append(e.Keys, keys...)
	e.RetryAfter = max(e.RetryAfter, retryAfter)
}

// ErrorOrNil returns the error, or nil where no key was added.
func (e *InFlightError) ErrorOrNil() error {
	if len(e.Keys) == 0 {
		return nil
	}
	return e
}

// Error returns a text with the number of keys. It does not print the keys.
func (e *InFlightError) Error() string {
	return fmt.Sprintf("replay: %d of the keys given are in flight, and were not forgotten; the last of their leases "+
		"expires in %s", len(e.Keys), max(e.RetryAfter.Round(time.Millisecond), time.Millisecond))
}
