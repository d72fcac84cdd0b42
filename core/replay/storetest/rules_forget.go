package storetest

import "github.com/sallyport-go/sallyport/core/replay"

var forgetRules = []rule{
	{
		name:        "a forgotten key runs again",
		explanation: "an operator who forgets what is done or claimed wants the next delivery to run",
		try: func(p *probe) {
			done, held, other := p.key(), p.key(), p.key()
			p.done(done, long)
			p.hold(long, held)
			p.done(other, long)
			p.forget(done, held)
			p.want(replay.Claimed, done)
			p.want(replay.Claimed, held)
			p.want(replay.Done, other)
		},
	},
	{
		name: "a forgotten claim cannot be settled",
		explanation: "its holder has lost it (I4): neither before nor after the next claim does its commit or " +
			"extension change anything",
		try: func(p *probe) {
			key := p.key()
			stale := p.hold(long, key)
			p.forget(key)
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.extendLoses([]replay.Key{key}, replay.Held{Key: key, Token: stale})
			token := p.hold(long, key)
			p.loses([]replay.Key{key}, commit(key, stale, long))
			p.loses([]replay.Key{key}, release(key, stale))
			p.want(replay.InFlight, key)
			p.settle(commit(key, token, long))
		},
	},
	{
		name:        "a forgotten commit cannot be repeated",
		explanation: "the key is no longer remembered: a late repetition must not bring back what an operator forgot",
		try: func(p *probe) {
			key := p.key()
			token := p.done(key, long)
			p.forget(key)
			p.loses([]replay.Key{key}, commit(key, token, long))
			p.want(replay.Claimed, key)
		},
	},
	{
		name:        "forgetting an unknown key is not an error",
		explanation: "the key is not remembered, which is all that was asked for; the others of the batch are forgotten",
		try: func(p *probe) {
			key, unknown := p.key(), p.key()
			p.done(key, long)
			p.forget(unknown, key, unknown, key)
			p.want(replay.Claimed, unknown)
			p.want(replay.Claimed, key)
		},
	},
}
