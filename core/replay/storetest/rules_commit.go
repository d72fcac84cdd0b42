package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var commitRules = []rule{
	{
		name: "a committed key is done until its TTL expires",
		explanation: "after Commit returned nil no claim of the key succeeds before the TTL has passed (I2), " +
			"whatever its lease was",
		try: func(p *probe) {
			// The lease is shorter than the TTL. A store that keeps one expiry for both forgets the key when the lease
			// would have expired.
			key := p.key()
			p.settle(commit(key, p.hold(p.unit, key), 3*p.unit)) // a lease of 1 unit, a TTL of 3
			p.want(replay.Done, key)                             // at once
			p.advance(4)                                         // past the lease, not past the TTL
			p.want(replay.Done, key)                             // the TTL counts
			p.want(replay.Done, key)                             // the claim before has changed nothing
		},
	},
	{
		name:        "a TTL may be shorter than the lease was",
		explanation: "a committed key is remembered for its TTL, and then it is absent; its lease ends with the commit",
		try: func(p *probe) {
			// The opposite case: a store that takes the later of the two expiries remembers the key for an hour.
			key := p.key()
			p.settle(commit(key, p.hold(long, key), p.unit)) // a lease of an hour, a TTL of 1 unit
			p.want(replay.Done, key)                         // the commit took effect
			p.advance(3)                                     // past the TTL, not past the lease
			p.want(replay.Claimed, key)                      // the lease does not count any more
		},
	},
	{
		name:        "claiming a done key does not extend its TTL",
		explanation: "a claim that was answered Done changed nothing",
		try: func(p *probe) {
			// A cache with a sliding expiry would keep the key for as long as the sender retries.
			key := p.key()
			p.done(key, 2*p.unit)
			p.advance(3)                // 1.5 of 2 units
			p.want(replay.Done, key)    // this must not start the TTL again
			p.advance(3)                // 3 units: past the TTL
			p.want(replay.Claimed, key) // the TTL counted from the commit
		},
	},
	{
		name: "DoneAt is when the key was committed",
		explanation: "an operator sees when the event was done: the wall-clock time of the commit, not of the " +
			"claim and not of now",
		try: func(p *probe) {
			// Time passes between claim, commit and question, so that the three cannot be confused. Skew allows for
			// another clock.
			key := p.key()
			token := p.hold(long, key) // a claim at 0
			p.advance(4)               // a commit at 2 units, long after the claim
			before := time.Now()
			p.settle(commit(key, token, long))
			end := time.Now()
			p.doneBetween(key, before, end)
			p.advance(4) // a question at 4 units, long after the commit
			p.doneBetween(key, before, end)
		},
	},
	{
		name:        "a released key is free at once",
		explanation: "after Release a claim succeeds (I3), or the sender's retry of a failed event is lost",
		try: func(p *probe) {
			// The second claim shows that the first one holds: a store that marks a key as released must remove the
			// mark.
			key := p.key()
			p.settle(release(key, p.hold(long, key))) // before the lease expires
			p.want(replay.Claimed, key)               // the sender's retry
			p.want(replay.InFlight, key)              // the claim of the retry holds
		},
	},
	{
		name: "a commit may be repeated",
		explanation: "the answer to the first attempt may have been lost: the same token succeeds again while the " +
			"key is remembered, and changes nothing",
		try: func(p *probe) {
			// A repetition with the same TTL, once at once and once later. If it counted again, the key would still be
			// done at the end, and DoneAt would be later than the first commit.
			key := p.key()
			token := p.hold(p.unit, key)
			before := time.Now()
			p.settle(commit(key, token, 5*p.unit)) // until 5 units
			end := time.Now()
			p.settle(commit(key, token, 5*p.unit)) // at once
			p.advance(4)                           // past the lease
			p.settle(commit(key, token, 5*p.unit)) // at 2 units: a new TTL would last until 7
			p.doneBetween(key, before, end)
			p.advance(4)                // 4 of 5 units since the first commit
			p.want(replay.Done, key)    // still remembered
			p.advance(4)                // 6 units: past the TTL of the first commit
			p.want(replay.Claimed, key) // no repetition has counted again
		},
	},
	{
		name: "a release may be repeated",
		explanation: "the answer to the first attempt may have been lost: a release succeeds as long as no other " +
			"delivery has claimed the key",
		try: func(p *probe) {
			// The second release finds nothing, which must not be an error.
			key := p.key()
			token := p.hold(long, key)
			p.settle(release(key, token))
			p.settle(release(key, token)) // the repetition
			p.want(replay.Claimed, key)   // it is free, and not held by the repetition
		},
	},
	{
		name:        "a release after the lease has expired succeeds",
		explanation: "the key is free, which is the purpose of a release",
		try: func(p *probe) {
			// The holder wanted the key to be free, and it is. An error would make it retry for no reason.
			key := p.key()
			token := p.hold(p.unit, key)  // a short lease
			p.advance(3)                  // past the lease
			p.settle(release(key, token)) // too late, and right
			p.want(replay.Claimed, key)   // it is free, as the release wanted
		},
	},
	{
		name:        "the same settlement twice in a batch succeeds",
		explanation: "settling is idempotent, within a batch too",
		try: func(p *probe) {
			// A store that sends the batch as one statement may report the second row as lost, because the first has
			// changed it.
			done, released := p.key(), p.key()
			c, r := commit(done, p.hold(long, done), long), release(released, p.hold(long, released))
			p.settle(c, r, c, r)             // each twice, interleaved
			p.want(replay.Done, done)        // the commits of the batch agree
			p.want(replay.Claimed, released) // the releases too
		},
	},
	{
		name:        "a commit without a positive TTL is refused",
		explanation: "it would be forgotten at once (I2): an error, and nothing in the batch takes effect",
		try: func(p *probe) {
			// The valid settlement stands first in the batch. A store that validates item by item has committed it
			// before it finds the bad one.
			key, other := p.key(), p.key()
			token, token2 := p.hold(long, key), p.hold(long, other)
			for _, ttl := range []time.Duration{0, -1, -long} {
				bad := []replay.Settlement{commit(other, token2, long), commit(key, token, ttl)}
				p.refuses("a commit for "+ttl.String(), p.store.Settle(p.ctx, bad))
			}
			p.want(replay.InFlight, key)                                    // the bad settlement had no effect
			p.want(replay.InFlight, other)                                  // nor the good one before it
			p.settle(commit(key, token, long), commit(other, token2, long)) // both tokens are still good
		},
	},
	{
		name:        "an unknown verdict is refused",
		explanation: "the zero Verdict is neither Commit nor Release: an error, and nothing in the batch takes effect",
		try: func(p *probe) {
			// A caller that forgets to set the verdict must not release or commit by accident. The valid settlement
			// stands first, see the rule above.
			key, other := p.key(), p.key()
			token, token2 := p.hold(long, key), p.hold(long, other)
			for _, verdict := range []replay.Verdict{0, replay.Release + 1} {
				bad := []replay.Settlement{release(other, token2),
					{Key: key, Token: token, Verdict: verdict, TTL: long}}
				p.refuses("a settlement as "+verdict.String(), p.store.Settle(p.ctx, bad))
			}
			p.want(replay.InFlight, key)   // neither committed nor released
			p.want(replay.InFlight, other) // nor the other one
		},
	},
	{
		name:        "a release ignores the TTL",
		explanation: "only a commit remembers, so a release needs no TTL and ignores one",
		try: func(p *probe) {
			// A caller fills in the TTL for all of its settlements, whatever the verdict is.
			for _, ttl := range []time.Duration{-1, long} {
				key := p.key()
				p.settle(replay.Settlement{Key: key, Token: p.hold(long, key), Verdict: replay.Release, TTL: ttl})
				p.want(replay.Claimed, key) // it is free, whatever the TTL was
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
