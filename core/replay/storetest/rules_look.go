package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var lookRules = []rule{
	{
		name: "a done key has the token it was committed with",
		explanation: "a program that runs an event again recognises its own commit by the token, in one " +
			"process and after a restart",
		try: func(p *probe) {
			// Two keys with different tokens, so that a token of the wrong row shows.
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
		explanation: "a store that is a Looker reports the state of keys: it claims none, and extends neither a " +
			"lease nor " +
			"a TTL",
		try: func(p *probe) {
			// Looking in the middle of the lease and of the TTL must not extend them. The free key comes twice, because
			// results belong to positions.
			looker, ok := p.store.(replay.Looker)
			if !ok {
				return
			}
			free, held, done := p.key(), p.key(), p.key()
			token := p.done(done, 4*p.unit) // until 4 units
			p.hold(4*p.unit, held)          // until 4 units
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
			p.advance(4) // 2 of 4 units
			look()
			p.want(replay.Claimed, free) // the looks have not claimed it
			p.advance(6)                 // 5 units: past the lease and the TTL
			if results := look(); results[1] != (replay.Result{}) || results[2] != (replay.Result{}) {
				p.failf("after lease and TTL have ended Look answered %+v, want nothing", results)
			}
		},
	},
}
