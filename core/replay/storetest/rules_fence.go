package storetest

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core/replay"
)

var fenceRules = []rule{
	{
		name:        "a stale token cannot commit",
		explanation: "whoever lost the claim changes nothing and is told so (I4); the new holder's work is still under way",
		try: func(p *probe) {
			key := p.key()
			stale := p.hold(p.unit, key)
			p.advance(3)
			token := p.hold(long, key)
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.want(replay.InFlight, key)
			p.settle(release(key, token))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a stale token cannot release",
		explanation: "whoever lost the claim must not free what somebody else is working on (I4, I1)",
		try: func(p *probe) {
			key := p.key()
			stale := p.hold(p.unit, key)
			p.advance(3)
			token := p.hold(long, key)
			p.loses([]replay.Key{key}, release(key, stale))
			p.want(replay.InFlight, key)
			p.settle(commit(key, token, long))
			p.want(replay.Done, key)
		},
	},
	{
		name:        "a token that was never given settles nothing",
		explanation: "only the token of the present claim settles it (I4); 0 is no token",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(long, key)
			for _, wrong := range []replay.Token{0, token + 1, token - 1, ^token} {
				p.loses([]replay.Key{key}, commit(key, wrong, long))
				p.loses([]replay.Key{key}, release(key, wrong))
				p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: wrong})
			}
			p.want(replay.InFlight, key)
			p.settle(commit(key, token, long))
			for _, wrong := range []replay.Token{0, token + 1, token - 1, ^token} {
				p.loses([]replay.Key{key}, commit(key, wrong, long))
				p.loses([]replay.Key{key}, release(key, wrong))
			}
			p.want(replay.Done, key)
		},
	},
	{
		name:        "what is done cannot be released",
		explanation: "the app's work is done: a release, be it by the holder itself, would let the event run twice (I2)",
		try: func(p *probe) {
			key := p.key()
			token := p.done(key, long)
			p.loses([]replay.Key{key}, release(key, token))
			p.want(replay.Done, key)
		},
	},
	{
		name:        "a stale token cannot touch what its successor committed",
		explanation: "a commit of the earlier holder is not a repetition of the later one's (I4)",
		try: func(p *probe) {
			key := p.key()
			stale := p.hold(p.unit, key)
			p.advance(3)
			p.done(key, 4*p.unit)
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.loses([]replay.Key{key}, release(key, stale))
			p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: stale})
			p.want(replay.Done, key)
			p.advance(9)
			p.want(replay.Claimed, key)
		},
	},
	{
		name: "a claim whose lease ended cannot be committed",
		explanation: "between the end of the lease and now somebody else may have run: the claim is lost (I4), even " +
			"if the key is free at the moment",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(p.unit, key)
			p.advance(3)
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a key that was never claimed cannot be committed",
		explanation: "a commit ends a claim and makes none (I5)",
		try: func(p *probe) {
			key := p.key()
			p.loses([]replay.Key{key}, commit(key, 1, long))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a released claim cannot be committed",
		explanation: "the holder has let go: its token is stale (I4)",
		try: func(p *probe) {
			key := p.key()
			token := p.hold(long, key)
			p.settle(release(key, token))
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "a key that nobody holds can be released",
		explanation: "nobody has claimed it, which is all that a release asks for",
		try: func(p *probe) {
			key := p.key()
			p.settle(release(key, 1))
			p.want(replay.Claimed, key)
		},
	},
	{
		name: "a commit cannot be repeated after its TTL",
		explanation: "the key is no longer remembered, and a commit makes no claim (I4); the sender's next delivery " +
			"must be judged anew",
		try: func(p *probe) {
			key := p.key()
			token := p.done(key, p.unit)
			p.advance(3)
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "lost claims do not hold back the others",
		explanation: "LeaseLostError names those that were lost, in the order given; all the others took effect",
		try: func(p *probe) {
			keys := p.someKeys(5)
			if bytes.Compare(keys[3][:], keys[1][:]) < 0 {
				// descending, so that an answer that is sorted is not in the order given
				keys[1], keys[3] = keys[3], keys[1]
			}
			stale, stale2 := p.hold(p.unit, keys[3]), p.hold(p.unit, keys[1])
			p.advance(3)
			results := p.claim(long, items(keys...)...)
			p.loses([]replay.Key{keys[3], keys[1]},
				commit(keys[0], results[0].Token, long),
				commit(keys[3], stale, long),
				release(keys[2], results[2].Token),
				release(keys[1], stale2),
				commit(keys[4], results[4].Token, long))
			after := p.claim(long, items(keys...)...)
			for i, want := range []replay.State{replay.Done, replay.InFlight, replay.Claimed, replay.InFlight,
				replay.Done} {
				p.is(after[i], want)
			}
		},
	},
}
