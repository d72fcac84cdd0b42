package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/sallyport-go/sallyport/core/replay"
)

var callRules = []rule{
	{
		name:        "a canceled context changes nothing",
		explanation: "a method returns when its context has ended, with the context's error",
		try: func(p *probe) {
			// A context that has ended already is the simplest case of a caller that has gone away. The checks at the
			// end show that no call had an effect: in particular the lease was not extended, so the key is free after
			// five half units.
			done, held, fresh := p.key(), p.key(), p.key()
			p.done(done, long)
			token := p.hold(2*p.unit, held) // a short lease, so that an Extend shows
			ctx, cancel := context.WithCancel(p.ctx)
			cancel()
			_, err := p.store.Claim(ctx, items(fresh), long)
			for call, err := range map[string]error{
				"Claim":  err,
				"Settle": p.store.Settle(ctx, []replay.Settlement{commit(held, token, long)}),
				"Extend": p.store.Extend(ctx, []replay.Held{{Key: held, Token: token}}, long),
				"Forget": p.store.Forget(ctx, []replay.Key{done}),
			} {
				if !errors.Is(err, context.Canceled) {
					p.failf("%s answered %v, want context.Canceled", call, err)
				}
			}
			if f, ok := p.store.(replay.DoneForgetter); ok {
				if err := f.ForgetDone(ctx, []replay.Key{done}); !errors.Is(err, context.Canceled) {
					p.failf("ForgetDone answered %v, want context.Canceled", err)
				}
			}
			p.want(replay.Claimed, fresh) // Claim had no effect
			p.want(replay.Done, done)     // Forget had none
			p.want(replay.InFlight, held) // Settle had none
			p.advance(5)                  // the lease was 2 units, and an Extend would have made it long
			p.want(replay.Claimed, held)
		},
	},
	{
		name:        "an empty batch succeeds",
		explanation: "a delivery with no events has nothing to claim, and that is not an error",
		try: func(p *probe) {
			// A store that builds a statement from the batch may build an invalid one from an empty batch.
			if results := p.claim(long); len(results) != 0 {
				p.failf("Claim of nothing answered %d results", len(results))
			}
			p.lost("Settle of nothing", nil, p.store.Settle(p.ctx, nil))                   // nil
			p.lost("Extend of nothing", nil, p.store.Extend(p.ctx, []replay.Held{}, long)) // empty, not nil
			p.lost("Forget of nothing", nil, p.store.Forget(p.ctx, nil))                   // nil again
		},
	},
	{
		name: "the slices of the caller are the caller's",
		explanation: "a store does not change the slices it is given, nor keep them: the caller may use them for " +
			"something else",
		try: func(p *probe) {
			// The slices are cleared after each call. A store that has kept one, such as a cache of claims, would see
			// zero keys.
			keys := p.someKeys(3)
			its := items(keys...)
			given := slices.Clone(its)
			results := p.claim(long, its...)
			p.same("Claim", slices.Equal(its, given))
			clear(its)

			settlements := []replay.Settlement{commit(keys[2], results[2].Token, long),
				release(keys[0], results[0].Token)}
			givenSettlements := slices.Clone(settlements)
			p.settle(settlements...)
			p.same("Settle", slices.Equal(settlements, givenSettlements))
			clear(settlements)

			claims := []replay.Held{{Key: keys[1], Token: results[1].Token}}
			givenClaims := slices.Clone(claims)
			p.extend(long, claims...)
			p.same("Extend", slices.Equal(claims, givenClaims))
			clear(claims)

			p.want(replay.Claimed, keys[0])                       // released by its batch, not kept as held
			p.want(replay.InFlight, keys[1])                      // the extension counts for this key
			p.want(replay.Done, keys[2])                          // and the commit for this one
			p.conflicts(replay.InFlight, p.claim(long, given[1])) // the digest of the claim was copied
			p.conflicts(replay.Done, p.claim(long, given[2]))     // that of the commit too

			forgotten := slices.Clone(keys)
			p.forget(forgotten...)
			p.same("Forget", slices.Equal(forgotten, keys))
		},
	},
	{
		name:        "a store has a scope",
		explanation: "a guard must know which processes share the memory: this one, or all that use one database",
		try: func(p *probe) {
			// The guard reads the scope once, so it must not change when the store is used.
			scope := p.store.Scope()
			if scope != replay.Process && scope != replay.Shared {
				p.failf("Scope answered %v", scope)
			}
			p.hold(long, p.key()) // the store is in use now
			if again := p.store.Scope(); again != scope {
				p.failf("Scope answered %v, and then %v", scope, again)
			}
		},
	},
	{
		name:        "a closed store does nothing more",
		explanation: "after Close every method returns ErrClosed, also for an empty batch; a second Close is no error",
		try: func(p *probe) {
			// The empty batch is included because stores answer it without their engine. A store that does work after
			// Close may use a pool that the app has closed.
			key := p.key()
			token := p.hold(long, key) // a claim that is never settled: Close must not wait for it
			for range 2 {
				if err := p.store.Close(); err != nil {
					p.failf("Close: %v", err)
				}
			}
			_, err := p.store.Claim(p.ctx, items(key, p.key()), long)
			_, errEmpty := p.store.Claim(p.ctx, nil, long)
			for call, err := range map[string]error{
				"Claim":            err,
				"Claim of nothing": errEmpty,
				"Settle":           p.store.Settle(p.ctx, []replay.Settlement{commit(key, token, long)}),
				"Release":          p.store.Settle(p.ctx, []replay.Settlement{release(key, token)}),
				"Extend":           p.store.Extend(p.ctx, []replay.Held{{Key: key, Token: token}}, long),
				"Forget":           p.store.Forget(p.ctx, []replay.Key{key}),
			} {
				if !errors.Is(err, replay.ErrClosed) {
					p.failf("%s answered %v, want ErrClosed", call, err)
				}
			}
			if f, ok := p.store.(replay.DoneForgetter); ok {
				if err := f.ForgetDone(p.ctx, []replay.Key{key}); !errors.Is(err, replay.ErrClosed) {
					p.failf("ForgetDone answered %v, want ErrClosed", err)
				}
			}
		},
	},
}

func (p *probe) same(call string, same bool) {
	if !same {
		p.failf("%s changed the slice it was given", call)
	}
}
