package storetest

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

var namespaceRules = []rule{
	{
		name: "namespaces do not see each other",
		explanation: "an event of one application is no duplicate of another's (I5), whichever of the names begins " +
			"with the other",
		namespaces: true,
		try: func(p *probe) {
			all := []*probe{p, p.neighbour("neighbour"), p.neighbour("neighbour2"), p.neighbour("neighbour.2")}
			done, held := p.key(), p.key()
			tokens := make([]replay.Token, len(all))
			for i, one := range all {
				one.done(done, long)
				tokens[i] = one.hold(long, held)
			}
			for i, one := range all {
				other, alone := all[(i+1)%len(all)], p.key()
				token := one.hold(long, alone)
				other.loses([]replay.Key{alone}, commit(alone, token, long))
				other.lost("Extend", []replay.Key{alone},
					other.store.Extend(p.ctx, []replay.Held{{Key: alone, Token: token}}, long))
				one.want(replay.InFlight, alone)
			}
			for i, one := range all {
				one.forget(done)
				one.settle(release(held, tokens[i]))
				for _, other := range all[i+1:] {
					other.want(replay.Done, done)
					other.want(replay.InFlight, held)
				}
				one.want(replay.Claimed, done)
				one.want(replay.Claimed, held)
			}
		},
	},
	{
		name:        "a namespace is one memory",
		explanation: "the processes of one application share what they remember (I1, I2)",
		namespaces:  true,
		try: func(p *probe) {
			one, other := p.neighbour("neighbour"), p.neighbour("neighbour")
			done, held := p.key(), p.key()
			one.done(done, long)
			token := one.hold(long, held)
			other.want(replay.Done, done)
			other.want(replay.InFlight, held)
			other.settle(commit(held, token, long))
			one.want(replay.Done, held)
			other.forget(done)
			one.want(replay.Claimed, done)
		},
	},
}

// decades is how long the guard keeps the marker of an endpoint.
const decades = 50 * 365 * 24 * time.Hour

var markerRules = []rule{
	{
		name: "a marker is kept for decades",
		explanation: "the guard notes for good whose an endpoint's name is: a TTL of decades is not an error, and " +
			"does not end early",
		try: func(p *probe) {
			it := replay.Item{Key: p.key(), Digest: text("stripe")}
			token := p.claim(p.unit, it)[0].Token
			p.settle(commit(it.Key, token, decades))
			p.settle(commit(it.Key, token, decades))
			for range 2 {
				p.conflicts(replay.Done, p.claim(p.unit, it, replay.Item{Key: it.Key, Digest: text("github")}))
				p.advance(20)
			}
			p.forget(it.Key)
			p.want(replay.Claimed, it.Key)
		},
	},
	{
		name: "a text is a digest like any other",
		explanation: "the digest of a marker is a short text and zeros: another text, its beginning and nothing at " +
			"all are conflicts",
		try: func(p *probe) {
			texts := []string{"stripe", "", "s", "strip", "stripe2", "github",
				"stripe\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"}
			key := p.key()
			var its []replay.Item
			for _, t := range texts {
				its = append(its, replay.Item{Key: key, Digest: text(t)})
			}
			token := p.claim(long, its[0])[0].Token
			p.conflicts(replay.InFlight, p.claim(long, its...))
			p.settle(commit(key, token, decades))
			p.conflicts(replay.Done, p.claim(long, its...))
		},
	},
	{
		name: "a text is read as it was given",
		explanation: "a store that is a DigestReader names the provider that holds an endpoint's name; reading " +
			"claims nothing",
		try: func(p *probe) {
			reader, ok := p.store.(replay.DigestReader)
			if !ok {
				return
			}
			done, held, free := p.key(), p.key(), p.key()
			want := []replay.Digest{{}, text("github"), text("sixteen-letters!"), {}}
			its := []replay.Item{{Key: done, Digest: want[2]}, {Key: held, Digest: want[1]}}
			results := p.claim(long, its...)
			p.settle(commit(done, results[0].Token, decades))
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
			p.want(replay.Claimed, free)
		},
	},
}

// text is the digest of a marker that says s.
func text(s string) (digest replay.Digest) {
	copy(digest[:replay.TextDigest], s)
	return digest
}
