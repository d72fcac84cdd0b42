// Package replay defines the store in which a guard remembers the events that it has seen. So no event is processed
// twice.
//
//	guard, err := core.New(core.Config{
//		Provider: provider.GitHub(),
//		Secrets:  secrets.FromEnv("GITHUB_WEBHOOK_SECRET"),
//		Replay:   memstore.New(), // or redisstore, or sqlstore
//	})
//
// # Claim, then settle
//
// A guard that has proved a delivery claims the identity of each event in it before the app's code runs:
//
//	(absent) ──Claim──▶ claimed(token, lease) ──Settle(Commit)──▶ done(TTL) ──TTL expires──▶ (absent)
//	                       │        │
//	                       │        └──Settle(Release)──▶ (absent): the sender's retry may run
//	                       └──lease expires──▶ claimable again, under a new token
//
// A claim of a key that is done returns [Done]. A claim of a key that another delivery is working on returns
// [InFlight]. The token fences: a holder that has lost its claim can no longer settle it.
//
// # What a store promises
//
// The invariants are executable: package storetest runs them against any Store. In short:
//
//   - A key has at most one live claim.
//   - A committed key is not claimed again before its TTL expires.
//   - A live identity is never evicted to make room. A full store refuses, which fails closed.
//   - A stale token changes nothing.
//
// # A store of your own
//
// example_store_test.go in this package's folder is a whole store to copy, and the page of package storetest begins
// with all of its tests. A guard does more with a store that has the methods of [Looker], [DoneForgetter],
// [DigestReader], [Digester], [Versioned] or [Transactor] as well. [Roster] is there to be embedded.
//
// # What a store learns
//
// Keys and digests are SHA-256 values. No event id, secret or address reaches a store, and no body but that of a
// [Digester], which only hashes it.
//
// The markers of an endpoint are the exception. Their digests hold the provider that the endpoint's name belongs to,
// and the versions that were written (see core.Guard.TakeOver). They are committed for decades.
package replay

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Key is the identity of an event in one endpoint: a SHA-256 value made by the guard from authenticated bytes.
type Key [32]byte

// Digest is the SHA-256 of the event that an identity came with, or what a [Digester] has made of it. It distinguishes
// a true duplicate from a [Result.Conflict].
type Digest [32]byte

// Token fences one claim of one key. It is opaque, never zero, and differs between any two claims of the same key.
type Token uint64

// Item is one identity to claim.
type Item struct {
	Key    Key
	Digest Digest
}

// State is the state of a key at the moment of a claim.
type State uint8

// The states that a claim can return. The zero State is not one of them, which fails closed: a Result that was not
// filled in is not a claim.
const (
	// Claimed: the caller now holds the key until the lease expires, and must settle it.
	Claimed State = iota + 1
	// InFlight: another delivery holds the key. Nothing was claimed.
	InFlight
	// Done: the key was committed and its TTL has not expired. Nothing was claimed.
	Done
)

// String returns the state's name, for logs.
func (s State) String() string {
	if s >= Claimed && s <= Done {
		return [...]string{Claimed: "claimed", InFlight: "in_flight", Done: "done"}[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Result answers one [Item].
type Result struct {
	State State
	// Conflict is set when State is InFlight or Done and the digest remembered with the key differs from the item's.
	Conflict bool
	// Token is set when State is Claimed or Done. With Done it is the token that the key was committed with: a caller
	// that kept its own token can so recognise its own commit.
	Token Token
	// RetryAfter is set when State is InFlight: the time until the present lease expires.
	RetryAfter time.Duration
	// DoneAt is set when State is Done: the time of the commit. It is only for people, and may be of another clock.
	DoneAt time.Time
}

// Verdict is the outcome of a claim.
type Verdict uint8

// The verdicts. The zero Verdict is neither of them. A store refuses it, which fails closed.
const (
	// Commit remembers the key as done for the settlement's TTL.
	Commit Verdict = iota + 1
	// Release forgets the claim, so that the sender's retry may claim it.
	Release
)

// String returns the verdict's name, for logs.
func (v Verdict) String() string {
	if v >= Commit && v <= Release {
		return [...]string{Commit: "commit", Release: "release"}[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Settlement is the outcome of one claim, for Settle.
type Settlement struct {
	Key     Key
	Token   Token
	Verdict Verdict
	// TTL is how long a committed key is remembered. A Commit must have a positive one. Release ignores it.
	TTL time.Duration
}

// Held names one live claim.
type Held struct {
	Key   Key
	Token Token
}

// Scope is the set of processes that share a store's memory.
type Scope uint8

// The scopes.
const (
	// Process: only this process. A restart forgets.
	Process Scope = iota + 1
	// Shared: every process that uses the same database or file, also one after the other. What a restart does not
	// forget is Shared.
	Shared
)

// String returns the scope's name, for logs.
func (s Scope) String() string {
	if s >= Process && s <= Shared {
		return [...]string{Process: "process", Shared: "shared"}[s]
	}
	return fmt.Sprintf("Scope(%d)", uint8(s))
}

// Errors that callers of a Store distinguish. Any other error means that the store failed, and that it is unknown what
// took effect.
var (
	// ErrFull is returned by Claim when there is no room for every new item. Nothing was claimed. It fails closed: a
	// store never makes room by forgetting a live key.
	ErrFull = errors.New("replay: the store is full")
	// ErrLeaseLost is wrapped by [*LeaseLostError].
	ErrLeaseLost = errors.New("replay: the claim is no longer held")
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("replay: the store is closed")
)

// LeaseLostError is returned by Settle and Extend when some of the claims are no longer held with the given token: the
// lease has expired, another delivery has claimed the key since, or an operator had it forgotten. Those claims changed
// nothing. All the others took effect.
type LeaseLostError struct {
	Keys []Key // in the order given
}

// Error returns a text with the number of claims. It does not print the keys.
func (e *LeaseLostError) Error() string {
	return fmt.Sprintf("%v: %d of the claims given", ErrLeaseLost, len(e.Keys))
}

// Unwrap returns [ErrLeaseLost].
func (e *LeaseLostError) Unwrap() error { return ErrLeaseLost }

// Store remembers identities. Every method must be safe for concurrent use and treat its batch in one round trip. It
// must not keep or change the slices it is given, and must return when ctx ends. An empty batch succeeds and does
// nothing.
//
// Time is the store's own: leases and TTLs are durations, never instants of the caller's clock. So the clocks of
// several processes need not agree. Each may be as long as a [time.Duration] can be: the nanoseconds since 1970 and
// such a TTL overflow an int64.
type Store interface {
	// Claim tries to claim each item atomically. The results are in the order of the items. Items do not depend on each
	// other: some may be claimed while others are done. A key that comes twice is claimed once, and the second result
	// is InFlight. The claims expire after lease, which must be positive.
	//
	// Errors: [ErrFull] (nothing was claimed), [ErrClosed], or the engine's. After an engine's error the caller must
	// assume that it holds no claim. Claims that the engine did make expire with the lease.
	Claim(ctx context.Context, items []Item, lease time.Duration) ([]Result, error)

	// Settle records the outcome of claims. A key that is done cannot be released, not even by its own holder. A
	// settlement that is not well-formed fails the whole batch before anything takes effect.
	//
	// It is idempotent: a caller that did not get the answer repeats the settlement with the same token. A repeated
	// Commit succeeds while the key is remembered. A Release succeeds while no other delivery has claimed the key, also
	// a repeated one and one after the lease: the key is free, which is its purpose. The repetition must not change
	// DoneAt or the expiry of the TTL.
	//
	// Errors: [*LeaseLostError] for claims that are no longer held (the others took effect), [ErrClosed], or the
	// engine's (it is unknown what took effect; call again).
	Settle(ctx context.Context, settlements []Settlement) error

	// Extend makes live claims last for lease, which must be positive, from now. It never shortens a claim.
	//
	// Errors: as Settle.
	Extend(ctx context.Context, claims []Held, lease time.Duration) error

	// Forget removes whatever is remembered of the keys, done or claimed. The next delivery of such an event runs
	// again, also while the holder of a forgotten claim is still at work: see [DoneForgetter]. That holder can no
	// longer commit or extend its claim. Forgetting an unknown key is not an error.
	Forget(ctx context.Context, keys []Key) error

	// Scope returns which processes share this store's memory.
	Scope() Scope

	// Close releases the resources of the store. Closing twice is not an error.
	Close() error
}

// Transactor is a [Store] that can write "done" in the app's own database transaction. The app's writes and "done" are
// then one atomic step: both are there, or neither is.
type Transactor interface {
	Store
	// Transaction prepares a transaction for the claims, which are still held without it. The app gets the transaction
	// from the returned context, through a function of the store's package. It begins only then, on that context: when
	// the context ends, the transaction is rolled back.
	Transaction(ctx context.Context, claims []Held, ttl time.Duration) (context.Context, Transaction)
}

// Transaction is the transaction of one signal. The guard calls its methods after the signal has returned. The app must
// not call them.
type Transaction interface {
	// Begun reports whether the app used the transaction. If it did not, the guard settles the claims with Settle.
	Begun() bool
	// Commit writes "done" for the claims in the transaction, and commits it. If a claim is no longer held, it rolls
	// back and returns a [*LeaseLostError], which fails closed: another delivery may have done the work. After any
	// other error it is unknown whether the transaction took effect; if it did, it did as a whole.
	Commit(ctx context.Context) error
	// Rollback undoes the app's writes. The claims stay held until they are settled.
	Rollback() error
}

// Breakable is a [Transaction] that reports whether the database has given it up, because a statement in it failed. A
// guard asks before it gives an event up for good (core.Permanent): what cannot be committed any more is rolled back,
// and the event is settled without it.
type Breakable interface {
	Transaction
	// Broken reports whether a Commit cannot succeed any more. It is false where none has begun.
	Broken(ctx context.Context) bool
}
