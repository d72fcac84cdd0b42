package storetest

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/replay"
)

var claimRules = []rule{
	{
		name:        "a new key is claimed",
		explanation: "a key never seen is never reported as a duplicate (I5), or an event is lost",
		try: func(p *probe) {
			for range 3 {
				p.hold(long, p.key())
			}
		},
	},
	{
		name:        "a claimed key is in flight for everybody else",
		explanation: "there is at most one holder of a key (I1), or an event is processed twice",
		try: func(p *probe) {
			key := p.key()
			p.hold(long, key)
			p.want(replay.InFlight, key)
			p.want(replay.InFlight, key)
		},
	},
	{
		name:        "keys are compared whole",
		explanation: "two keys that differ in one bit are two events (I5)",
		try: func(p *probe) {
			key := p.key()
			its := []replay.Item{{Key: key}}
			for bit := range 8 * len(key) {
				its = append(its, replay.Item{Key: flip(key, bit)})
			}
			for _, r := range p.claim(long, its...) {
				p.is(r, replay.Claimed)
			}
		},
	},
	{
		name:        "results come in the order of the items",
		explanation: "a caller takes result i for the answer to item i",
		try: func(p *probe) {
			done, held, fresh, fresh2 := p.key(), p.key(), p.key(), p.key()
			p.done(done, long)
			p.hold(long, held)
			results := p.claim(long, items(fresh, done, fresh2, held)...)
			for i, want := range []replay.State{replay.Claimed, replay.Done, replay.Claimed, replay.InFlight} {
				p.is(results[i], want)
			}
			p.settle(commit(fresh, results[0].Token, long), release(fresh2, results[2].Token))
			p.want(replay.Done, fresh)
			p.want(replay.Claimed, fresh2)
		},
	},
	{
		name:        "a key that comes twice in a batch is claimed once",
		explanation: "there is at most one holder of a key (I1), within a batch too; the second answer is InFlight",
		try: func(p *probe) {
			key, other := p.key(), p.key()
			results := p.claim(long, items(key, other, key)...)
			p.is(results[0], replay.Claimed)
			p.is(results[1], replay.Claimed)
			p.is(results[2], replay.InFlight)
			if results[2].Conflict {
				p.failf("the second answer is a conflict, though the digests are equal")
			}
			p.settle(commit(key, results[0].Token, long))
			p.want(replay.Done, key)
		},
	},
	{
		name:        "two claims of a key never have the same token",
		explanation: "a token fences: it must differ between any two claims of a key, however the first one ended",
		try: func(p *probe) {
			key := p.key()
			var seen []replay.Token
			ends := []func(replay.Token){
				func(token replay.Token) { p.settle(release(key, token)) },
				func(replay.Token) { p.forget(key) },
				func(token replay.Token) { p.settle(commit(key, token, long)); p.forget(key) },
				func(replay.Token) { p.advance(3) },
				func(token replay.Token) { p.settle(commit(key, token, p.unit)); p.advance(3) },
			}
			for range 2 {
				for _, end := range ends {
					token := p.hold(p.unit, key)
					if slices.Contains(seen, token) {
						p.failf("the token %d was given twice", token)
					}
					seen = append(seen, token)
					end(token)
				}
			}
		},
	},
	{
		name: "another digest is a conflict",
		explanation: "Conflict tells a true duplicate from another delivery with the same id; it is set when the " +
			"digest that was claimed differs in any bit",
		try: func(p *probe) {
			first := item(p.key())
			its := []replay.Item{first, first}
			for bit := range 8 * len(first.Digest) {
				its = append(its, replay.Item{Key: first.Key,
					Digest: replay.Digest(flip(replay.Key(first.Digest), bit))})
			}
			results := p.claim(long, its...)
			p.is(results[0], replay.Claimed)
			p.conflicts(replay.InFlight, results[1:])
			p.conflicts(replay.InFlight, p.claim(long, its[1:]...))
			p.settle(commit(first.Key, results[0].Token, long))
			p.conflicts(replay.Done, p.claim(long, its[1:]...))
		},
	},
	{
		name:        "a new claim brings its own digest",
		explanation: "the digest that is remembered is the one of the claim that holds, not of one that ended before",
		try: func(p *probe) {
			first := item(p.key())
			second := replay.Item{Key: first.Key, Digest: replay.Digest(flip(replay.Key(first.Digest), 0))}
			p.is(p.claim(p.unit, first)[0], replay.Claimed)
			p.advance(3)
			r := p.claim(long, second)[0]
			p.is(r, replay.Claimed)
			p.conflicts(replay.InFlight, p.claim(long, second, first))
			p.settle(release(first.Key, r.Token))
			p.is(p.claim(long, first)[0], replay.Claimed)
			p.conflicts(replay.InFlight, p.claim(long, first, second))
		},
	},
}

// conflicts checks answers of which the first has the digest that is remembered, and the others have others.
func (p *probe) conflicts(state replay.State, results []replay.Result) {
	for i, r := range results {
		p.is(r, state)
		if r.Conflict != (i > 0) {
			p.failf("Claim of what is %v: Conflict is %v, want %v", state, r.Conflict, i > 0)
		}
	}
}

func (p *probe) forget(keys ...replay.Key) {
	if err := p.store.Forget(p.ctx, keys); err != nil {
		p.failf("Forget: %v", err)
	}
}

func flip(key replay.Key, bit int) replay.Key {
	key[bit/8] ^= 1 << (bit % 8)
	return key
}
