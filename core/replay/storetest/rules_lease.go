package storetest

import (
	"math"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var leaseRules = []rule{
	{
		name:        "a lease holds until it ends",
		explanation: "while a lease runs there is no other holder (I1)",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(2*p.unit, key)
			p.advance(3)
			p.want(replay.InFlight, key)
			p.settle(commit(key, token, long))
			p.want(replay.Done, key)
		},
	},
	{
		name:        "a lease that ended frees the key",
		explanation: "a holder that died does not keep the sender's retry out (I3)",
		try: func(p *probe) {
			key, other := p.key(), p.key()
			p.claim(p.unit, items(key, other)...)
			p.advance(3)
			p.want(replay.Claimed, key)
			p.want(replay.Claimed, other)
			p.want(replay.InFlight, key)
		},
	},
	{
		name: "each lease is its own",
		explanation: "the lease given with a claim is that claim's: a longer or shorter one of another key changes " +
			"nothing (I1, I3)",
		try: func(p *probe) {
			short, lengthy, short2 := p.key(), p.key(), p.key()
			p.hold(p.unit, short)
			p.hold(long, lengthy)
			p.hold(p.unit, short2)
			p.advance(3)
			p.want(replay.Claimed, short)
			p.want(replay.InFlight, lengthy)
			p.want(replay.Claimed, short2)
		},
	},
	{
		name:        "RetryAfter is what is left of the lease",
		explanation: "RetryAfter says how long the present lease still runs; a sender is told to come back then",
		try: func(p *probe) {
			key := p.key()
			lease := 8 * p.unit
			p.hold(lease, key)
			if r := p.want(replay.InFlight, key); r.RetryAfter > lease || r.RetryAfter < lease-p.unit {
				p.failf("RetryAfter is %v right after a claim for %v", r.RetryAfter, lease)
			}
			p.advance(8)
			if r := p.want(replay.InFlight, key); r.RetryAfter > lease/2 || r.RetryAfter < lease/2-p.unit {
				p.failf("RetryAfter is %v in the middle of a lease of %v", r.RetryAfter, lease)
			}
		},
	},
	{
		name: "a refused claim does not lengthen the lease",
		explanation: "whoever is told InFlight changed nothing, or a sender that retries often keeps a dead holder's " +
			"claim alive for ever (I3)",
		try: func(p *probe) {
			key := p.key()
			p.hold(2*p.unit, key)
			p.advance(3)
			p.want(replay.InFlight, key)
			p.advance(3)
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a lease that is not positive is refused",
		explanation: "a claim or an extension for no time is a mistake of the caller: an error, and nothing takes effect",
		try: func(p *probe) {
			held, key := p.key(), p.key()
			token := p.hold(2*p.unit, held)
			for _, lease := range []time.Duration{0, -1, -long} {
				_, err := p.store.Claim(p.ctx, items(key), lease)
				p.refuses("Claim for "+lease.String(), err)
				p.refuses("Extend by "+lease.String(),
					p.store.Extend(p.ctx, []replay.Held{{Key: held, Token: token}}, lease))
			}
			p.want(replay.InFlight, held)
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a very long lease or TTL does not end early",
		explanation: "durations are added to the clock without wrapping round (I1, I2)",
		try: func(p *probe) {
			const ever = math.MaxInt64
			held, done := p.key(), p.key()
			p.advance(2)
			token := p.hold(ever, held)
			p.done(done, ever)
			p.advance(2)
			p.want(replay.InFlight, held)
			p.want(replay.Done, done)
			p.extend(ever, replay.Held{Key: held, Token: token})
			p.want(replay.InFlight, held)
		},
	},
}
