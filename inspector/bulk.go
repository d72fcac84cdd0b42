package inspector

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
)

const (
	bulkRuns     = 100 // of one click
	bulkFailures = 3   // in a row, which end it
)

// bulk is what the page after many runs shows.
type bulk struct {
	Results []runResult
	Done    int
	Failed  int
	Stopped bool   // after three failures in a row
	More    bool   // entries that were found have not run
	Older   string // where the search goes on; empty: it looked at everything
	Looked  int    // entries that were looked at
	Form    filter // for the next click
	Err     string // a part of the errors, of the same form
}

// selection is what one click runs.
type selection struct {
	ids    []journal.ID // the newest first
	looked int
	older  journal.Cursor // behind what was looked at; zero: nothing is left
}

// redriveMany runs what a filter shows, the oldest first. It ends after three failures in a row: whatever is wrong is
// wrong with all of them.
func (p *Inspector) redriveMany(w http.ResponseWriter, r *http.Request) {
	access := accessOf(r)
	if p.redriver == nil || !access.Redrive {
		p.fail(w, r, http.StatusForbidden, "You may not run events again (Access.Redrive, Config.Redriver).")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := &bulk{Form: bulkFilter(r), Err: r.PostFormValue("error")}
	if s := v.Form.state(); s != journal.Open && s != journal.Parked { // closed entries never run in bulk
		p.fail(w, r, http.StatusBadRequest, "Name a state, open or parked.")
		return
	}
	if access.Endpoints != nil && !slices.Contains(access.Endpoints, v.Form.Endpoint) {
		p.fail(w, r, http.StatusForbidden, "Choose one of your endpoints first.")
		return
	}
	found, err := p.choose(r.Context(), v)
	if err != nil {
		p.failJournal(w, r, err)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // runs take as long as the app does
	p.runEach(r.Context(), v, found.ids)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	if v.Looked = found.looked; !found.older.At.IsZero() {
		v.Older = cursorText(found.older)
	}
	p.log.InfoContext(r.Context(), "webhook events ran again", "by", access.Name, "endpoint", v.Form.Endpoint,
		"state", v.Form.Outcome, "done", v.Done, "failed", v.Failed)
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, map[string]any{
			"results": v.Results, "stopped": v.Stopped, "more": v.More, "looked": v.Looked, "older": v.Older,
		})
		return
	}
	p.show(w, r, "bulk", "Run again", v)
}

// choose finds what is to run, among at most so many entries as the list looks through in one request: a filter on the
// type or the error is no query of the store. What cannot be read is a failure.
func (p *Inspector) choose(ctx context.Context, v *bulk) (selection, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var found selection
	q := journal.Query{Endpoint: v.Form.Endpoint, State: v.Form.state(), Before: v.Form.before}
	for e, err := range p.journal.Entries(ctx, q) {
		var at journal.Cursor
		var unreadable *journal.UnreadableError
		switch {
		case err == nil:
			at = e.Cursor()
			if v.Form.finds(e) && strings.Contains(e.Err, v.Err) {
				found.ids = append(found.ids, e.ID)
			}
		case errors.As(err, &unreadable):
			at = journal.Cursor{At: unreadable.At, ID: unreadable.ID}
			v.Results = append(v.Results, resultOf(unreadable.ID, core.RedriveResult{ID: unreadable.ID}, err))
			v.Failed++
		default:
			return found, err
		}
		if found.looked++; found.looked >= searched {
			found.older = at
			break
		}
	}
	return found, nil
}

// runEach runs the oldest of the entries, the oldest first.
func (p *Inspector) runEach(ctx context.Context, v *bulk, ids []journal.ID) {
	ran, inARow := 0, 0
	for i := len(ids) - 1; i >= 0; i-- {
		// The server would wait for all of them.
		if ran == bulkRuns || inARow == bulkFailures || ran > 0 && p.isClosed() || ctx.Err() != nil {
			v.More = true
			break
		}
		result, err := p.redriver.Redrive(ctx, ids[i], core.RedriveOptions{})
		ran++
		one := resultOf(ids[i], result, err)
		v.Results = append(v.Results, one)
		switch one.Result {
		case "done", "already_done":
			v.Done++
			inARow = 0
		case "in_flight", "changed":
		default:
			v.Failed++
			inARow++
		}
	}
	v.Stopped = inARow == bulkFailures
}

func bulkFilter(r *http.Request) filter {
	return filter{
		Endpoint: r.PostFormValue("endpoint"), Outcome: r.PostFormValue("outcome"), Type: r.PostFormValue("type"),
		Text: r.PostFormValue("text"), before: cursorOf(r.PostFormValue("before")),
	}
}
