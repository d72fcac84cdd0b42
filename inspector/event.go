package inspector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// detail is one line of what an event says of itself, and whether the proof covers it.
type detail struct {
	Name, Value string
	Time        time.Time // in place of Value
	Proved      string    // "signed", "not signed"; empty: it is ours
}

// event is what the page of one entry shows.
type event struct {
	Entry    *journal.Entry
	Details  []detail
	Checks   []check
	Findings []reason.Finding
	Delivery *delivery // the newest, where this process has seen it
	Headers  []header
	Payload  *payload // nil: hidden
	Copies   *copies  // nil: hidden
	Access   *Access
	CanRun   bool
	WhyNot   string
	Notice   string
	Expires  time.Time
	CanClose bool

	Claim    []string // what the replay store knows of it
	Unproved []string // what of a delivery nothing authenticates
	Did      []did
	CanPause bool
	Paused   bool
	Others   []journal.Row // to compare with
}

func (p *Inspector) showEvent(w http.ResponseWriter, r *http.Request) {
	e, ok := p.load(w, r)
	if !ok {
		return
	}
	access := accessOf(r)
	claim := p.claimOf(r.Context(), e)
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, entryJSON(e, access.Payloads, claim))
		return
	}
	v := &event{
		Entry: e, Access: access, Details: detailsOf(e), Checks: checksOf(e.Reason), Notice: noticeOf(r),
		CanRun: p.redriver != nil && access.Redrive && e.Runnable, WhyNot: p.whyNotRun(e, access),
		Expires: p.journal.Expires(e), CanClose: access.Dismiss && !e.State.Closed(), Claim: claim, Did: didOf(e),
	}
	if g := p.guardOf(e.Endpoint); g != nil {
		v.Unproved, v.CanPause, v.Paused = g.Unproved(), access.Pause, g.Paused()
	}
	if seen := p.activity.deliveries(func(d *delivery) bool { return entryOf(d) == e.ID }); len(seen) > 0 {
		v.Delivery, v.Findings = &seen[0], seen[0].Findings
	}
	if access.Payloads {
		v.Headers = headersOf(e.Request.Header)
		v.Payload = payloadOf(e.Body, e.Length, e.Request.Header.Get("Content-Type"))
		v.Copies = copiesOf(e)
		v.Others = p.othersThan(r.Context(), e)
	}
	p.show(w, r, "event", "Event", v)
}

// othersThan returns the newest entries of the same endpoint, as suggestions. There are none where they cannot be read.
func (p *Inspector) othersThan(ctx context.Context, e *journal.Entry) []journal.Row {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := p.journal.List(ctx, journal.Page{Endpoint: e.Endpoint, Limit: 20})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(rows, func(row journal.Row) bool { return row.ID == e.ID })
}

// load reads the entry that the path names. It answers itself where there is none to see: an entry of an endpoint that
// the person may not see is not there.
func (p *Inspector) load(w http.ResponseWriter, r *http.Request) (*journal.Entry, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	e, err := p.journal.Load(ctx, journal.ID(r.PathValue("id")))
	if err == nil && !accessOf(r).sees(e.Endpoint) {
		err = journal.ErrNotFound
	}
	if err != nil {
		if unreadable, ok := errors.AsType[*journal.UnreadableError](err); ok &&
			!accessOf(r).sees(unreadable.Endpoint) {
			err = journal.ErrNotFound
		}
		p.failJournal(w, r, err)
		return nil, false
	}
	return e, true
}

// whyNotRun says why there is no button.
func (p *Inspector) whyNotRun(e *journal.Entry, access *Access) string {
	switch {
	case p.redriver == nil:
		return "This page has no Redriver: it only reads."
	case !access.Redrive:
		return "You may not run events again (Access.Redrive)."
	case !e.Runnable:
		return "It cannot run: " + e.WhyNot
	}
	return ""
}

func detailsOf(e *journal.Entry) []detail {
	covered := func(signed bool) string {
		if signed {
			return "signed"
		}
		return "not signed"
	}
	all := []detail{
		{Name: "Endpoint", Value: e.Endpoint}, {Name: "Provider", Value: e.Provider},
		{Name: "Type", Value: e.Type, Proved: covered(e.Authenticated.Type)}, {Name: "Action", Value: e.Action},
		{Name: "Event id", Value: e.EventID, Proved: covered(e.Authenticated.ID)},
		{Name: "Tenant", Value: e.Tenant, Proved: covered(e.Authenticated.Tenant)},
		{Name: "Happened", Time: e.Time, Proved: covered(e.Authenticated.Time)},
		{Name: "Secret that matched", Value: e.Secret}, {Name: "First failure", Time: e.First},
		{Name: "Newest failure", Time: e.Last}, {Name: "Failed deliveries", Value: number(e.Attempts)},
		{Name: "Provider's attempt", Value: number(e.Attempt)}, {Name: "Received from", Value: e.Request.RemoteAddr},
	}
	kept := all[:0]
	for _, d := range all {
		if d.Value != "" || !d.Time.IsZero() {
			d.Value = cut(d.Value, 500)
			kept = append(kept, d)
		}
	}
	return kept
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// entryJSON is an entry for a command.
func entryJSON(e *journal.Entry, payloads bool, claim []string) any {
	v := struct {
		row
		Action   string        `json:"action,omitempty"`
		Happened time.Time     `json:"happened,omitzero"`
		Error    string        `json:"error,omitempty"` // whole
		Finished []string      `json:"finished,omitempty"`
		Did      []did         `json:"receivers,omitempty"`
		Claim    []string      `json:"claim,omitempty"` // what the replay store knows
		First    time.Time     `json:"first,omitzero"`
		Last     time.Time     `json:"last,omitzero"`
		Runnable bool          `json:"runnable"`
		WhyNot   string        `json:"why_not,omitempty"`
		History  []journal.Run `json:"history,omitempty"`
		Method   string        `json:"method,omitempty"`
		URL      string        `json:"url,omitempty"`
		Header   http.Header   `json:"header,omitempty"`
		Dropped  []string      `json:"headers_not_kept,omitempty"`
		Length   int64         `json:"length"`
		Digest   string        `json:"sha256,omitempty"`
		Body     []byte        `json:"body,omitempty"` // base64
	}{
		row: entryRow(e), Action: e.Action, Happened: e.Time, Error: e.Err, Finished: e.Finished, First: e.First,
		Last: e.Last, Runnable: e.Runnable, WhyNot: e.WhyNot, History: e.Runs, Length: e.Length,
		Did: didOf(e), Claim: claim,
	}
	if payloads {
		v.Method, v.URL, v.Dropped = e.Request.Method, e.Request.URL, e.Request.Dropped
		v.Header, v.Body = masked(e.Request.Header), e.Body
		v.Digest = fmt.Sprintf("%x", e.Digest) // with the payload only: it would confirm a guess of a short one
	}
	return v
}

// deliveryPage is what the page of a delivery shows of which nothing was kept.
type deliveryPage struct {
	Delivery *delivery
	Outcome  outcome
	Checks   []check
	Details  []detail
	Link     string // to the event's entry, if it may have one
}

func (p *Inspector) showDelivery(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
	access := accessOf(r)
	seen := p.activity.deliveries(func(d *delivery) bool { return d.Number == n && access.sees(d.Endpoint) })
	if err != nil || len(seen) == 0 {
		p.fail(w, r, http.StatusNotFound,
			"This delivery is no longer remembered: newer ones of its kind took its place, or "+
				"the process was started again.")
		return
	}
	d := &seen[0]
	v := &deliveryPage{Delivery: d, Outcome: outcomeOf(d.Reason), Checks: checksOf(d.Reason)}
	if id := entryOf(d); id != "" {
		if e, err := p.journal.Load(r.Context(), id); err == nil && access.sees(e.Endpoint) {
			v.Link = "../event/" + string(id)
		}
	}
	source := ""
	if d.Source.IsValid() {
		source = d.Source.String()
	}
	for _, one := range []detail{
		{Name: "Endpoint", Value: d.Endpoint}, {Name: "Provider", Value: d.Provider}, {Name: "Route", Value: d.Route},
		{Name: "Answered", Value: number(d.Status)}, {Name: "Took", Value: d.Total.Round(time.Microsecond).String()},
		{Name: "Received from", Value: source}, {Name: "Type", Value: d.Type}, {Name: "Event id", Value: d.ID},
		{Name: "Tenant", Value: d.Tenant}, {Name: "Secret that matched", Value: d.Secret},
		{Name: "Signed URL", Value: string(d.SignedURL)}, {Name: "Bytes", Value: number(d.BodyBytes)},
		{Name: "Events", Value: number(d.Events)}, {Name: "Processed before", Time: d.DoneAt},
	} {
		if one.Value != "" || !one.Time.IsZero() {
			v.Details = append(v.Details, one)
		}
	}
	p.show(w, r, "delivery", "Delivery", v)
}
