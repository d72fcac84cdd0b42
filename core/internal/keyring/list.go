package keyring

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// state is the list of one tenant, or of all, as it changes.
//
// It lives as long as the tenant stays in the cache. Readers use the atomic pointers without the lock.
type state[T any] struct {
	tenant  string                        // empty without tenants
	current atomic.Pointer[List[T]]       // in force; nil: no list has been valid
	refused atomic.Pointer[refusal]       // of the newest list; nil: it is in force
	logged  atomic.Pointer[secrets.Fault] // the last failure of the source that was logged
	ledger  ledger

	mu sync.Mutex // held while a list is compiled
}

var errListRefused = errors.New("the list of secrets has mistakes, and there was no good one before")

// List is a valid list, compiled.
//
// It is immutable except for its atomic times. A delivery that holds one may finish with it after a
// newer list took effect: that is one verification, not one secret's lifetime.
type List[T any] struct {
	list  *secrets.List
	Keys  T
	state *state[T]
	validity
	reviewAt atomic.Int64 // when to look next for a secret that is not needed any more, in nanoseconds since 1970

	Unknown bool // a list of decoys, for unknown tenants: a match proves nothing
}

// stale reports whether the source has, or should have, a newer list than this one.
func (c *List[T]) stale() bool {
	return c.list.Fault() != nil || c.state.refused.Load() != nil
}

// refusal says why a list is not valid.
//
// since is by the system's clock, for reports. It is immutable, and the same list is not checked twice.
type refusal struct {
	list  *secrets.List
	text  string // without values
	since time.Time
}

// NewList returns a list of what no source of secrets gave, such as a key that was fetched.
func NewList[T any](keys T) *List[T] {
	c := &List[T]{list: &secrets.List{}, Keys: keys, state: &state[T]{}}
	c.begin(nil)
	return c
}

// Failure returns f, which says why nothing of the list matched. For an unknown tenant it says that instead.
//
// Every reason must be hidden so. A particular one would show an attacker which tenants exist.
func (c *List[T]) Failure(f fault.Failure, tenantFault string) fault.Failure {
	if c.Unknown {
		return UnknownTenant(reason.BadSignature, tenantFault)
	}
	return f
}

// trouble returns since when, and why, the list in force is not the newest. Zero: it is.
func (s *state[T]) trouble() (since time.Time, why string) {
	if r := s.refused.Load(); r != nil {
		return r.since, r.text
	}
	if c := s.current.Load(); c != nil {
		if f := c.list.Fault(); f != nil {
			return f.Since, httpfield.Clean(f.Err.Error())
		}
	}
	return time.Time{}, ""
}

// labelsOf returns the labels of a list, for logs.
func labelsOf(l *secrets.List) []string {
	out := make([]string, len(l.All()))
	for i, s := range l.All() {
		out[i] = s.Label()
	}
	return slices.Compact(out)
}
