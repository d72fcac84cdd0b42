package inspector

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	pageRows = 50
	// searched is how many entries one request looks through for a filter that the store cannot apply.
	searched = 2000
	// searchTime ends a search before that: whoever waits for the first screen sees it soon, whatever the store is.
	searchTime    = 120 * time.Millisecond
	leastSearched = 50
)

// filter is what the list shows, as it stands in the query of its URL.
type filter struct {
	Endpoint string
	Outcome  string // a state of the journal, or "refused"; empty: everything
	Type     string
	Text     string
	before   journal.Cursor
}

// outcomes are the choices of the list, with what they show.
func outcomes() [][2]string {
	return [][2]string{
		{"", "everything"}, {"parked", "parked: nobody sends it again"},
		{"open", "open: the provider may send it again"},
		{"done", "done"}, {"dismissed", "dismissed"}, {"refused", "refused"},
	}
}

func filterOf(r *http.Request) filter {
	q := r.URL.Query()
	f := filter{
		Endpoint: cut(q.Get("endpoint"), 200), Outcome: q.Get("outcome"), Type: cut(q.Get("type"), 200),
		Text: cut(strings.TrimSpace(q.Get("text")), 200),
	}
	if !slices.ContainsFunc(outcomes(), func(o [2]string) bool { return o[0] == f.Outcome }) {
		f.Outcome = ""
	}
	f.before = cursorOf(q.Get("before"))
	return f
}

// cursorOf reads a place in the journal; zero: it is none.
func cursorOf(text string) journal.Cursor {
	at, id, _ := strings.Cut(text, ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(id) > journal.MaxID {
		return journal.Cursor{}
	}
	return journal.Cursor{At: time.UnixMicro(us).UTC(), ID: journal.ID(id)}
}

func cursorText(c journal.Cursor) string { return fmt.Sprintf("%d.%s", c.At.UnixMicro(), c.ID) }

// query is the filter as the query of a URL, with another place to begin.
func (f *filter) query(before journal.Cursor) string {
	q := url.Values{}
	for name, value := range map[string]string{
		"endpoint": f.Endpoint, "outcome": f.Outcome, "type": f.Type, "text": f.Text,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !before.At.IsZero() {
		q.Set("before", cursorText(before))
	}
	return q.Encode()
}

// state returns the state that the filter names; 0: none.
func (f *filter) state() journal.State {
	for _, s := range journal.States() {
		if s.String() == f.Outcome {
			return s
		}
	}
	return 0
}

// row is one line of the list: an entry of the journal, or a delivery of which nothing was kept.
type row struct {
	Time     time.Time     `json:"time"`
	Endpoint string        `json:"endpoint"`
	Provider string        `json:"provider,omitempty"`
	Type     string        `json:"type,omitempty"`
	Event    string        `json:"event,omitempty"` // the provider's id
	Tenant   string        `json:"tenant,omitempty"`
	Reason   reason.Reason `json:"reason,omitempty"`
	Status   int           `json:"status,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	Attempts int           `json:"attempts,omitempty"`
	Runs     int           `json:"runs,omitempty"`
	Err      string        `json:"error,omitempty"`
	State    string        `json:"state,omitempty"`    // of an entry
	ID       journal.ID    `json:"id,omitempty"`       // of an entry
	Revision uint64        `json:"revision,omitempty"` // of an entry
	Link     string        `json:"-"`
	Outcome  outcome       `json:"outcome"`

	cursor journal.Cursor
	event  journal.ID // of a delivery: the entry that its event would have
	last   time.Time  // of an entry: its newest failure
}

// list is what one request shows.
type list struct {
	Filter    filter
	Rows      []row
	Older     string // the query of the next page; empty: there is none
	Searched  bool   // Older goes on with a search that has looked at enough
	Endpoints []string
	Outcomes  [][2]string
	Banners   []banner
	Status    []status
	CanRun    bool // in bulk
	Empty     string
}

// Link leads to the next page. The query is encoded already: html/template would encode it again.
func (l *list) Link() template.URL { return template.URL("./?" + l.Older) }

func (p *Inspector) showList(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	access, f := accessOf(r), filterOf(r)
	if wantsJSON(r) && r.URL.Query().Get("outcome") != f.Outcome { // a page shows what it took; a script would not see
		p.fail(w, r, http.StatusBadRequest, "There is no such outcome.")
		return
	}
	l := &list{Filter: f, Outcomes: outcomes(), Banners: p.banners(access), Status: p.statusOf(access)}
	for _, g := range p.guards() {
		if access.sees(g.Endpoint()) && !slices.Contains(l.Endpoints, g.Endpoint()) {
			l.Endpoints = append(l.Endpoints, g.Endpoint())
		}
	}
	if err := p.fill(ctx, access, l); err != nil {
		p.failJournal(w, r, err)
		return
	}
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, struct {
			Rows  []row  `json:"rows"`
			Older string `json:"older,omitempty"`
		}{l.Rows, l.Older})
		return
	}
	l.CanRun = p.redriver != nil && access.Redrive && (f.Outcome == "open" || f.Outcome == "parked")
	l.Empty = p.whyEmpty(&f)
	p.show(w, r, "list", "Webhooks", l)
}

// whyEmpty says why there may be nothing to see.
func (p *Inspector) whyEmpty(f *filter) string {
	switch {
	case f.query(journal.Cursor{}) != "":
		return "Nothing matches this filter."
	case p.activity == nil:
		return "No event has failed. Refused and successful deliveries appear here once Config.Activity is set."
	case !p.journal.AlsoDone():
		return "Nothing has arrived since this process started. Successes are shown while it runs, and with their " +
			"payload where the journal keeps them (AlsoDone)."
	default:
		return "Nothing has arrived yet."
	}
}

// fill reads the rows of one page: entries of the journal and deliveries of which nothing was kept, in one order.
func (p *Inspector) fill(ctx context.Context, access *Access, l *list) error {
	f := &l.Filter
	entries, older, err := p.entryRows(ctx, access, f)
	if err != nil {
		return err
	}
	deliveries, err := p.deliveryRows(ctx, access, f, entries, older)
	if err != nil {
		return err
	}
	rows := append(entries, deliveries...)
	slices.SortStableFunc(rows, func(a, b row) int { return b.Time.Compare(a.Time) })
	if len(rows) > pageRows {
		rows = rows[:pageRows]
		older = rows[pageRows-1].cursor
	} else if !older.At.IsZero() {
		l.Searched = len(rows) < pageRows
	}
	l.Rows = rows
	if !older.At.IsZero() {
		l.Older = f.query(older)
	}
	return nil
}

// entryRows reads a page of entries. The cursor is where the next page begins; zero: there is none.
func (p *Inspector) entryRows(ctx context.Context, access *Access, f *filter) ([]row, journal.Cursor, error) {
	if f.Outcome == "refused" {
		return nil, journal.Cursor{}, nil
	}
	var rows []row
	looked, begin := 0, time.Now()
	// The type is not asked for here, so that the bound holds for all entries that are read.
	q := journal.Query{Endpoint: f.Endpoint, State: f.state(), Before: f.before}
	for e, err := range p.journal.Entries(ctx, q) {
		var at journal.Cursor
		var unreadable *journal.UnreadableError
		switch {
		case err == nil:
			at = e.Cursor()
			if access.sees(e.Endpoint) && f.finds(e) {
				rows = append(rows, entryRow(e))
			}
		case errors.As(err, &unreadable):
			at = journal.Cursor{At: unreadable.At, ID: unreadable.ID}
			// Shown whatever the filter says, as far as it can be checked: somebody has changed it.
			if access.sees(unreadable.Endpoint) {
				rows = append(rows, unreadableRow(unreadable))
			}
		default:
			return nil, journal.Cursor{}, err
		}
		if len(rows) > pageRows {
			return rows, rows[pageRows].cursor, nil
		}
		looked++
		if looked >= searched || looked >= leastSearched && time.Since(begin) > searchTime {
			return rows, at, nil
		}
	}
	return rows, journal.Cursor{}, nil
}

// deliveryRows returns the deliveries of which nothing was kept, not older than the page. Of those that have an entry,
// the entry's row gets the answer and the time that it took.
func (p *Inspector) deliveryRows(
	ctx context.Context, access *Access, f *filter, entries []row, older journal.Cursor,
) ([]row, error) {
	byID := make(map[journal.ID]*row, len(entries))
	for i := range entries {
		byID[entries[i].ID] = &entries[i]
	}
	var rows []row
	for _, d := range p.activity.deliveries(func(d *delivery) bool { return access.sees(d.Endpoint) }) {
		id := entryOf(&d)
		e := byID[id]
		if e == nil && d.Identity.IsZero() && d.Events <= 1 {
			e = unnamed(entries, &d)
		}
		if e != nil {
			if e.Status == 0 {
				e.Status, e.Duration = d.Status, d.Total
			}
			continue
		}
		if f.state() != 0 || !f.findsDelivery(&d) || d.Time.Before(older.At) ||
			(!f.before.At.IsZero() && !d.Time.Before(f.before.At)) {
			continue
		}
		r := deliveryRow(&d)
		r.event = id
		rows = append(rows, r)
		if len(rows) > pageRows {
			break
		}
	}
	return p.withoutKept(ctx, rows)
}

// unnamed returns the entry of a delivery whose event is not remembered, and so has an entry of a random ID: the one of
// the same endpoint and the same moment.
func unnamed(entries []row, d *delivery) *row {
	at := d.Time.Truncate(time.Microsecond)
	for i := range entries {
		if e := &entries[i]; e.Endpoint == d.Endpoint && e.last.Equal(at) && e.Event == d.ID {
			return e
		}
	}
	return nil
}

// withoutKept leaves out deliveries whose event has an entry on another page of the list.
func (p *Inspector) withoutKept(ctx context.Context, rows []row) ([]row, error) {
	var ids []journal.ID
	for i := range rows {
		if rows[i].event != "" {
			ids = append(ids, rows[i].event)
		}
	}
	if len(ids) == 0 {
		return rows, nil
	}
	kept, err := p.journal.Store().Load(ctx, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r row) bool {
		return slices.ContainsFunc(kept, func(k journal.Row) bool { return k.ID == r.event })
	}), nil
}

// entryOf returns the ID of the entry that a delivery's event has, if it has one.
func entryOf(d *delivery) journal.ID {
	if d.Identity.IsZero() || d.Events > 1 {
		return ""
	}
	return journal.IDOf(journal.FromRequest, d.Identity)
}

func (f *filter) finds(e *journal.Entry) bool {
	return (f.Type == "" || f.Type == e.Type) &&
		(f.Text == "" || contains(f.Text, e.Type, e.EventID, e.Err, e.Tenant, e.Endpoint, string(e.Reason),
			string(e.ID)))
}

func (f *filter) findsDelivery(d *delivery) bool {
	if f.Outcome == "refused" && outcomeOf(d.Reason) != refused {
		return false
	}
	return (f.Endpoint == "" || f.Endpoint == d.Endpoint) && (f.Type == "" || f.Type == d.Type) &&
		(f.Text == "" || contains(f.Text, d.Type, d.ID, d.Detail, d.Tenant, d.Endpoint, string(d.Reason)))
}

func contains(text string, in ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

func entryRow(e *journal.Entry) row {
	r := row{
		Time: e.Changed, Endpoint: e.Endpoint, Provider: e.Provider, Type: cut(e.Type, 200), Event: cut(e.EventID, 200),
		Tenant: cut(e.Tenant, 200), Reason: e.Reason, Attempts: e.Attempts, Runs: e.RunCount,
		Err:   cut(firstLine(e.Err), 300),
		State: e.State.String(), ID: e.ID, Revision: e.Revision, Link: "event/" + string(e.ID), Outcome: failing,
		cursor: e.Cursor(), last: e.Last,
	}
	if e.State == journal.Done {
		r.Outcome = passed
	}
	return r
}

func unreadableRow(e *journal.UnreadableError) row {
	return row{Time: e.At, Endpoint: e.Endpoint, Err: e.Error(), ID: e.ID, State: "unreadable", Outcome: failing,
		Link: "event/" + string(e.ID), cursor: journal.Cursor{At: e.At, ID: e.ID}}
}

func deliveryRow(d *delivery) row {
	r := row{
		Time: d.Time, Endpoint: d.Endpoint, Provider: d.Provider, Type: d.Type, Event: d.ID, Tenant: d.Tenant,
		Reason: d.Reason, Status: d.Status, Duration: d.Total, Err: cut(firstLine(d.Detail), 300),
		Link: "delivery/" + strconv.FormatUint(d.Number, 10), Outcome: outcomeOf(d.Reason),
		// A microsecond later: entries of the same one are shown twice and not left out.
		cursor: journal.Cursor{At: d.Time.Add(time.Microsecond)},
	}
	if d.Err != nil {
		r.Err = cut(firstLine(d.Err.Error()), 300)
	}
	return r
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
