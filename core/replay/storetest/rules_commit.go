package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var commitRules = []rule{
	{
		name: "a committed key is done until its TTL ends",
		explanation: "after Commit returned nil no claim of the key succeeds before the TTL has passed (I2), " +
			"whatever its lease was",
		try: func(p *probe) {
			key := p.key()
			p.settle(commit(key, p.hold(p.unit, key), 3*p.unit))
			p.want(replay.Done, key)
			p.advance(4)
			p.want(replay.Done, key)
			p.want(replay.Done, key)
		},
	},
	{
		name:        "a TTL may be shorter than the lease was",
		explanation: "a committed key is remembered for its TTL, and then it is absent; the lease has ended with the commit",
		try: func(p *probe) {
			key := p.key()
			p.settle(commit(key, p.hold(long, key), p.unit))
			p.want(replay.Done, key)
			p.advance(3)
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "asking for a done key does not lengthen its TTL",
		explanation: "a claim that was answered Done changed nothing",
		try: func(p *probe) {
			key := p.key()
			p.done(key, 2*p.unit)
			p.advance(3)
			p.want(replay.Done, key)
			p.advance(3)
			p.want(replay.Claimed, key)
		},
	},
	{
		name: "DoneAt is when the key was committed",
		explanation: "an operator is told when the event was done: the wall-clock time of the commit, not of the " +
			"claim and not of now",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(long, key)
			p.advance(4)
			before := time.Now()
			p.settle(commit(key, token, long))
			end := time.Now()
			p.doneBetween(key, before, end)
			p.advance(4)
			p.doneBetween(key, before, end)
		},
	},
	{
		name:        "a released key is free at once",
		explanation: "after Release a claim succeeds (I3), or the sender's retry of a failed event is lost",
		try: func(p *probe) {
			key := p.key()
			p.settle(release(key, p.hold(long, key)))
			p.want(replay.Claimed, key)
			p.want(replay.InFlight, key)
		},
	},
	{
		name: "a commit may be repeated",
		explanation: "the answer to the first attempt may have been lost: the same token succeeds again while the " +
			"key is remembered, and changes nothing",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(p.unit, key)
			before := time.Now()
			p.settle(commit(key, token, 5*p.unit))
			end := time.Now()
			p.settle(commit(key, token, 5*p.unit))
			p.advance(4)
			p.settle(commit(key, token, 5*p.unit))
			p.doneBetween(key, before, end)
			p.advance(4)
			p.want(replay.Done, key)
			p.advance(4)
			p.want(replay.Claimed, key)
		},
	},
	{
		name: "a release may be repeated",
		explanation: "the answer to the first attempt may have been lost: a release succeeds as long as nobody else " +
			"has claimed the key",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(long, key)
			p.settle(release(key, token))
			p.settle(release(key, token))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a release after the lease ended succeeds",
		explanation: "nobody holds the key, which is all that a release asks for",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(p.unit, key)
			p.advance(3)
			p.settle(release(key, token))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "the same settlement twice in a batch succeeds",
		explanation: "settling is idempotent, within a batch too",
		try: func(p *probe) {
			done, released := p.key(), p.key()
			c, r := commit(done, p.hold(long, done), long), release(released, p.hold(long, released))
			p.settle(c, r, c, r)
			p.want(replay.Done, done)
			p.want(replay.Claimed, released)
		},
	},
	{
		name:        "a commit without a positive TTL is refused",
		explanation: "it would be forgotten at once (I2): an error, and nothing in the batch takes effect",
		try: func(p *probe) {
			key, other := p.key(), p.key()
			token, token2 := p.hold(long, key), p.hold(long, other)
			for _, ttl := range []time.Duration{0, -1, -long} {
				bad := []replay.Settlement{commit(other, token2, long), commit(key, token, ttl)}
				p.refuses("a commit for "+ttl.String(), p.store.Settle(p.ctx, bad))
			}
			p.want(replay.InFlight, key)
			p.want(replay.InFlight, other)
			p.settle(commit(key, token, long), commit(other, token2, long))
		},
	},
	{
		name:        "an unknown verdict is refused",
		explanation: "the zero Verdict is neither Commit nor Release: an error, and nothing in the batch takes effect",
		try: func(p *probe) {
			key, other := p.key(), p.key()
			token, token2 := p.hold(long, key), p.hold(long, other)
			for _, verdict := range []replay.Verdict{0, replay.Release + 1} {
				bad := []replay.Settlement{release(other, token2),
					{Key: key, Token: token, Verdict: verdict, TTL: long}}
				p.refuses("a settlement as "+verdict.String(), p.store.Settle(p.ctx, bad))
			}
			p.want(replay.InFlight, key)
			p.want(replay.InFlight, other)
		},
	},
	{
		name:        "a release ignores the TTL",
		explanation: "only a commit remembers, so a release needs no TTL and minds none",
		try: func(p *probe) {
			for _, ttl := range []time.Duration{-1, long} {
				key := p.key()
				p.settle(replay.Settlement{Key: key, Token: p.hold(long, key), Verdict: replay.Release, TTL: ttl})
				p.want(replay.Claimed, key)
			}
		},
	},
}

// doneBetween checks that a key is done, and since when.
func (p *probe) doneBetween(key replay.Key, from, to time.Time) {
	at := p.want(replay.Done, key).DoneAt
	if at.Before(from.Add(-p.h.Skew)) || at.After(to.Add(p.h.Skew)) {
		p.failf("DoneAt is %v after the commit began and %v after it returned", at.Sub(from), at.Sub(to))
	}
}
