package storetest

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core/replay"
)

var fenceRules = []rule{
	{
		name:        "a stale token cannot commit",
		explanation: "a holder that has lost its claim changes nothing and gets an error (I4): another is at work",
		try: func(p *probe) {
			// The first holder comes back after another has claimed the key. If it could commit, the key would be done
			// while the second one still works, and a failure of that one would lose the event.
			key := p.key()
			stale := p.hold(p.unit, key) // the first holder
			p.advance(3)                 // past the first lease
			token := p.hold(long, key)   // the second holder
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.want(replay.InFlight, key)  // it is not done
			p.settle(release(key, token)) // with its own token
			p.want(replay.Claimed, key)   // the new holder's release counts
		},
	},
	{
		name:        "a stale token cannot release",
		explanation: "a holder that has lost its claim must not free the key that another works on (I4, I1)",
		try: func(p *probe) {
			// If it could, a third delivery would run at the same time as the second.
			key := p.key()
			stale := p.hold(p.unit, key) // the first holder
			p.advance(3)                 // past the first lease
			token := p.hold(long, key)   // the second holder
			p.loses([]replay.Key{key}, release(key, stale))
			p.want(replay.InFlight, key)       // it is not free
			p.settle(commit(key, token, long)) // with its own token
			p.want(replay.Done, key)           // the new holder's commit counts
		},
	},
	{
		name:        "a token that was never given settles nothing",
		explanation: "only the token of the present claim settles it (I4); 0 is not a token",
		try: func(p *probe) {
			// 0 is what a caller passes that forgot to set the token. The others are neighbours of the real one, or
			// have no bit in common with it.
			key := p.key()
			token := p.hold(long, key)
			for _, wrong := range []replay.Token{0, token + 1, token - 1, ^token} {
				p.loses([]replay.Key{key}, commit(key, wrong, long))
				p.loses([]replay.Key{key}, release(key, wrong))
				p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: wrong})
			}
			p.want(replay.InFlight, key) // the claim has survived them all
			p.settle(commit(key, token, long))
			for _, wrong := range []replay.Token{0, token + 1, token - 1, ^token} {
				p.loses([]replay.Key{key}, commit(key, wrong, long))
				p.loses([]replay.Key{key}, release(key, wrong))
			}
			p.want(replay.Done, key) // the commit too
		},
	},
	{
		name:        "a done key cannot be released",
		explanation: "the work is done: a release, even by the holder itself, would let the event run twice (I2)",
		try: func(p *probe) {
			// A release may arrive late: the receiver timed out, but the commit went through.
			key := p.key()
			token := p.done(key, long) // its own token, not a stale one
			p.loses([]replay.Key{key}, release(key, token))
			p.want(replay.Done, key) // the commit stays
		},
	},
	{
		name:        "a stale token cannot touch what its successor committed",
		explanation: "a commit of the earlier holder is not a repetition of the later one's (I4)",
		try: func(p *probe) {
			// A store that compares only the state treats the late commit as a repetition, and answers that it
			// succeeded.
			key := p.key()
			stale := p.hold(p.unit, key) // the first holder
			p.advance(3)                 // past the first lease
			p.done(key, 4*p.unit)        // the second holder's commit
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.loses([]replay.Key{key}, release(key, stale))
			p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: stale})
			p.want(replay.Done, key)    // the successor's commit stays
			p.advance(9)                // past the successor's TTL of 4 units
			p.want(replay.Claimed, key) // the stale commit has not extended it
		},
	},
	{
		name: "a claim whose lease has expired cannot be committed",
		explanation: "since the lease has expired another delivery may have run: the claim is lost (I4), even " +
			"if the key is free at the moment",
		try: func(p *probe) {
			// The key is free, so an update without a check of the expiry would succeed.
			key := p.key()
			token := p.hold(p.unit, key) // no other delivery comes
			p.advance(3)                 // past the lease
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key) // it is free, not done
		},
	},
	{
		name:        "a key that was never claimed cannot be committed",
		explanation: "a commit ends a claim and makes none (I5)",
		try: func(p *probe) {
			// An upsert would create the key as done, and the event would never run.
			key := p.key()
			p.loses([]replay.Key{key}, commit(key, 1, long)) // with any token
			p.want(replay.Claimed, key)                      // it is free, not done
		},
	},
	{
		name:        "a released claim cannot be committed",
		explanation: "the holder has let go: its token is stale (I4)",
		try: func(p *probe) {
			// The same with a token that was once valid.
			key := p.key()
			token := p.hold(long, key)
			p.settle(release(key, token)) // the holder lets go
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key) // it is free, not done
		},
	},
	{
		name:        "a key that nobody holds can be released",
		explanation: "the key is free, which is the purpose of a release",
		try: func(p *probe) {
			// A release whose claim was lost on the way, or never took effect.
			key := p.key()
			p.settle(release(key, 1))   // with any token
			p.want(replay.Claimed, key) // the release has left nothing behind
		},
	},
	{
		name: "a commit cannot be repeated after its TTL",
		explanation: "the key is no longer remembered, and a commit makes no claim (I4); the sender's next delivery " +
			"must be checked again",
		try: func(p *probe) {
			// A store that removes expired keys late may still find the row, and answer that it succeeded.
			key := p.key()
			token := p.done(key, p.unit) // remembered for 1 unit
			p.advance(3)                 // past the TTL
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key) // it is free, not done again
		},
	},
	{
		name:        "lost claims do not hold back the others",
		explanation: "LeaseLostError names those that were lost, in the order given; all the others took effect",
		try: func(p *probe) {
			// Two of five are lost, in descending order of the keys, with a commit and a release among them. The answer
			// must name them in the order of the batch.
			keys := p.someKeys(5)
			if bytes.Compare(keys[3][:], keys[1][:]) < 0 {
				// descending, so that an answer that is sorted is not in the order given
				keys[1], keys[3] = keys[3], keys[1]
			}
			stale, stale2 := p.hold(p.unit, keys[3]), p.hold(p.unit, keys[1]) // stale after the advance
			p.advance(3)                                                      // past the first leases
			results := p.claim(long, items(keys...)...)                       // the new holders of all five
			p.loses([]replay.Key{keys[3], keys[1]},
				commit(keys[0], results[0].Token, long),
				commit(keys[3], stale, long),
				release(keys[2], results[2].Token),
				release(keys[1], stale2),
				commit(keys[4], results[4].Token, long))
			after := p.claim(long, items(keys...)...) // each shows its own outcome
			for i, want := range []replay.State{replay.Done, replay.InFlight, replay.Claimed, replay.InFlight,
				replay.Done} {
				p.is(after[i], want)
			}
		},
	},
}
