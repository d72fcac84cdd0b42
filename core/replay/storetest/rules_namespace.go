package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var namespaceRules = []rule{
	{
		name: "namespaces do not see each other",
		explanation: "an event of one application is not a duplicate of another's (I5), whichever name begins " +
			"with the other",
		namespaces: true,
		try: func(p *probe) {
			// Four names of which one is the beginning of another: a store that joins namespace and key without a
			// separator may confuse them. Each namespace claims, settles, extends and forgets, and the others must not
			// notice.
			all := []*probe{p, p.neighbour("neighbour"), p.neighbour("neighbour2"), p.neighbour("neighbour.2")}
			done, held := p.key(), p.key()
			tokens := make([]replay.Token, len(all))
			for i, one := range all {
				one.done(done, long)             // the same key in each
				tokens[i] = one.hold(long, held) // and the same claim
			}
			for i, one := range all {
				other, alone := all[(i+1)%len(all)], p.key()
				token := one.hold(long, alone) // a key of one namespace alone
				other.loses([]replay.Key{alone}, commit(alone, token, long))
				other.lost("Extend", []replay.Key{alone},
					other.store.Extend(p.ctx, []replay.Held{{Key: alone, Token: token}}, long))
				one.want(replay.InFlight, alone) // the claim is untouched
			}
			for i, one := range all {
				one.forget(done)                     // in one namespace after the other
				one.settle(release(held, tokens[i])) // both keys are free in it
				for _, other := range all[i+1:] {
					other.want(replay.Done, done) // the ones that come later
					other.want(replay.InFlight, held)
				}
				one.want(replay.Claimed, done) // it is free here
				one.want(replay.Claimed, held)
			}
		},
	},
	{
		name:        "a namespace is one memory",
		explanation: "the processes of one application share what they remember (I1, I2)",
		namespaces:  true,
		try: func(p *probe) {
			// Two stores with the same namespace stand for two processes.
			one, other := p.neighbour("neighbour"), p.neighbour("neighbour")
			done, held := p.key(), p.key()
			one.done(done, long) // by one process
			token := one.hold(long, held)
			other.want(replay.Done, done)           // seen by the other
			other.want(replay.InFlight, held)       // a claim too
			other.settle(commit(held, token, long)) // the token is valid in both
			one.want(replay.Done, held)             // the other's commit counts
			other.forget(done)                      // by the other process
			one.want(replay.Claimed, done)          // it is forgotten for both
		},
	},
}

// decades is how long the guard keeps the marker of an endpoint.
const decades = 50 * 365 * 24 * time.Hour

var markerRules = []rule{
	{
		name: "a marker is kept for decades",
		explanation: "the guard records for good which provider an endpoint's name belongs to: a TTL of decades is " +
			"not an error, and " +
			"does not end early",
		try: func(p *probe) {
			// 50 years from now is after 2038, where 32 bits of seconds since 1970 overflow. Redis and SQL databases
			// have limits of their own.
			it := replay.Item{Key: p.key(), Digest: text("stripe")}
			token := p.claim(p.unit, it)[0].Token
			p.settle(commit(it.Key, token, decades)) // by the first guard of the endpoint
			p.settle(commit(it.Key, token, decades)) // repeated, as after a lost answer
			for range 2 {
				p.conflicts(replay.Done, p.claim(p.unit, it, replay.Item{Key: it.Key, Digest: text("github")}))
				p.advance(20) // time passes, far less than the TTL
			}
			p.forget(it.Key)
			p.want(replay.Claimed, it.Key) // only an operator ends it
		},
	},
	{
		name: "a text is a digest like any other",
		explanation: "the digest of a marker is a short text and zeros: another text, its beginning and nothing at " +
			"all are conflicts",
		try: func(p *probe) {
			// The texts share a beginning, or are followed by other bytes than zeros. A store that cuts texts at the
			// first zero finds some of them equal.
			texts := []string{"stripe", "", "s", "strip", "stripe2", "github",
				"stripe\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"}
			key := p.key()
			var its []replay.Item
			for _, t := range texts {
				its = append(its, replay.Item{Key: key, Digest: text(t)})
			}
			token := p.claim(long, its[0])[0].Token
			p.conflicts(replay.InFlight, p.claim(long, its...)) // the first text is the same, the others are not
			p.settle(commit(key, token, decades))
			p.conflicts(replay.Done, p.claim(long, its...)) // after the commit too
		},
	},
	{
		name: "a text is read as it was given",
		explanation: "a store that is a DigestReader names the provider that holds an endpoint's name; reading " +
			"claims nothing",
		try: func(p *probe) {
			// A text of the full 16 bytes has no zero byte at its end. The free key is asked for twice, because answers
			// belong to positions.
			reader, ok := p.store.(replay.DigestReader)
			if !ok {
				return
			}
			done, held, free := p.key(), p.key(), p.key()
			want := []replay.Digest{{}, text("github"), text("sixteen-letters!"), {}}
			its := []replay.Item{{Key: done, Digest: want[2]}, {Key: held, Digest: want[1]}}
			results := p.claim(long, its...)
			p.settle(commit(done, results[0].Token, decades)) // the other one stays held
			digests, err := reader.Digests(p.ctx, []replay.Key{free, held, done, free})
			if err != nil {
				p.failf("Digests: %v", err)
			}
			if len(digests) != len(want) {
				p.failf("Digests of %d keys: %d answers", len(want), len(digests))
			}
			for i := range want {
				if digests[i] != want[i] {
					p.failf("Digests answered %q, want %q", digests[i], want[i])
				}
			}
			p.want(replay.Claimed, free) // reading has not claimed it
		},
	},
}

// text returns the digest of a marker with the text s.
func text(s string) (digest replay.Digest) {
	copy(digest[:replay.TextDigest], s)
	return digest
}
