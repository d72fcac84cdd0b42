package storetest

import (
	"bytes"
	"crypto/sha256"

	"github.com/sallyport-go/sallyport/core/replay"
)

var digestRules = []rule{
	{
		name: "a digest of the store's own tells another event",
		explanation: "a store that is a Digester makes one digest of equal bytes, and another one of any others: a " +
			"key that comes with other bytes is a conflict",
		try: func(p *probe) {
			// Events that differ in one bit, and in their length alone. A digest of a part of an event, or of its
			// length, finds some of them equal.
			digester, ok := p.store.(replay.Digester)
			if !ok {
				return
			}
			event := bytes.Repeat([]byte("event"), 300)
			events := [][]byte{event, nil, {0}, event[1:], event[:len(event)-1], append(bytes.Clone(event), 0)}
			for _, at := range []int{0, 7, 8, len(event) / 2, len(event) - 1} {
				other := bytes.Clone(event)
				other[at] ^= 1
				events = append(events, other)
			}
			key := p.key()
			its := make([]replay.Item, len(events))
			for i, e := range events {
				its[i] = replay.Item{Key: key, Digest: digester.DigestOf(e)}
			}
			// A copy, in other memory.
			if digester.DigestOf(bytes.Clone(event)) != its[0].Digest {
				p.failf("DigestOf gave two digests of the same bytes")
			}
			token := p.claim(long, its[0])[0].Token
			p.conflicts(replay.InFlight, p.claim(long, its...))
			p.settle(commit(key, token, long))
			p.conflicts(replay.Done, p.claim(long, its...)) // after the commit too
		},
	},
	{
		name: "two kinds of digests are not a conflict",
		explanation: "an event that was claimed with a digest of the store's own may come again with its SHA-256, " +
			"because the endpoint has a journal by then, and the other way round",
		try: func(p *probe) {
			digester, ok := p.store.(replay.Digester)
			if !ok {
				return
			}
			event := []byte("event")
			own, sum := digester.DigestOf(event), replay.Digest(sha256.Sum256(event))
			for _, digests := range [][2]replay.Digest{{own, sum}, {sum, own}} {
				key := p.key()
				p.claim(long, replay.Item{Key: key, Digest: digests[0]})
				if p.claim(long, replay.Item{Key: key, Digest: digests[1]})[0].Conflict {
					p.failf("the two digests of one event are a conflict")
				}
			}
		},
	},
}
