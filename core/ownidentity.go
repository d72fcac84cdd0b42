package core

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// authenticated returns the event as Config.Identity sees it: without what the proof does not cover. Otherwise an identity could
// be made of what whoever captured a delivery can change, and every replay would be another event.
func authenticated(t *told, e *Event) Event {
	seen := *e
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
	if !t.bodyProved {
		seen.Action, seen.Payload, seen.Data = "", nil, nil
	}
	return seen
}

// noIdentity counts the events for which Config.Identity gave an empty text, and reports them once a minute.
type noIdentity struct {
	next   atomic.Int64 // when to report again, in nanoseconds since 1970
	events atomic.Int64 // since the last report
}

func (n *noIdentity) report(g *Guard) {
	n.events.Add(1)
	now := time.Now()
	next := n.next.Load()
	if now.UnixNano() < next || !n.next.CompareAndSwap(next, now.Add(time.Minute).UnixNano()) {
		return
	}
	g.logger.Error("sallyport: Config.Identity gave an empty text, and the provider's own identity is used: it sees authenticated fields only",
		slog.String("endpoint", g.endpoint), slog.String("provider", g.provider), slog.Int64("events", n.events.Swap(0)))
}
