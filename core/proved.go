package core

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

const (
	// provedFor is how long a sender counts as proved after a genuine delivery.
	provedFor = 24 * time.Hour
	// provedAgain is how old a proof may be before the next one is noted: not every delivery has to write.
	provedAgain = time.Hour
	// maxProved bounds the senders that are remembered: some 400 KB a guard.
	maxProved = 4096
)

// provedSenders remembers who sent genuine deliveries lately. Budgets keep a part for them. Forgetting one fails
// closed: it shares the part of unproved senders until its next delivery.
type provedSenders struct {
	mu sync.Mutex
	at map[netip.Addr]time.Time // the last proof that was noted, by sender.Key
}

// has reports whether a source is proved.
func (p *provedSenders) has(source netip.Addr, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.at[source]
	return ok && now.Sub(at) < provedFor
}

// add notes a proof. Where there is no room, the sender whose proof is oldest makes way.
func (p *provedSenders) add(source netip.Addr, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.at[source]; ok && now.Sub(at) < provedAgain {
		return
	}
	if p.at == nil {
		p.at = map[netip.Addr]time.Time{}
	}
	if _, ok := p.at[source]; !ok && len(p.at) >= maxProved {
		var oldest netip.Addr
		for have, at := range p.at {
			if !oldest.IsValid() || at.Before(p.at[oldest]) {
				oldest = have
			}
		}
		delete(p.at, oldest)
	}
	p.at[source] = now
}

// budgeted reports whether a request can make the guard ask others on its behalf: for keys, or for a tenant's secrets.
// Only then the guard has to know who has proved itself.
func (g *Guard) budgeted() bool {
	return g.tenants.key.set || g.verifier != nil && g.verifier.FetchesKeys()
}

// senderOf returns who sent a request, for budgets. listed says that Config.Sources lists the source.
func (g *Guard) senderOf(i *inspection, listed bool) sender.Sender {
	s := sender.Sender{Source: sender.Key(i.source)}
	if s.Source.IsValid() {
		s.Proved = listed || g.proved.has(s.Source, i.started)
	}
	return s
}

// noteProof remembers the sender of a delivery that was proved and is new. A repeated one proves nothing about who sent
// it: whoever captured a delivery could send it from any number of networks.
func (g *Guard) noteProof(d *Delivery, i *inspection) {
	if !g.budgeted() || !d.facts.proved || !i.source.IsValid() {
		return
	}
	repeated := func(s eventState) bool { return !s.fresh() || s.noted != 0 }
	if len(d.states) > 0 && !slices.ContainsFunc(d.states, func(s eventState) bool { return !repeated(s) }) {
		return
	}
	g.proved.add(sender.Key(i.source), i.started)
}
