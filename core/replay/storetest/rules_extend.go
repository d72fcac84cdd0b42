package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var extendRules = []rule{
	{
		name:        "an extended claim lasts for the new lease from now",
		explanation: "a handler that is still at work keeps its claim (I1), and a dead one's ends (I3)",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(2*p.unit, key)
			p.advance(2)
			p.extend(3*p.unit, replay.Held{Key: key, Token: token})
			p.advance(4)
			p.want(replay.InFlight, key)
			p.advance(3)
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "an extended claim keeps its token",
		explanation: "the holder settles with the token it was given",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(p.unit, key)
			p.extend(5*p.unit, replay.Held{Key: key, Token: token})
			p.advance(4)
			p.settle(commit(key, token, long))
			p.want(replay.Done, key)
		},
	},
	{
		name:        "Extend never shortens a claim",
		explanation: "a late or short extension must not let somebody else in while the holder works (I1)",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(5*p.unit, key)
			p.extend(p.unit, replay.Held{Key: key, Token: token})
			p.advance(6)
			p.want(replay.InFlight, key)
			p.settle(commit(key, token, long))
		},
	},
	{
		name:        "a claim that is no longer held cannot be extended",
		explanation: "Extend answers as Settle does: whoever lost the claim changes nothing and is told so (I4)",
		try: func(p *probe) {
			ended, retaken, done, unknown := p.key(), p.key(), p.key(), p.key()
			tokenEnded, tokenRetaken := p.hold(p.unit, ended), p.hold(p.unit, retaken)
			p.advance(3)
			p.hold(2*p.unit, retaken)
			tokenDone := p.done(done, 2*p.unit)
			p.extendLoses([]replay.Key{ended, retaken, done, unknown},
				replay.Held{Key: ended, Token: tokenEnded}, replay.Held{Key: retaken, Token: tokenRetaken},
				replay.Held{Key: done, Token: tokenDone}, replay.Held{Key: unknown, Token: 1})
			p.want(replay.Claimed, ended)
			p.want(replay.InFlight, retaken)
			p.want(replay.Claimed, unknown)
			p.advance(5)
			p.want(replay.Claimed, retaken)
			p.want(replay.Claimed, done)
		},
	},
	{
		name:        "lost claims do not hold back the extension of others",
		explanation: "LeaseLostError names those that were lost, in the order given; all the others took effect",
		try: func(p *probe) {
			first, lost, last := p.key(), p.key(), p.key()
			token, token2 := p.hold(p.unit, first), p.hold(p.unit, last)
			p.extendLoses([]replay.Key{lost},
				replay.Held{Key: first, Token: token}, replay.Held{Key: lost, Token: 1},
				replay.Held{Key: last, Token: token2})
			p.advance(3)
			p.want(replay.InFlight, first)
			p.want(replay.InFlight, last)
		},
	},
}

func (p *probe) extend(lease time.Duration, claims ...replay.Held) {
	if err := p.store.Extend(p.ctx, claims, lease); err != nil {
		p.failf("Extend: %v", err)
	}
}

// extendLoses extends claims of which exactly those of the keys given must be lost.
func (p *probe) extendLoses(keys []replay.Key, claims ...replay.Held) {
	p.lost("Extend", keys, p.store.Extend(p.ctx, claims, long))
}
