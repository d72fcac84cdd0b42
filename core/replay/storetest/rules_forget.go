package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var forgetRules = []rule{
	{
		name:        "a forgotten key runs again",
		explanation: "an operator who forgets what is done or claimed wants the next delivery to run",
		try: func(p *probe) {
			// The third key shows that only the named keys are forgotten.
			done, held, other := p.key(), p.key(), p.key()
			p.done(done, long)
			p.hold(long, held)           // with a holder that is at work
			p.done(other, long)          // for comparison
			p.forget(done, held)         // one done, one held
			p.want(replay.Claimed, done) // although it was done
			p.want(replay.Claimed, held) // although it was held
			p.want(replay.Done, other)   // it was not named
		},
	},
	{
		name: "a forgotten claim cannot be settled",
		explanation: "its holder has lost it (I4): neither before nor after the next claim does its commit or " +
			"extension change anything",
		try: func(p *probe) {
			// The holder is still at work when an operator has its claim forgotten. It must find out, whether or not
			// the next delivery has come.
			key := p.key()
			stale := p.hold(long, key) // the holder that is at work
			p.forget(key)
			p.loses([]replay.Key{key}, commit(key, stale, long))                  // before the next claim
			p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: stale}) // before it, too
			token := p.hold(long, key)                                            // the next delivery
			p.loses([]replay.Key{key}, commit(key, stale, long))                  // after the next claim
			p.loses([]replay.Key{key}, release(key, stale))                       // after it, too
			p.want(replay.InFlight, key)                                          // the new holder keeps it
			p.settle(commit(key, token, long))                                    // with its own token
		},
	},
	{
		name:        "a forgotten commit cannot be repeated",
		explanation: "the key is no longer remembered: a late repetition must not bring back what an operator forgot",
		try: func(p *probe) {
			// A client that repeats its commit must not create the key again.
			key := p.key()
			token := p.done(key, long)
			p.forget(key) // by an operator
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key) // it is free, not done again
		},
	},
	{
		name:        "forgetting an unknown key is not an error",
		explanation: "the key is not remembered, as the caller wanted; the others of the batch are forgotten",
		try: func(p *probe) {
			// The batch has each key twice, which must not be an error either.
			key, unknown := p.key(), p.key()
			p.done(key, long)                    // the known one
			p.forget(unknown, key, unknown, key) // both twice, interleaved
			p.want(replay.Claimed, unknown)      // it is free, as before
			p.want(replay.Claimed, key)          // it is forgotten
		},
	},
	{
		name: "ForgetDone keeps what is in flight",
		explanation: "a store that is a DoneForgetter forgets what is done, and keeps and reports a claim: otherwise " +
			"the event would run a second time while its first run is at work",
		try: func(p *probe) {
			forgetter, ok := p.store.(replay.DoneForgetter)
			if !ok {
				return
			}
			done, held, longer, unknown, ended := p.key(), p.key(), p.key(), p.key(), p.key()
			p.hold(p.unit, ended) // its lease expires before the call
			p.done(done, long)
			token := p.hold(4*p.unit, held)
			p.hold(8*p.unit, longer)
			p.advance(4) // 2 units
			err := forgetter.ForgetDone(p.ctx, []replay.Key{longer, done, unknown, held, ended})
			p.inFlight([]replay.Key{longer, held}, 6*p.unit, err)
			p.want(replay.Claimed, done)
			p.want(replay.Claimed, unknown)
			p.want(replay.Claimed, ended)
			p.want(replay.InFlight, longer)
			p.want(replay.InFlight, held)
			p.settle(commit(held, token, long)) // its holder has lost nothing
			p.inFlight(nil, 0, forgetter.ForgetDone(p.ctx, []replay.Key{held, held}))
			p.want(replay.Claimed, held)
			p.inFlight(nil, 0, forgetter.ForgetDone(p.ctx, nil))
		},
	},
}

// inFlight checks the error of a ForgetDone that must have kept exactly these keys, in this order.
func (p *probe) inFlight(keys []replay.Key, until time.Duration, err error) {
	var busy *replay.InFlightError
	switch {
	case len(keys) == 0 && err == nil:
	case len(keys) == 0:
		p.failf("ForgetDone answered %v, want success", err)
	case !errors.As(err, &busy):
		p.failf("ForgetDone of claimed keys answered %v, want an InFlightError", err)
	case !slices.Equal(busy.Keys, keys):
		p.failf("InFlightError names %d keys, want %d, those that are claimed, in the order given", len(busy.Keys),
			len(keys))
	case busy.RetryAfter > until || busy.RetryAfter < until-p.unit/2:
		p.failf("InFlightError has RetryAfter %v, want %v, the rest of the longest lease", busy.RetryAfter, until)
	}
}
