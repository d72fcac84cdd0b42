package inspector

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	rejectedBanner = 3                  // rejections in a row from which an endpoint is reported
	expiryBanner   = 7 * 24 * time.Hour // before a secret ends
)

// banner says at the top of the list that an endpoint needs somebody.
type banner struct {
	Endpoint, Text string
	Since          time.Time // zero: Text says it all
}

func (p *Inspector) banners(access *Access) []banner {
	var all []banner
	for _, g := range p.guards() {
		if access.sees(g.Endpoint()) {
			all = append(all, p.bannersOf(g, g.Health(), g.Rotation().Secrets)...)
		}
	}
	if n := p.journal.NotKept(); n > 0 && access.Endpoints == nil {
		all = append(all, banner{Text: fmt.Sprintf("The journal left out %d open entries, because their endpoints "+
			"have too many: the providers still retry those events", n)})
	}
	return all
}

func (p *Inspector) bannersOf(g *core.Guard, h core.Health, known []secrets.Use) []banner {
	var all []banner
	add := func(since time.Time, format string, args ...any) {
		all = append(all, banner{Endpoint: g.Endpoint(), Text: fmt.Sprintf(format, args...), Since: since})
	}
	if g.Paused() {
		add(time.Time{}, "is paused: deliveries are answered 503")
	}
	if h.RejectedInARow >= rejectedBanner {
		if h.LastProved.IsZero() {
			add(time.Time{}, "refused %d deliveries, the last as %s, and verified none since it started",
				h.RejectedInARow, h.LastReason)
		} else {
			add(h.LastProved, "refused %d deliveries in a row, the last as %s; the last verified one was at",
				h.RejectedInARow, h.LastReason)
		}
	}
	if !h.SecretsStaleSince.IsZero() {
		add(h.SecretsStaleSince, "has not got its newest secrets (%s), since", cut(h.SecretsProblem, 300))
	}
	if h.DroppedRecords > 0 {
		add(time.Time{}, "dropped %d records, because an observer was too slow", h.DroppedRecords)
	}
	for _, u := range known {
		if !u.NotAfter.IsZero() && u.Left.IsZero() && u.NotAfter.Before(p.now().Add(expiryBanner)) {
			word := "expires at"
			if u.NotAfter.Before(p.now()) {
				word = "expired at"
			}
			add(u.NotAfter, "has a secret %q that %s", u.Label, word)
		}
	}
	return all
}

// mostStatus is how many endpoints the list describes. The overview has all of them.
const mostStatus = 10

// status is a line of the list that says how an endpoint is doing, also where all is well.
type status struct {
	Name       string
	LastProved time.Time
	InARow     int64 // rejections since then
	NextExpiry time.Time
	Dropped    int64
}

func (p *Inspector) statusOf(access *Access) []status {
	var all []status
	for _, g := range p.guards() {
		if !access.sees(g.Endpoint()) || len(all) == mostStatus {
			continue
		}
		h := g.Health()
		all = append(all, status{g.Endpoint(), h.LastProved, h.RejectedInARow, nextExpiry(g.Rotation().Secrets),
			h.DroppedRecords})
	}
	return all
}

// nextExpiry returns when the next of the secrets expires; zero: none does.
func nextExpiry(all []secrets.Use) (next time.Time) {
	for _, u := range all {
		if !u.NotAfter.IsZero() && u.Left.IsZero() && (next.IsZero() || u.NotAfter.Before(next)) {
			next = u.NotAfter
		}
	}
	return next
}

// endpoint is what the overview shows of one guard.
type endpoint struct {
	Name, Provider string
	Paused         bool
	Health         core.Health
	Secrets        []secrets.Use
	NextExpiry     time.Time
	Chart          *chart
	Totals         minute // of the last hour
	Banners        []banner
}

type overview struct {
	Endpoints []endpoint
	Access    *Access
}

func (p *Inspector) showEndpoints(w http.ResponseWriter, r *http.Request) {
	access := accessOf(r)
	v := &overview{Access: access}
	for _, g := range p.guards() {
		if access.sees(g.Endpoint()) {
			v.Endpoints = append(v.Endpoints, p.endpointOf(g))
		}
	}
	if wantsJSON(r) {
		v.sendJSON(w)
		return
	}
	p.show(w, r, "endpoints", "Endpoints", v)
}

func (v *overview) sendJSON(w http.ResponseWriter) {
	type one struct {
		Endpoint string        `json:"endpoint"`
		Provider string        `json:"provider"`
		Paused   bool          `json:"paused"`
		Health   core.Health   `json:"health"`
		Secrets  []secrets.Use `json:"secrets"`
	}
	all := make([]one, 0, len(v.Endpoints))
	for _, e := range v.Endpoints {
		all = append(all, one{e.Name, e.Provider, e.Paused, e.Health, e.Secrets})
	}
	sendJSON(w, http.StatusOK, map[string]any{"endpoints": all})
}

func (p *Inspector) endpointOf(g *core.Guard) endpoint {
	e := endpoint{
		Name: g.Endpoint(), Provider: g.Provider(), Paused: g.Paused(), Health: g.Health(),
		Secrets: g.Rotation().Secrets,
	}
	e.Banners = p.bannersOf(g, e.Health, e.Secrets)
	e.NextExpiry = nextExpiry(e.Secrets)
	if p.activity != nil {
		all := p.activity.perMinute(g.Endpoint(), p.now())
		for _, m := range all {
			e.Totals.Passed += m.Passed
			e.Totals.Refused += m.Refused
			e.Totals.Failing += m.Failing
		}
		e.Chart = chartOf(all)
	}
	return e
}

// chart is the deliveries of an hour as bars, one a minute.
type chart struct {
	Bars          []bar
	Most          int // deliveries of the highest bar
	Width, Height int
}

// bar is one part of a minute's bar.
type bar struct {
	X, Y, Width, Height int
	Outcome             outcome
}

func chartOf(all []minute) *chart {
	const step, width, height = 6, 5, 48
	c := &chart{Width: step * len(all), Height: height}
	for _, m := range all {
		c.Most = max(c.Most, m.Passed+m.Refused+m.Failing)
	}
	for i, m := range all {
		y := height
		for _, part := range []struct {
			n int
			o outcome
		}{{m.Passed, passed}, {m.Failing, failing}, {m.Refused, refused}} {
			if part.n == 0 {
				continue
			}
			h := max(1, part.n*height/c.Most) // one delivery shows beside a thousand
			y = max(0, y-h)
			c.Bars = append(c.Bars, bar{X: i * step, Y: y, Width: width, Height: h, Outcome: part.o})
		}
	}
	return c
}
