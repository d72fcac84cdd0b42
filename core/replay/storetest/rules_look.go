package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var lookRules = []rule{
	{
		name: "a done key says which token it was committed with",
		explanation: "whoever runs an event again tells its own commit from somebody else's by the token, in one " +
			"process and after a restart",
		try: func(p *probe) {
			first, second := p.key(), p.key()
			results := p.claim(long, replay.Item{Key: first}, replay.Item{Key: second})
			p.settle(commit(first, results[0].Token, long), commit(second, results[1].Token, long))
			for i, key := range []replay.Key{first, second} {
				if got := p.want(replay.Done, key).Token; got != results[i].Token {
					p.failf("the token of a done key is %d, and it was committed with %d", got, results[i].Token)
				}
			}
		},
	},
	{
		name: "a look changes nothing",
		explanation: "a store that is a Looker says what is known of keys: it claims none, and lengthens neither a lease " +
			"nor a TTL",
		try: func(p *probe) {
			looker, ok := p.store.(replay.Looker)
			if !ok {
				return
			}
			free, held, done := p.key(), p.key(), p.key()
			token := p.done(done, 4*p.unit)
			p.hold(4*p.unit, held)
			look := func() []replay.Result {
				results, err := looker.Look(p.ctx, []replay.Key{free, held, done, free})
				if err != nil {
					p.failf("Look: %v", err)
				}
				if len(results) != 4 {
					p.failf("Look at 4 keys: %d answers", len(results))
				}
				return results
			}
			before := time.Now()
			results := look()
			if results[0] != (replay.Result{}) || results[3] != (replay.Result{}) {
				p.failf("Look at a free key answered %+v, want nothing", results[0])
			}
			p.is(results[1], replay.InFlight)
			p.is(results[2], replay.Done)
			if results[2].Token != token {
				p.failf("Look at a done key: token %d, want %d", results[2].Token, token)
			}
			if results[1].Conflict || results[2].Conflict {
				p.failf("Look reported a conflict, and was given no digest")
			}
			if results[2].DoneAt.After(before.Add(time.Minute)) {
				p.failf("Look at a done key: done at %v", results[2].DoneAt)
			}
			p.advance(4)
			look()
			p.want(replay.Claimed, free)
			p.advance(6)
			if results := look(); results[1] != (replay.Result{}) || results[2] != (replay.Result{}) {
				p.failf("after lease and TTL have ended Look answered %+v, want nothing", results)
			}
		},
	},
}
