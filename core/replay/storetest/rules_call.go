package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/sallyport-go/sallyport/core/replay"
)

var callRules = []rule{
	{
		name:        "an ended context changes nothing",
		explanation: "a method gives up when its context has ended, and says so with the context's error",
		try: func(p *probe) {
			done, held, fresh := p.key(), p.key(), p.key()
			p.done(done, long)
			token := p.hold(2*p.unit, held)
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
			p.want(replay.Claimed, fresh)
			p.want(replay.Done, done)
			p.want(replay.InFlight, held)
			p.advance(5)
			p.want(replay.Claimed, held)
		},
	},
	{
		name:        "an empty batch succeeds",
		explanation: "a delivery with no events has nothing to claim, and that is not an error",
		try: func(p *probe) {
			if results := p.claim(long); len(results) != 0 {
				p.failf("Claim of nothing answered %d results", len(results))
			}
			p.lost("Settle of nothing", nil, p.store.Settle(p.ctx, nil))
			p.lost("Extend of nothing", nil, p.store.Extend(p.ctx, []replay.Held{}, long))
			p.lost("Forget of nothing", nil, p.store.Forget(p.ctx, nil))
		},
	},
	{
		name: "the slices of the caller are the caller's",
		explanation: "a store does not change the slices it is given, nor keep them: the caller may use them for " +
			"something else",
		try: func(p *probe) {
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

			p.want(replay.Claimed, keys[0])
			p.want(replay.InFlight, keys[1])
			p.want(replay.Done, keys[2])
			p.conflicts(replay.InFlight, p.claim(long, given[1]))
			p.conflicts(replay.Done, p.claim(long, given[2]))

			forgotten := slices.Clone(keys)
			p.forget(forgotten...)
			p.same("Forget", slices.Equal(forgotten, keys))
		},
	},
	{
		name:        "a store has a scope",
		explanation: "a guard asks who shares the store's memory: this process, or all that use one database",
		try: func(p *probe) {
			scope := p.store.Scope()
			if scope != replay.Process && scope != replay.Shared {
				p.failf("Scope answered %v", scope)
			}
			p.hold(long, p.key())
			if again := p.store.Scope(); again != scope {
				p.failf("Scope answered %v, and then %v", scope, again)
			}
		},
	},
	{
		name:        "a closed store does nothing more",
		explanation: "after Close every method answers ErrClosed, empty batches included; closing again is not an error",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(long, key)
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
		},
	},
}

func (p *probe) same(call string, same bool) {
	if !same {
		p.failf("%s changed the slice it was given", call)
	}
}
