package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// keptUses is what the events of a journal say about the use of secrets.
type keptUses struct{ endpoints []*endpointUses }

// endpointUses is what they say about one endpoint.
type endpointUses struct {
	name, provider string
	since          time.Time // its oldest event
	lists          []*listUses
}

// listUses is about the secrets of one tenant; without tenants, of the endpoint.
type listUses struct {
	tenant string
	asOf   time.Time           // when uses were so; zero: no event says it
	uses   []journal.SecretUse // of the newest event that has them
	others []match             // of every other one
}

// match is when a secret has proved a delivery, by its label.
type match struct {
	setting, label string
	at             time.Time
	count          int64 // of events in the journal; 0: another process says it
}

// add takes down what an event says. Events come in any order.
func (k *keptUses) add(e *journal.Entry) {
	i := slices.IndexFunc(k.endpoints, func(one *endpointUses) bool { return one.name == e.Endpoint })
	if i < 0 {
		i = len(k.endpoints)
		k.endpoints = append(k.endpoints, &endpointUses{name: e.Endpoint, provider: e.Provider, since: e.First})
	}
	of := k.endpoints[i]
	if e.First.Before(of.since) {
		of.since = e.First
	}
	tenant := ""
	if len(e.Uses) > 0 {
		tenant = e.Uses[0].Tenant
	}
	j := slices.IndexFunc(of.lists, func(l *listUses) bool { return l.tenant == tenant })
	if j < 0 {
		j = len(of.lists)
		of.lists = append(of.lists, &listUses{tenant: tenant})
	}
	of.lists[j].add(e)
}

func (l *listUses) add(e *journal.Entry) {
	if e.Secret != "" {
		l.others = append(l.others, match{"", e.Secret, e.Last, 1})
	}
	if e.Uses == nil {
		return
	}
	older := e.Uses
	if e.Last.After(l.asOf) {
		older, l.uses, l.asOf = l.uses, e.Uses, e.Last
	}
	for i := range older {
		if u := &older[i]; !u.LastMatched.IsZero() {
			l.others = append(l.others, match{u.Setting, u.Label, u.LastMatched, 0})
		}
	}
}

// rotations returns what is known of all endpoints, by their names.
func (k *keptUses) rotations() *rotations {
	all := &rotations{Endpoints: []rotated{}}
	slices.SortFunc(k.endpoints, func(a, b *endpointUses) int { return cmp.Compare(a.name, b.name) })
	for _, of := range k.endpoints {
		r := rotated{Endpoint: of.name, Provider: of.provider, Since: of.since}
		slices.SortFunc(of.lists, func(a, b *listUses) int { return cmp.Compare(a.tenant, b.tenant) })
		for _, l := range of.lists {
			r.Secrets = append(r.Secrets, l.secrets()...)
			if l.asOf.After(r.AsOf) {
				r.AsOf = l.asOf
			}
		}
		says := of.name + ": as the process that kept its newest event had seen it by " +
			r.AsOf.Local().Format(time.DateTime) + "; what came since is not known"
		if r.AsOf.IsZero() {
			says = of.name + ": its events say nothing about deliveries that succeeded, so that no secret can be " +
				"said to be removable: ask the page"
		}
		if slices.ContainsFunc(r.Secrets, func(s usedSecret) bool { return strings.HasPrefix(s.Label, "#") }) {
			says += "; #1 is a place in the list, whatever secret stands there: give secrets labels"
		}
		all.Notes = append(all.Notes, fmt.Sprintf("%s; the journal reaches back to %s", says,
			of.since.Local().Format(time.DateTime)))
		all.Endpoints = append(all.Endpoints, r)
	}
	return all
}

// notKnown is the state of a secret where no event says it.
const notKnown = "not_known"

// secrets returns the secrets of the list: those of the newest event, and behind them others that have proved an event.
func (l *listUses) secrets() (all []usedSecret) {
	for i := range l.uses {
		u := &l.uses[i]
		s := usedSecret{Tenant: l.tenant, Label: u.Label, Setting: u.Setting, State: string(u.State),
			Matched: u.Matched, LastMatched: u.LastMatched, NotAfter: u.NotAfter}
		for _, m := range l.others {
			if m.label == u.Label && (m.setting == "" || m.setting == u.Setting) && m.at.After(s.LastMatched) {
				s.LastMatched = m.at
			}
		}
		expired := !u.NotAfter.IsZero() && l.asOf.After(u.NotAfter)
		// Fails closed: another process has had deliveries of it later than the one that calls it safe.
		if u.State == secrets.SafeToRemove && s.LastMatched.After(u.LastMatched) && !expired {
			s.State = string(secrets.Waiting)
		}
		all = append(all, s)
	}
	for _, m := range l.others {
		i := slices.IndexFunc(all, func(s usedSecret) bool {
			return s.Label == m.label && (m.setting == "" || s.Setting == m.setting)
		})
		if i < 0 {
			i = len(all)
			s := usedSecret{Tenant: l.tenant, Label: m.label, Setting: m.setting, State: notKnown}
			if !l.asOf.IsZero() {
				s.State = string(secrets.Left) // the newest event does not have it any more
			}
			all = append(all, s)
		}
		if i >= len(l.uses) { // those of the newest event have counted every delivery
			all[i].Matched += m.count
		}
		if m.at.After(all[i].LastMatched) {
			all[i].LastMatched = m.at
		}
	}
	return all
}
