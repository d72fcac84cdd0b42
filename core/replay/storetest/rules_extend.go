package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var extendRules = []rule{
	{
		name:        "an extended claim lasts for the new lease from now",
		explanation: "a receiver that is still at work keeps its claim (I1), and that of a dead one expires (I3)",
		try: func(p *probe) {
			// The new lease counts from the extension, at 1 unit: it lasts until 4, and not until 5, which would be the
			// sum of both leases.
			key := p.key()
			token := p.hold(2*p.unit, key)                          // until 2 units
			p.advance(2)                                            // 1 of 2 units
			p.extend(3*p.unit, replay.Held{Key: key, Token: token}) // at 1 unit, until 4
			p.advance(4)                                            // 3 units: past the first lease
			p.want(replay.InFlight, key)                            // the extension counts
			p.advance(3)                                            // 4.5 units: past the extension
			p.want(replay.Claimed, key)                             // it did not count from the end of the first lease
		},
	},
	{
		name:        "an extended claim keeps its token",
		explanation: "the holder settles with the token it was given",
		try: func(p *probe) {
			// The commit comes after the first lease would have expired.
			key := p.key()
			token := p.hold(p.unit, key)                            // until 1 unit
			p.extend(5*p.unit, replay.Held{Key: key, Token: token}) // until 5 units
			p.advance(4)                                            // past the first lease
			p.settle(commit(key, token, long))                      // at 2 units
			p.want(replay.Done, key)                                // the commit took effect under the first token
		},
	},
	{
		name:        "Extend never shortens a claim",
		explanation: "a late or short extension must not let another delivery run while the holder works (I1)",
		try: func(p *probe) {
			// A renewal that was delayed on the network carries a short lease. It must not shorten a longer one.
			key := p.key()
			token := p.hold(5*p.unit, key)                        // until 5 units
			p.extend(p.unit, replay.Held{Key: key, Token: token}) // for 1 unit: it would be shorter
			p.advance(6)                                          // 3 of 5 units: past the short extension
			p.want(replay.InFlight, key)                          // the longer lease counts
			p.settle(commit(key, token, long))                    // the holder still has it
		},
	},
	{
		name:        "a claim that is no longer held cannot be extended",
		explanation: "as with Settle, a holder that has lost its claim changes nothing and gets an error (I4)",
		try: func(p *probe) {
			// One batch with all four reasons: expired, taken over, done, and never claimed. The checks afterwards show
			// that nothing was extended, not even the TTL of the done key.
			ended, retaken, done, unknown := p.key(), p.key(), p.key(), p.key()
			tokenEnded, tokenRetaken := p.hold(p.unit, ended), p.hold(p.unit, retaken) // both leases will expire
			p.advance(3)                                                               // past both leases
			p.hold(2*p.unit, retaken)                                                  // taken over by another delivery
			tokenDone := p.done(done, 2*p.unit)                                        // a done key has no lease
			p.extendLoses([]replay.Key{ended, retaken, done, unknown},
				replay.Held{Key: ended, Token: tokenEnded}, replay.Held{Key: retaken, Token: tokenRetaken},
				replay.Held{Key: done, Token: tokenDone}, replay.Held{Key: unknown, Token: 1})
			p.want(replay.Claimed, ended)    // the extension has not brought it back
			p.want(replay.InFlight, retaken) // the new holder keeps it
			p.want(replay.Claimed, unknown)  // the extension has not created it
			p.advance(5)                     // past the leases and the TTL of 2 units
			p.want(replay.Claimed, retaken)  // the new holder's lease was not extended by the old one
			p.want(replay.Claimed, done)     // the TTL was not extended
		},
	},
	{
		name:        "lost claims do not hold back the extension of others",
		explanation: "LeaseLostError names those that were lost, in the order given; all the others took effect",
		try: func(p *probe) {
			// The lost claim is in the middle: a store that stops at it, or rolls back the batch, does not extend the
			// last, or any.
			first, lost, last := p.key(), p.key(), p.key()
			token, token2 := p.hold(p.unit, first), p.hold(p.unit, last) // both have short leases
			p.extendLoses([]replay.Key{lost},
				replay.Held{Key: first, Token: token}, replay.Held{Key: lost, Token: 1},
				replay.Held{Key: last, Token: token2})
			p.advance(3)                   // past the first leases
			p.want(replay.InFlight, first) // extended before the lost one
			p.want(replay.InFlight, last)  // extended after it
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
