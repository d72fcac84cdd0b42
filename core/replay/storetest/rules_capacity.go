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
			for i := range 4 {
				if key := p.key(); i%2 == 0 {
					p.hold(long, key)
				} else {
					p.done(key, long)
				}
			}
			p.full(p.key())
		},
	},
	{
		name:        "a full store forgets nothing",
		explanation: "no live key is evicted to make room (I8), or a flood of fresh events brings back the one to be replayed",
		capacity:    4,
		try: func(p *probe) {
			done, held := []replay.Key{p.key(), p.key()}, []replay.Key{p.key(), p.key()}
			p.done(done[0], long)
			token := p.hold(long, held[0])
			p.done(done[1], long)
			p.hold(long, held[1])
			for range 50 {
				p.full(p.key())
			}
			for i := range 2 {
				p.want(replay.Done, done[i])
				p.want(replay.InFlight, held[i])
			}
			p.settle(commit(held[0], token, long))
		},
	},
	{
		name:        "a batch that does not fit claims nothing",
		explanation: "ErrFull means that nothing was claimed; what the caller was not told of, nobody would settle",
		capacity:    4,
		try: func(p *probe) {
			known, keys := p.key(), p.someKeys(4)
			p.hold(long, known)
			p.full(keys...)
			p.full(append([]replay.Key{known}, keys...)...)
			p.full(append(keys, known)...)
			for _, key := range keys[:3] {
				p.hold(long, key)
			}
			p.want(replay.InFlight, known)
			p.full(keys[3])
		},
	},
	{
		name:        "a full store answers for what it knows",
		explanation: "known keys need no room: a duplicate gets its answer, and a holder can settle and extend",
		capacity:    3,
		try: func(p *probe) {
			done, held, other := p.key(), p.key(), p.key()
			p.done(done, long)
			p.hold(long, other)
			token := p.hold(p.unit, held)
			results := p.claim(long, items(held, done, held, other)...)
			for i, want := range []replay.State{replay.InFlight, replay.Done, replay.InFlight, replay.InFlight} {
				p.is(results[i], want)
			}
			p.extend(long, replay.Held{Key: held, Token: token})
			p.settle(commit(held, token, long))
			p.want(replay.Done, held)
			p.full(p.key())
		},
	},
	{
		name:        "a key that comes twice needs room once",
		explanation: "the second item of a key claims nothing and so needs no room",
		capacity:    2,
		try: func(p *probe) {
			key, other := p.key(), p.key()
			results := p.claim(long, items(key, key, other, other, key)...)
			for i, want := range []replay.State{replay.Claimed, replay.InFlight, replay.Claimed, replay.InFlight,
				replay.InFlight} {
				p.is(results[i], want)
			}
			p.full(p.key())
		},
	},
	{
		name:        "what has ended makes room",
		explanation: "a store refuses only when live keys fill it; a lease or a TTL that ended is not live (I8)",
		capacity:    4,
		try: func(p *probe) {
			kept, leased := p.key(), p.key()
			p.done(kept, long)
			p.hold(p.unit, leased)
			p.done(p.key(), p.unit)
			p.done(p.key(), p.unit)
			p.full(p.key())
			p.advance(3)
			// One of the ended keys comes back in the same batch.
			for _, r := range p.claim(p.unit, items(p.key(), leased, p.key())...) {
				p.is(r, replay.Claimed)
			}
			p.full(p.key())
			p.want(replay.Done, kept)
			p.advance(3)
			for _, r := range p.claim(long, items(p.someKeys(3)...)...) {
				p.is(r, replay.Claimed)
			}
			p.want(replay.Done, kept)
		},
	},
	{
		name:        "releasing and forgetting make room",
		explanation: "what is no longer remembered takes no room",
		capacity:    2,
		try: func(p *probe) {
			done, held := p.key(), p.key()
			p.done(done, long)
			token := p.hold(long, held)
			for range 5 {
				p.full(p.key())
				p.settle(release(held, token))
				held = p.key()
				token = p.hold(long, held)
				p.forget(done)
				done = p.key()
				p.done(done, long)
			}
			p.want(replay.Done, done)
			p.want(replay.InFlight, held)
		},
	},
	{
		name:        "a batch beyond the capacity is refused",
		explanation: "it can never fit; an empty store refuses it as a full one does, and claims nothing",
		capacity:    3,
		try: func(p *probe) {
			keys := p.someKeys(4)
			p.full(keys...)
			for _, r := range p.claim(time.Minute, items(keys[1:]...)...) {
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
