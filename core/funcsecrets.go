package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// leastTTL keeps a function from being asked all the time.
const leastTTL = time.Second

// maxStrangers is how many tenants that are not known, or not yet, are remembered at a time.
const maxStrangers = 1024

// FuncSecrets is a [SecretSource] that asks a function. Make it with [SecretsFunc].
type FuncSecrets struct {
	fetch func(context.Context, string) ([]Secret, error)
	ttl   time.Duration
	limit time.Duration
	err   error // of the configuration

	known     *recent[*renewal]
	strangers *recent[*renewal] // asked apart, so that strangers neither push out nor delay who is known
	knownGate *lookGate
	otherGate *lookGate
}

// SecretsFunc asks a function, such as a client of a secret manager, and keeps what it gives for ttl, at least a second.
//
// The function gets a context with a deadline of five seconds, and the tenant, which is "" without [Config.Tenant]. For a
// tenant that it does not know it returns [ErrUnknownTenant], which is remembered for ten seconds. It is called by one
// goroutine at a time for each tenant, by at most 16 for all, and again ahead of the end of ttl, beside the deliveries;
// after a pause a delivery waits for it. It must be safe for concurrent use.
//
// When it fails, panics, never returns, or gives no secret, the last good list stays in force, for as long as [FuncSecrets.RefuseAfter]
// allows, and the guards that use it say so in their log, records and health. Its error must not hold a secret.
func SecretsFunc(fetch func(ctx context.Context, tenant string) ([]Secret, error), ttl time.Duration) *FuncSecrets {
	s := &FuncSecrets{
		fetch: fetch, ttl: ttl,
		known: newRecent[*renewal](maxTenants), strangers: newRecent[*renewal](maxStrangers),
		knownGate: newLookGate(), otherGate: newLookGate(),
	}
	switch {
	case fetch == nil:
		s.err = errors.New("SecretsFunc has no function")
	case ttl < leastTTL:
		s.err = fmt.Errorf("SecretsFunc keeps what it is given for %s; it must be at least %s", ttl, leastTTL)
	}
	return s
}

// RefuseAfter returns a source that gives no list older than d, so that deliveries are answered 503: for secrets that must
// not be accepted when nobody can say whether they were revoked. Default: the last good list is kept.
func (s *FuncSecrets) RefuseAfter(d time.Duration) *FuncSecrets {
	out := SecretsFunc(s.fetch, s.ttl)
	out.limit = d
	if out.err == nil && d < s.ttl {
		out.err = fmt.Errorf("RefuseAfter is %s; a list is looked up again after %s only, so it must be longer", d, s.ttl)
	}
	return out
}

// Lookup answers from memory, or waits for the function: at the first time, and where nothing has asked for a while.
func (s *FuncSecrets) Lookup(ctx context.Context, tenant string) (*SecretList, error) {
	if s.err != nil {
		return nil, s.err
	}
	r, known := s.known.get(tenant)
	if !known {
		r = s.strangers.getOrAdd(tenant, func() *renewal { return s.renewal(tenant) })
	}
	list, err := r.get(ctx)
	switch {
	case err == nil && !known:
		s.known.getOrAdd(tenant, func() *renewal { return r })
		s.strangers.drop(tenant)
	case known && errors.Is(err, ErrUnknownTenant):
		s.strangers.getOrAdd(tenant, func() *renewal { return r })
		s.known.drop(tenant)
	}
	return list, err
}

func (s *FuncSecrets) renewal(tenant string) *renewal {
	r := &renewal{
		soft: s.ttl / 5 * 4, hard: s.ttl, patience: time.Second, limit: s.limit,
		look: func(ctx context.Context) ([]Secret, bool, error) {
			secrets, err := s.fetch(ctx, tenant)
			return secrets, false, err
		},
	}
	r.gate = func() *lookGate {
		if _, known := s.known.get(tenant); known {
			return s.knownGate
		}
		return s.otherGate
	}
	return r
}

// Format shows nothing of what the function gave, whatever the verb.
func (s *FuncSecrets) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sallyport.SecretsFunc") }
