package core

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// budgeted reports whether a request can make the guard ask others on its behalf: for keys, or for a tenant's secrets.
// Only then the guard has to know the proved senders.
func (g *Guard) budgeted() bool {
	return g.tenants.key.set || g.signature != nil && g.signature.FetchesKeys()
}

// senderOf returns who sent a request, for budgets. listed reports whether Config.Sources lists the source.
func (g *Guard) senderOf(i *inspection, listed bool) sender.Sender {
	// An IPv6 sender is its /64, because one customer usually owns all addresses in it.
	s := sender.Sender{Source: sender.Key(i.source)}
	if s.Source.IsValid() {
		// It fails closed: a sender without a known address is unproved, and draws from the budget that all unproved
		// ones share.
		s.Proved = listed || g.proved.Has(s.Source, i.started)
	}
	return s
}

// noteProof remembers the sender of a delivery that was proved and is new. A repeated one proves nothing about who sent
// it: whoever captured a delivery could send it from any number of networks.
func (g *Guard) noteProof(d *Delivery, i *inspection) {
	// Not proved: report-only checks let it through, and anybody could have sent it.
	if !g.budgeted() || !d.facts.proved || !i.source.IsValid() {
		return
	}
	repeated := func(s eventState) bool { return !s.fresh() || s.noted != 0 }
	// Every event is a repetition. One new event is enough: only somebody with the secret can make it.
	if len(d.states) > 0 && !slices.ContainsFunc(d.states, func(s eventState) bool { return !repeated(s) }) {
		return
	}
	g.proved.Add(sender.Key(i.source), i.started)
}
