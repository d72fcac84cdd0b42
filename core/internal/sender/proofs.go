package sender

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// provedFor is how long a sender counts as proved after a genuine delivery.
	provedFor = 24 * time.Hour
	// provedAgain is how old a proof may be before the next one is noted: not every delivery has to write.
	provedAgain = time.Hour
	// maxProved bounds the senders that are remembered: some 400 KB an endpoint.
	maxProved = 4096
)

// Proofs remembers who sent genuine deliveries lately. Budgets keep a part for them. Forgetting a sender fails closed:
// it shares the part of unproved senders until its next delivery. The zero value is ready.
type Proofs struct {
	mu sync.Mutex
	at map[netip.Addr]time.Time // the last proof that was noted, by Key
}

// Has reports whether a sender is proved. source is what Key returns.
func (p *Proofs) Has(source netip.Addr, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.at[source]
	return ok && now.Sub(at) < provedFor
}

// Add notes a proof. Where there is no room, the sender whose proof is oldest is forgotten. source is what Key returns.
func (p *Proofs) Add(source netip.Addr, now time.Time) {
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
