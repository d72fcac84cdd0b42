package core

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// authenticated returns the event as Config.Identity sees it: without what the proof does not cover. It fails closed:
// whoever captured a delivery can change that, and every replay would be another event.
func authenticated(t *eventSource, e *Event) Event {
	seen := *e
	// Attempt changes with every retry. A text made of it would let each retry run as a new event.
	seen.Identity, seen.Attempt, seen.run = Identity{}, 0, nil
	if !e.Authenticated.ID {
		seen.ID = ""
	}
	if !e.Authenticated.Type {
		seen.Type = ""
	}
	if !e.Authenticated.Time {
		seen.Time = time.Time{}
	}
	if !e.Authenticated.Tenant {
		seen.Tenant = ""
	}
	// Without a proof of the body an attacker could change a field of it and replay the rest: it is left out as a
	// whole.
	if !t.BodyProved {
		seen.Action, seen.Payload, seen.Data = "", nil, nil
	}
	return seen
}

// Why a text of Config.Identity is not used.
const (
	emptyName = "sallyport: Config.Identity gave an empty text, and the provider's own identity is used: " +
		"it sees authenticated fields only"
	unprovedName = "sallyport: Config.Identity names an event by an ID that no proof covers or that it does not " +
		"have, and the provider's own identity is used: it sees authenticated fields only, so that events " +
		"would have one name"
	constantName = "sallyport: Config.Identity gave a text that nothing authenticated of the event changes, " +
		"and the provider's own identity is used: every event would have that name"
)

// ownIdentity returns what Config.Identity makes of an event. It is empty where that would not distinguish events: then
// the entry's identity is used. A text that is made of an id that no proof covers ("push:" and that id), or of nothing,
// is the same for one event after another, and every event after the first would be lost as a duplicate. Authenticated
// fields alone decide: whoever captured a delivery cannot choose between the two.
func (d *Delivery) ownIdentity(t *eventSource, e *Event) string {
	g := d.guard
	seen := authenticated(t, e)
	if g.tenants.key.set && e.Authenticated.Tenant {
		// Otherwise a captured delivery could be sent again as "ACME" after "acme", and the app's text would differ.
		seen.Tenant = d.facts.scope // in any case of letters it is one tenant
	}
	text := g.events.identity(seen)
	switch {
	case text == "":
		g.events.unnamed.report(g, emptyName)
		return ""
	// The event's own id is unproved here. An attacker could choose it, or the text could lose every event after the
	// first.
	case !e.Authenticated.ID && g.changesIdentity(seen, text):
		g.events.unnamed.report(g, unprovedName)
		return ""
	case g.namesNothing(&seen, text):
		g.events.unnamed.report(g, constantName)
		return ""
	}
	return text
}

// changesIdentity reports whether the text depends on the event's id, which is left out of it.
func (g *Guard) changesIdentity(seen Event, text string) bool {
	seen.ID = "an id that no event has"
	with, ok := g.tryIdentity(seen)
	// Fails closed: a function that panics on an unusual id depends on it.
	return !ok || with != text
}

// namesNothing reports whether the text would be the same for any other event of the endpoint and its tenant. A
// function that panics without a payload reads the payload.
func (g *Guard) namesNothing(seen *Event, text string) bool {
	without, ok := g.tryIdentity(Event{
		Endpoint: seen.Endpoint, Provider: seen.Provider, Tenant: seen.Tenant, Secret: seen.Secret,
		Authenticated: seen.Authenticated,
	})
	// A panic counts as "depends on the payload", so that ordinary functions which decode it stay usable.
	return ok && without == text
}

// tryIdentity calls Config.Identity with an event that nobody sent, and contains its panic.
func (g *Guard) tryIdentity(e Event) (text string, ok bool) {
	defer func() {
		// The panic is provoked by an event that was made up here. It must not refuse a genuine delivery.
		if recover() != nil {
			text, ok = "", false
		}
	}()
	return g.events.identity(e), true
}

// noIdentity counts the events for which Config.Identity gave no usable text, and reports them once a minute.
type noIdentity struct {
	lines  lineGate
	events atomic.Int64 // since the last report
}

func (n *noIdentity) report(g *Guard, message string) {
	// Counted before the gate: the line says how many events the text would have confused since the last one.
	n.events.Add(1)
	if !n.lines.due() {
		return
	}
	g.logger.Error(message,
		slog.String("endpoint", g.endpoint), slog.String("provider", g.provider),
		slog.Int64("events", n.events.Swap(0)))
}
