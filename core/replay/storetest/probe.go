package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// long is a duration that does not end while a rule runs.
const long = time.Hour

// probe calls a store. Its methods end the rule at the first result that is wrong, by a panic. So they must be called
// only in the goroutine of the rule.
type probe struct {
	ctx   context.Context
	store replay.Store
	h     Harness       // complete, see withDefaults
	unit  time.Duration // the harness's Unit
	keys  uint64        // how many keys were made

	open func(namespace string) replay.Store // opens another namespace of the same database; observe closes the store
}

// stop is the value of the panic with which a probe ends a rule.
type stop struct{ seen string }

// observe makes a store and tries it. It returns what the store did wrong, or "". A panic of the store itself is passed
// on.
func observe(t *testing.T, h Harness, capacity int, try func(*probe)) (seen string) {
	t.Helper()
	stores := []replay.Store{h.New(t, capacity)}
	open := func(namespace string) replay.Store {
		stores = append(stores, h.Namespace(t, namespace))
		return stores[len(stores)-1]
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			seen = r.seen
		default:
			panic(r)
		}
		// Closed also after a failure: a store may hold goroutines, which a bubble of synctest waits for.
		for _, store := range stores {
			if err := store.Close(); err != nil && seen == "" {
				seen = fmt.Sprintf("Close: %v", err)
			}
		}
	}()
	try(&probe{ctx: context.Background(), store: stores[0], h: h, unit: h.Unit, open: open})
	return ""
}

// neighbour returns a probe of a store with that namespace, in the same database. Its keys begin at the first again, so
// the two probes use the same ones.
func (p *probe) neighbour(namespace string) *probe {
	return &probe{ctx: p.ctx, store: p.open(namespace), h: p.h, unit: p.unit}
}

// failf ends the rule with what was seen.
func (p *probe) failf(format string, args ...any) {
	panic(stop{fmt.Sprintf(format, args...)})
}

// advance lets half units pass. Rules move in half units so that nothing expires at the instant of a call.
func (p *probe) advance(halves int) { p.h.Advance(time.Duration(halves) * p.unit / 2) }

// key returns a key that was not used before. Keys are hashes, as those of a guard, so that a store may rely on their
// bits being evenly spread.
func (p *probe) key() replay.Key {
	p.keys++
	return replay.Key(sum("key", p.keys))
}

// someKeys returns n keys that were not used before.
func (p *probe) someKeys(n int) []replay.Key {
	keys := make([]replay.Key, n)
	for i := range keys {
		keys[i] = p.key()
	}
	return keys
}

// sum returns the nth hash of a kind. Equal arguments give equal hashes, so that failures can be repeated.
func sum(kind string, n uint64) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(kind), n))
}

// item returns the item of a key with a digest of its own, always the same one.
func item(key replay.Key) replay.Item {
	return replay.Item{Key: key, Digest: replay.Digest(sha256.Sum256(key[:]))}
}

// items returns the items of keys, in their order.
func items(keys ...replay.Key) []replay.Item {
	its := make([]replay.Item, len(keys))
	for i, k := range keys {
		its[i] = item(k)
	}
	return its
}

// claim claims a batch. It must not fail, and there must be a result for each item.
func (p *probe) claim(lease time.Duration, its ...replay.Item) []replay.Result {
	results, err := p.store.Claim(p.ctx, its, lease)
	if err != nil {
		p.failf("Claim of %d items: %v", len(its), err)
	}
	if len(results) != len(its) {
		p.failf("Claim of %d items: %d results", len(its), len(results))
	}
	return results
}

// hold claims a key that must be free, and returns the token.
func (p *probe) hold(lease time.Duration, key replay.Key) replay.Token {
	r := p.claim(lease, item(key))[0]
	p.is(r, replay.Claimed)
	return r.Token
}

// want claims a key, and the result must have the given state. Where that is Claimed, the key is held afterwards.
func (p *probe) want(state replay.State, key replay.Key) replay.Result {
	r := p.claim(long, item(key))[0]
	p.is(r, state)
	return r
}

// is checks a result's state, and that exactly the fields of that state are set.
func (p *probe) is(r replay.Result, state replay.State) {
	if fault := faultOf(r, state); fault != "" {
		p.failf("Claim: %s", fault)
	}
}

// faultOf returns what is wrong with a result that should have the given state, or "". A field that is set in another
// state is a fault too: a caller may rely on it by mistake.
func faultOf(r replay.Result, state replay.State) string {
	switch {
	case r.State != state:
		return fmt.Sprintf("answered %v, want %v", r.State, state)
	case (r.Token != 0) != (state != replay.InFlight):
		return fmt.Sprintf("answered %v with token %d; a token is set, and not 0, exactly when the key was claimed "+
			"or is done", state, r.Token)
	case (r.RetryAfter > 0) != (state == replay.InFlight) || r.RetryAfter < 0:
		return fmt.Sprintf("answered %v with RetryAfter %v; it is set, and positive, exactly when the key is in flight",
			state, r.RetryAfter)
	case r.DoneAt.IsZero() != (state != replay.Done):
		return fmt.Sprintf("answered %v with DoneAt %v; it is set exactly when the key is done", state, r.DoneAt)
	case r.Conflict && state == replay.Claimed:
		return "answered claimed, and a conflict; there is no conflict with a claim that has expired"
	}
	return ""
}

func commit(key replay.Key, token replay.Token, ttl time.Duration) replay.Settlement {
	return replay.Settlement{Key: key, Token: token, Verdict: replay.Commit, TTL: ttl}
}

func release(key replay.Key, token replay.Token) replay.Settlement {
	return replay.Settlement{Key: key, Token: token, Verdict: replay.Release}
}

// settle settles a batch, which must succeed.
func (p *probe) settle(settlements ...replay.Settlement) {
	if err := p.store.Settle(p.ctx, settlements); err != nil {
		p.failf("Settle (%v): %v", settlements[0].Verdict, err)
	}
}

// done claims and commits a key, and returns the token.
func (p *probe) done(key replay.Key, ttl time.Duration) replay.Token {
	token := p.hold(long, key)
	p.settle(commit(key, token, ttl))
	return token
}

// loses settles a batch, in which exactly the claims of the given keys must be lost, in this order.
func (p *probe) loses(keys []replay.Key, settlements ...replay.Settlement) {
	p.lost("Settle", keys, p.store.Settle(p.ctx, settlements))
}

// lost checks the error of a call that must have lost exactly the claims of the given keys.
func (p *probe) lost(call string, keys []replay.Key, err error) {
	if fault := faultOfLost(keys, err); fault != "" {
		p.failf("%s: %s", call, fault)
	}
}

// faultOfLost returns what is wrong with an error that should name these keys as lost, or "". Without keys the error
// should be nil.
func faultOfLost(keys []replay.Key, err error) string {
	if len(keys) == 0 {
		if err != nil {
			return fmt.Sprintf("answered %v, want success", err)
		}
		return ""
	}
	var lost *replay.LeaseLostError
	switch {
	case !errors.As(err, &lost):
		return fmt.Sprintf("answered %v, want a LeaseLostError", err)
	case !errors.Is(err, replay.ErrLeaseLost):
		return "answered a LeaseLostError that is not ErrLeaseLost"
	case !slices.Equal(lost.Keys, keys):
		return fmt.Sprintf("LeaseLostError names %d keys, want %d, those that are lost, in the order given",
			len(lost.Keys), len(keys))
	}
	return ""
}

// refuses checks the error of a call with wrong arguments. It must not be one of the errors that callers handle: they
// would retry, or drop their claims, because of a mistake in the program.
func (p *probe) refuses(call string, err error) {
	switch {
	case err == nil:
		p.failf("%s succeeded", call)
	case errors.Is(err, replay.ErrLeaseLost), errors.Is(err, replay.ErrFull), errors.Is(err, replay.ErrClosed):
		p.failf("%s answered %v, which means something else to callers", call, err)
	}
}
