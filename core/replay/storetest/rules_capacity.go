package storetest

import (
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var capacityRules = []rule{
	{
		name:        "the whole capacity can be used, and no more",
		explanation: "a store of a capacity holds that many live keys (I8)",
		capacity:    4,
		try: func(p *probe) {
			// Claimed and done keys take the same room. An off-by-one error shows at the fourth key or at the fifth.
			for i := range 4 {
				if key := p.key(); i%2 == 0 {
					p.hold(long, key) // claimed keys
				} else {
					p.done(key, long) // and done ones
				}
			}
			p.full(p.key()) // the fifth
		},
	},
	{
		name: "a full store forgets nothing",
		explanation: "no live key is evicted to make room (I8): a flood of fresh events would push out the one that " +
			"is to be replayed",
		capacity: 4,
		try: func(p *probe) {
			// 50 attempts are enough to push out four keys from any cache with a least-recently-used policy. Oldest and
			// newest keys, claimed and done ones, must all stay.
			done, held := []replay.Key{p.key(), p.key()}, []replay.Key{p.key(), p.key()}
			p.done(done[0], long) // the oldest
			token := p.hold(long, held[0])
			p.done(done[1], long)
			p.hold(long, held[1]) // the newest
			for range 50 {
				p.full(p.key())
			}
			for i := range 2 {
				p.want(replay.Done, done[i])     // neither the oldest nor the newest is gone
				p.want(replay.InFlight, held[i]) // nor a claim
			}
			p.settle(commit(held[0], token, long)) // its holder can still finish
		},
	},
	{
		name:        "a batch that does not fit claims nothing",
		explanation: "ErrFull means that nothing was claimed: the caller would not settle claims that it does not know",
		capacity:    4,
		try: func(p *probe) {
			// The known key is first, last, or absent: a store may check the room only for the first item, or count
			// known keys as new ones. The three holds afterwards show that the refused batches have left nothing
			// behind.
			known, keys := p.key(), p.someKeys(4)
			p.hold(long, known)                             // one of four places
			p.full(keys...)                                 // four new keys, three places
			p.full(append([]replay.Key{known}, keys...)...) // with a known key first
			p.full(append(keys, known)...)                  // with a known key last
			for _, key := range keys[:3] {
				p.hold(long, key) // one by one they fit
			}
			p.want(replay.InFlight, known) // the refused batches did not touch it
			p.full(keys[3])                // now the store is full
		},
	},
	{
		name:        "a full store still answers for known keys",
		explanation: "known keys need no room: a duplicate gets its answer, and a holder can settle and extend",
		capacity:    3,
		try: func(p *probe) {
			// Holders must be able to finish: otherwise a full store could only become free again when the leases
			// expire.
			done, held, other := p.key(), p.key(), p.key()
			p.done(done, long)
			p.hold(long, other)
			token := p.hold(p.unit, held)                               // a lease that needs an extension
			results := p.claim(long, items(held, done, held, other)...) // all known, held twice
			for i, want := range []replay.State{replay.InFlight, replay.Done, replay.InFlight, replay.InFlight} {
				p.is(results[i], want)
			}
			p.extend(long, replay.Held{Key: held, Token: token}) // an extension needs no room
			p.settle(commit(held, token, long))                  // nor does a commit
			p.want(replay.Done, held)                            // the commit took effect in a full store
			p.full(p.key())                                      // it is as full as before
		},
	},
	{
		name:        "a key that comes twice needs room once",
		explanation: "the second item of a key claims nothing and so needs no room",
		capacity:    2,
		try: func(p *probe) {
			// There is room for exactly the two different keys of a batch of five.
			key, other := p.key(), p.key()
			results := p.claim(long, items(key, key, other, other, key)...) // three items of one key, two of another
			for i, want := range []replay.State{replay.Claimed, replay.InFlight, replay.Claimed, replay.InFlight,
				replay.InFlight} {
				p.is(results[i], want)
			}
			p.full(p.key()) // two keys, not five
		},
	},
	{
		name:        "expired keys make room",
		explanation: "a store refuses only when live keys fill it; an expired lease or TTL is not live (I8)",
		capacity:    4,
		try: func(p *probe) {
			// Three of the four places expire, a lease and two TTLs. A store that removes expired keys only in the
			// background, or only when they are claimed again, is still full here.
			kept, leased := p.key(), p.key()
			p.done(kept, long)      // live for the whole rule
			p.hold(p.unit, leased)  // expires as a lease
			p.done(p.key(), p.unit) // expires as a TTL
			p.done(p.key(), p.unit)
			p.full(p.key()) // four live keys
			p.advance(3)    // past the unit of the other three
			// One of the expired keys comes back in the same batch.
			for _, r := range p.claim(p.unit, items(p.key(), leased, p.key())...) { // two new keys and an expired one
				p.is(r, replay.Claimed)
			}
			p.full(p.key())                                               // full again
			p.want(replay.Done, kept)                                     // the long TTL was not cut short
			p.advance(3)                                                  // past the second leases
			for _, r := range p.claim(long, items(p.someKeys(3)...)...) { // three new keys, after those leases
				p.is(r, replay.Claimed)
			}
			p.want(replay.Done, kept) // it is the only one that never expired
		},
	},
	{
		name:        "releasing and forgetting make room",
		explanation: "what is no longer remembered takes no room",
		capacity:    2,
		try: func(p *probe) {
			// Repeated five times, because a store may leak a place each time and start with a few to spare.
			done, held := p.key(), p.key()
			p.done(done, long)
			token := p.hold(long, held)
			for range 5 {
				p.full(p.key())                // full before each round
				p.settle(release(held, token)) // a place is free
				held = p.key()
				token = p.hold(long, held) // and taken again
				p.forget(done)             // a place is free by another way
				done = p.key()
				p.done(done, long) // and taken again
			}
			p.want(replay.Done, done)     // the last round's keys are there
			p.want(replay.InFlight, held) // and the claim too
		},
	},
	{
		name:        "a batch beyond the capacity is refused",
		explanation: "it can never fit; an empty store refuses it as a full one does, and claims nothing",
		capacity:    3,
		try: func(p *probe) {
			// The store is empty, so only the size of the batch can be the reason.
			keys := p.someKeys(4)
			p.full(keys...)                                                 // one more than fits
			for _, r := range p.claim(time.Minute, items(keys[1:]...)...) { // three of the four fit
				p.is(r, replay.Claimed)
			}
		},
	},
}

// full claims keys for which there must be no room.
func (p *probe) full(keys ...replay.Key) {
	results, err := p.store.Claim(p.ctx, items(keys...), long)
	if !errors.Is(err, replay.ErrFull) {
		p.failf("Claim of %d keys in a full store: %v, want ErrFull", len(keys), err)
	}
	for _, r := range results {
		if r.State == replay.Claimed {
			p.failf("Claim in a full store answered ErrFull and a claim")
		}
	}
}
