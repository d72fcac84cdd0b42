// Package replay defines where a guard remembers what it has already seen, so that no event is processed twice.
//
// # Claim, then settle
//
// A guard that has proved a delivery claims the identity of each event in it before the app's code runs:
//
//	(absent) ──Claim──▶ claimed(token, lease) ──Settle(Commit)──▶ done(TTL) ──TTL ends──▶ (absent)
//	                       │        │
//	                       │        └──Settle(Release)──▶ (absent): the sender's retry may run
//	                       └──lease ends──▶ claimable again, under a new token
//
// A claim of something done answers [Done]; a claim of something that another delivery is working on answers
// [InFlight]. A token fences: whoever lost the claim can no longer settle it.
//
// # What a store promises
//
// The invariants are executable: package storetest runs them against any Store. In short: at most one live claim a
// key; what was committed is never claimed again before its TTL ends; a live identity is never evicted to make room
// (a store that is full refuses); a stale token changes nothing.
//
// # What a store learns
//
// Keys and digests are SHA-256 values, but for the markers of an endpoint, whose digests say which provider the
// endpoint's name belongs to and which versions were written (see core.Guard.TakeOver). They are committed for decades.
// No event id, body, secret or address reaches a store.
package replay

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Key is the identity of an event in one endpoint: a SHA-256 value made by the guard from authenticated bytes.
type Key [32]byte

// Digest is the SHA-256 of the delivery an identity came with; it tells a true duplicate from a [Result.Conflict].
type Digest [32]byte

// Token fences one claim of one key. It is opaque, never zero, and differs between any two claims of the same key.
type Token uint64

// Item is one identity to be claimed.
type Item struct {
	Key    Key
	Digest Digest
}

// State is what a store knows of a key at the moment of a claim.
type State uint8

// The states a claim can answer. The zero State is none of them, so that a Result nobody filled in is not a claim.
const (
	// Claimed: the caller now holds the key until the lease ends, and must settle it.
	Claimed State = iota + 1
	// InFlight: somebody else holds the key; nothing was claimed.
	InFlight
	// Done: the key was committed and its TTL has not ended; nothing was claimed.
	Done
)

// String returns the state's name, for logs.
func (s State) String() string {
	switch s {
	case Claimed:
		return "claimed"
	case InFlight:
		return "in_flight"
	case Done:
		return "done"
	default:
		return fmt.Sprintf("State(%d)", uint8(s))
	}
}

// Result answers one [Item].
type Result struct {
	State State
	// Conflict is set when State is InFlight or Done and the digest remembered with the key differs from the item's.
	Conflict bool
	// Token is set when State is Claimed, and when it is Done: then it is the token that the key was committed with, so
	// that whoever noted it can tell its own commit from another's.
	Token Token
	// RetryAfter is set when State is InFlight: how long the present lease still runs.
	RetryAfter time.Duration
	// DoneAt is set when State is Done: when the key was committed.
	DoneAt time.Time
}

// Verdict is how a claim ends.
type Verdict uint8

// The verdicts. The zero Verdict is neither, and a store refuses it.
const (
	// Commit remembers the key as done for the settlement's TTL.
	Commit Verdict = iota + 1
	// Release forgets the claim, so that the sender's retry may claim it.
	Release
)

// String returns the verdict's name, for logs.
func (v Verdict) String() string {
	switch v {
	case Commit:
		return "commit"
	case Release:
		return "release"
	default:
		return fmt.Sprintf("Verdict(%d)", uint8(v))
	}
}

// Settlement ends one claim.
type Settlement struct {
	Key     Key
	Token   Token
	Verdict Verdict
	// TTL is how long a committed key is remembered; a Commit with a TTL that is not positive is refused. Release
	// ignores it.
	TTL time.Duration
}

// Held names one live claim.
type Held struct {
	Key   Key
	Token Token
}

// Scope says who shares a store's memory.
type Scope uint8

// The scopes.
const (
	// Process: only this process remembers; a restart forgets.
	Process Scope = iota + 1
	// Shared: every process that uses the same database remembers.
	Shared
)

// String returns the scope's name, for logs.
func (s Scope) String() string {
	switch s {
	case Process:
		return "process"
	case Shared:
		return "shared"
	default:
		return fmt.Sprintf("Scope(%d)", uint8(s))
	}
}

// Errors that callers of a Store tell apart. Any other error means that the store could not do its work, and the
// caller knows nothing about what took effect.
var (
	// ErrFull is returned by Claim when there is no room for every item that is new; then nothing was claimed.
	// A store never makes room by forgetting a live key.
	ErrFull = errors.New("replay: the store is full")
	// ErrLeaseLost is wrapped by [*LeaseLostError].
	ErrLeaseLost = errors.New("replay: the claim is no longer held")
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("replay: the store is closed")
)

// LeaseLostError is returned by Settle and Extend when some of the claims are no longer held with the token given:
// their lease ran out, somebody else claimed the key since, or an operator forgot it. Those changed nothing; all the
// others took effect.
type LeaseLostError struct {
	Keys []Key // in the order given
}

// Error counts the claims; keys are not printed.
func (e *LeaseLostError) Error() string {
	return fmt.Sprintf("%v: %d of the claims given", ErrLeaseLost, len(e.Keys))
}

// Unwrap returns [ErrLeaseLost].
func (e *LeaseLostError) Unwrap() error { return ErrLeaseLost }

// Store remembers identities. Every method is safe for concurrent use, treats its batch in one round trip, does not
// keep or change the slices it is given, and gives up when ctx ends. An empty batch succeeds and does nothing.
//
// Time is the store's own: leases and TTLs are durations, never instants of the caller's clock.
type Store interface {
	// Claim tries to claim each item atomically and answers in the order of the items. Items do not depend on each
	// other: some may be claimed while others are done. A key that comes twice is claimed once; the second answers
	// InFlight. The claims end by themselves when lease, which must be positive, has passed.
	//
	// Errors: [ErrFull] (nothing was claimed), [ErrClosed], or the engine's. After any other error the caller holds
	// nothing it may rely on; what the engine did claim ends with its lease.
	Claim(ctx context.Context, items []Item, lease time.Duration) ([]Result, error)

	// Settle ends claims. It is idempotent: a settlement repeated with the same token, because the answer to the
	// first attempt was lost, succeeds again (a Commit while the key is remembered; a Release while nobody else has
	// claimed the key). The repetition changes nothing: a store must not move DoneAt or the end of the TTL. What is
	// done cannot be released, not even by its own holder. A settlement that is not well-formed fails the whole batch
	// before anything takes effect.
	//
	// Errors: [*LeaseLostError] for claims that are no longer held (the others took effect), [ErrClosed], or the
	// engine's (unknown what took effect; call again).
	Settle(ctx context.Context, settlements []Settlement) error

	// Extend makes live claims last for lease, which must be positive, from now. It never shortens a claim.
	//
	// Errors: as Settle.
	Extend(ctx context.Context, claims []Held, lease time.Duration) error

	// Forget removes whatever is remembered of the keys, done or claimed, so that the next delivery runs again. A
	// holder of a forgotten claim can no longer commit or extend it. Forgetting an unknown key is not an error.
	Forget(ctx context.Context, keys []Key) error

	// Scope says who shares this store's memory.
	Scope() Scope

	// Close releases what the store holds. Closing twice is not an error.
	Close() error
}

// Transactor is a [Store] that can write "done" in the app's own database transaction, so that the app's writes and
// "done" are one atomic step: both are there, or neither is.
type Transactor interface {
	Store
	// Transaction prepares a transaction for the claims, which stay claimed by themselves. The context it returns is
	// the one from which the app asks the store's package for the transaction; none is begun before it does. The
	// transaction is begun on that context: when it ends, the transaction is rolled back.
	Transaction(ctx context.Context, claims []Held, ttl time.Duration) (context.Context, Transaction)
}

// Transaction is one signal's. The guard calls its methods once the signal has returned; they are not for the app.
type Transaction interface {
	// Begun says whether the app asked for the transaction. Where it did not, the claims are settled by Settle.
	Begun() bool
	// Commit writes "done" for the claims in the transaction and commits it. It returns a [*LeaseLostError], and rolls
	// back, if any of the claims is no longer held. After any other error nobody knows whether it took effect; what did
	// take effect did so as a whole.
	Commit(ctx context.Context) error
	// Rollback undoes what the app wrote. The claims stay held until they are settled.
	Rollback() error
}
