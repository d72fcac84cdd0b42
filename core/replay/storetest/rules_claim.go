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
			// The result must have a token, and nothing else: see faultOf.
			for range 3 {
				p.hold(long, p.key())
			}
		},
	},
	{
		name:        "a claimed key is in flight for all others",
		explanation: "there is at most one holder of a key (I1), or an event is processed twice",
		try: func(p *probe) {
			// The second attempt shows that the first one did not take over the claim.
			key := p.key()
			p.hold(long, key)            // the holder
			p.want(replay.InFlight, key) // a second delivery
			p.want(replay.InFlight, key) // and a third
		},
	},
	{
		name:        "keys are compared in full",
		explanation: "two keys that differ in one bit are two events (I5)",
		try: func(p *probe) {
			// 256 keys that differ from the first one in a single bit. A store that cuts keys, or keeps only a hash of
			// a few bytes, finds some of them taken.
			key := p.key()
			its := []replay.Item{{Key: key}}
			for bit := range 8 * len(key) {
				its = append(its, replay.Item{Key: flip(key, bit)})
			}
			for _, r := range p.claim(long, its...) { // one large batch
				p.is(r, replay.Claimed)
			}
		},
	},
	{
		name:        "results come in the order of the items",
		explanation: "a caller treats result i as the answer to item i",
		try: func(p *probe) {
			// The batch mixes all three states. A store may claim first, read the rest later, and return the results in
			// another order. The tokens would then belong to the wrong keys: the settlement shows that.
			done, held, fresh, fresh2 := p.key(), p.key(), p.key(), p.key()
			p.done(done, long)                                            // known as done
			p.hold(long, held)                                            // known as held
			results := p.claim(long, items(fresh, done, fresh2, held)...) // new, done, new, held
			for i, want := range []replay.State{replay.Claimed, replay.Done, replay.Claimed, replay.InFlight} {
				p.is(results[i], want)
			}
			p.settle(commit(fresh, results[0].Token, long), release(fresh2, results[2].Token))
			p.want(replay.Done, fresh)     // by the first token
			p.want(replay.Claimed, fresh2) // by the third token
		},
	},
	{
		name:        "a key that comes twice in a batch is claimed once",
		explanation: "there is at most one holder of a key (I1), within a batch too; the second answer is InFlight",
		try: func(p *probe) {
			// The second item has the same digest, so it must not be reported as a conflict with the first.
			key, other := p.key(), p.key()
			results := p.claim(long, items(key, other, key)...) // first and third are the same
			p.is(results[0], replay.Claimed)
			p.is(results[1], replay.Claimed) // the item between is not affected
			p.is(results[2], replay.InFlight)
			if results[2].Conflict {
				p.failf("the second answer is a conflict, though the digests are equal")
			}
			p.settle(commit(key, results[0].Token, long)) // with the token of the first
			p.want(replay.Done, key)                      // the claim of the first item counts
		},
	},
	{
		name:        "two claims of a key never have the same token",
		explanation: "a token fences: it must differ between any two claims of a key, whatever became of the first",
		try: func(p *probe) {
			// The claim ends in each of the five ways in turn, twice. A counter that is kept with the key starts again
			// when the key is removed, and then an old holder's token matches.
			key := p.key()
			var seen []replay.Token
			ends := []func(replay.Token){
				func(token replay.Token) { p.settle(release(key, token)) },                     // by a release
				func(replay.Token) { p.forget(key) },                                           // by an operator
				func(token replay.Token) { p.settle(commit(key, token, long)); p.forget(key) }, // by both
				func(replay.Token) { p.advance(3) },                                            // by its expiry
				func(token replay.Token) { p.settle(commit(key, token, p.unit)); p.advance(3) },
			}
			for range 2 {
				for _, end := range ends {
					token := p.hold(p.unit, key) // a short lease, for the way by expiry
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
		explanation: "Conflict distinguishes a duplicate from another delivery with the same id; it is set when the " +
			"digest that was claimed differs in any bit",
		try: func(p *probe) {
			// 256 digests that differ from the first one in a single bit, both while the key is claimed and after its
			// commit. The second item of the batch has the same digest and must not conflict.
			first := item(p.key())
			its := []replay.Item{first, first}
			for bit := range 8 * len(first.Digest) {
				its = append(its, replay.Item{Key: first.Key,
					Digest: replay.Digest(flip(replay.Key(first.Digest), bit))})
			}
			results := p.claim(long, its...) // claims the first item, and compares the others
			p.is(results[0], replay.Claimed)
			p.conflicts(replay.InFlight, results[1:])               // within the batch
			p.conflicts(replay.InFlight, p.claim(long, its[1:]...)) // in a later call
			p.settle(commit(first.Key, results[0].Token, long))
			p.conflicts(replay.Done, p.claim(long, its[1:]...)) // after the commit
		},
	},
	{
		name:        "a new claim brings its own digest",
		explanation: "the remembered digest is that of the present claim, not that of an expired one",
		try: func(p *probe) {
			// A store that updates a row on a take-over may forget the column of the digest.
			first := item(p.key())
			second := replay.Item{Key: first.Key, Digest: replay.Digest(flip(replay.Key(first.Digest), 0))}
			p.is(p.claim(p.unit, first)[0], replay.Claimed) // the first digest
			p.advance(3)                                    // past the first lease
			r := p.claim(long, second)[0]
			p.is(r, replay.Claimed)
			p.conflicts(replay.InFlight, p.claim(long, second, first)) // the second digest counts, the first conflicts
			p.settle(release(first.Key, r.Token))                      // now by a release
			p.is(p.claim(long, first)[0], replay.Claimed)              // the first digest again
			p.conflicts(replay.InFlight, p.claim(long, first, second)) // and the second conflicts
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
