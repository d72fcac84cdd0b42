package storetest

import (
	"math"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var leaseRules = []rule{
	{
		name:        "a lease holds until it expires",
		explanation: "while a lease runs there is no other holder (I1)",
		try: func(p *probe) {
			// Half a unit before the expiry the key is still held, and the holder can commit.
			key := p.key()
			token := p.hold(2*p.unit, key) // until 2 units
			p.advance(3)                   // 1.5 of 2 units
			p.want(replay.InFlight, key)   // still held
			p.settle(commit(key, token, long))
			p.want(replay.Done, key) // the commit at the end of the lease counts
		},
	},
	{
		name:        "an expired lease frees the key",
		explanation: "a holder that died does not keep the sender's retry out (I3)",
		try: func(p *probe) {
			// Two keys of one batch expire together. The last check shows that the new claim holds.
			key, other := p.key(), p.key()
			p.claim(p.unit, items(key, other)...) // both until 1 unit
			p.advance(3)                          // past the lease
			p.want(replay.Claimed, key)           // both keys of the batch are free
			p.want(replay.Claimed, other)         // at the same time
			p.want(replay.InFlight, key)          // the new claim holds
		},
	},
	{
		name: "each lease is its own",
		explanation: "the lease given with a claim is that claim's: a longer or shorter one of another key changes " +
			"nothing (I1, I3)",
		try: func(p *probe) {
			// A long lease between two short ones: a store that keeps one expiry for all, or a queue in the order of
			// the claims, frees the wrong keys.
			short, lengthy, short2 := p.key(), p.key(), p.key()
			p.hold(p.unit, short)            // until 1 unit
			p.hold(long, lengthy)            // until long after
			p.hold(p.unit, short2)           // until 1 unit, claimed last
			p.advance(3)                     // past the short leases
			p.want(replay.Claimed, short)    // before the long lease in the order of the claims
			p.want(replay.InFlight, lengthy) // not freed with the others
			p.want(replay.Claimed, short2)   // after the long lease in the order of the claims
		},
	},
	{
		name:        "RetryAfter is the rest of the lease",
		explanation: "RetryAfter is the time until the present lease expires: the sender should come back then",
		try: func(p *probe) {
			// Measured at the start and in the middle, with a unit of tolerance for slow stores. Too long keeps a retry
			// waiting; too short makes it come in vain.
			key := p.key()
			lease := 8 * p.unit
			p.hold(lease, key)
			if r := p.want(replay.InFlight, key); r.RetryAfter > lease || r.RetryAfter < lease-p.unit {
				p.failf("RetryAfter is %v right after a claim for %v", r.RetryAfter, lease)
			}
			p.advance(8) // 4 of 8 units
			if r := p.want(replay.InFlight, key); r.RetryAfter > lease/2 || r.RetryAfter < lease/2-p.unit {
				p.failf("RetryAfter is %v in the middle of a lease of %v", r.RetryAfter, lease)
			}
		},
	},
	{
		name: "a refused claim does not extend the lease",
		explanation: "a claim that was in flight changes nothing: frequent retries would keep a dead holder's claim " +
			"for ever (I3)",
		try: func(p *probe) {
			// A store that writes the row on every claim may move the expiry with it.
			key := p.key()
			p.hold(2*p.unit, key)        // until 2 units, with a dead holder
			p.advance(3)                 // 1.5 of 2 units
			p.want(replay.InFlight, key) // this must not start the lease again
			p.advance(3)                 // 3 units: past the lease
			p.want(replay.Claimed, key)  // the lease counted from the first claim
		},
	},
	{
		name:        "a lease that is not positive is refused",
		explanation: "a claim or an extension for no time is the caller's mistake: it fails, and nothing takes effect",
		try: func(p *probe) {
			// With 0 or less the claim would expire at once, and two deliveries would run at the same time.
			held, key := p.key(), p.key()
			token := p.hold(2*p.unit, held) // until 2 units
			for _, lease := range []time.Duration{0, -1, -long} {
				_, err := p.store.Claim(p.ctx, items(key), lease)
				p.refuses("Claim for "+lease.String(), err)
				p.refuses("Extend by "+lease.String(),
					p.store.Extend(p.ctx, []replay.Held{{Key: held, Token: token}}, lease))
			}
			p.want(replay.InFlight, held) // no extension took effect
			p.want(replay.Claimed, key)   // no claim took effect
		},
	},
	{
		name:        "a very long lease or TTL does not expire early",
		explanation: "durations are added to the clock without an overflow (I1, I2)",
		try: func(p *probe) {
			// The longest Duration, added to a time that is not zero, overflows 64 bits. Some stores count in
			// microseconds or milliseconds, where rounding up can overflow too.
			const ever = math.MaxInt64
			held, done := p.key(), p.key()
			p.advance(2)                                         // the clock must not be at its zero
			token := p.hold(ever, held)                          // the longest lease
			p.done(done, ever)                                   // the longest TTL
			p.advance(2)                                         // a sum that wrapped round lies in the past by now
			p.want(replay.InFlight, held)                        // the lease has not wrapped round
			p.want(replay.Done, done)                            // the TTL neither
			p.extend(ever, replay.Held{Key: held, Token: token}) // the longest extension of the longest lease
			p.want(replay.InFlight, held)                        // the extension neither
		},
	},
}
