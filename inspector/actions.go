package inspector

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
)

const (
	runTimeout = 30 * time.Second // that a person waits for one run; the run itself goes on
	maxForm    = 16 << 10         // bytes of a form
)

// notices are what the page says after an action. Its URL names one, so that no link can make it say anything else.
func notices() map[string]string {
	return map[string]string{
		"done":          "It ran, and succeeded.",
		"failed":        "It ran, and failed again: see the newest error.",
		"already_done":  "It is done already, so nothing ran. The entry is closed now.",
		"in_flight":     "It runs at this moment, in a delivery or another redrive.",
		"not_reached":   "The app answered before the guard was reached: middleware in front refused the request.",
		"not_runnable":  "It cannot run.",
		"still_running": "It is still running. Look again later.",
		"changed":       "It has changed meanwhile, so nothing ran.",
		"dismissed":     "It is dismissed.",
	}
}

func noticeOf(r *http.Request) string { return notices()[r.URL.Query().Get("notice")] }

// statusOf returns the answer to an error of the journal or of a run, in words that hold nothing of what a sender
// wrote.
func statusOf(err error) (int, string) {
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return http.StatusNotFound, "There is no such entry. It may have expired, or somebody has erased it."
	case errors.Is(err, journal.ErrChanged):
		return http.StatusConflict,
			"The entry has changed since you opened the page. Open it again, and look at it first."
	case errors.Is(err, journal.ErrForged):
		return http.StatusConflict,
			"The entry was changed or put there by somebody who does not have a key of the journal. " +
				"It is not shown and does not run."
	case errors.Is(err, journal.ErrSealed):
		return http.StatusConflict, "The entry is sealed with a key that journal.Config.Keys does not list."
	case errors.Is(err, journal.ErrAlreadyDone):
		return http.StatusConflict, notices()["already_done"]
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "The journal did not answer in time."
	default:
		return http.StatusInternalServerError, "The journal could not be read; the app's log says why."
	}
}

// chosen returns the entry that an action is on, and the revision that the person looked at. Without one nothing is
// done: the entry may have become another since. It answers itself where it reports false.
func (p *Inspector) chosen(w http.ResponseWriter, r *http.Request) (e *journal.Entry, revision uint64, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	revision, err := strconv.ParseUint(r.PostFormValue("revision"), 10, 64)
	if err != nil || revision == 0 {
		p.fail(w, r, http.StatusBadRequest, "The form names no revision of the entry.")
		return nil, 0, false
	}
	e, ok = p.load(w, r)
	return e, revision, ok
}

func (p *Inspector) redriveOne(w http.ResponseWriter, r *http.Request) {
	access := accessOf(r)
	if p.redriver == nil || !access.Redrive {
		p.fail(w, r, http.StatusForbidden, "You may not run events again (Access.Redrive, Config.Redriver).")
		return
	}
	e, revision, ok := p.chosen(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), runTimeout)
	defer cancel()
	result, err := p.redriver.Redrive(ctx, e.ID, core.RedriveOptions{
		Revision: revision, EvenIfDone: r.PostFormValue("even_if_done") == "yes",
	})
	p.log.InfoContext(r.Context(), "a webhook event ran again", "by", access.Name, "endpoint", e.Endpoint,
		"entry", e.ID, "reason", result.Reason, "error", err)
	if errors.Is(err, journal.ErrChanged) || errors.Is(err, journal.ErrNotFound) || errors.Is(err, journal.ErrForged) {
		p.failJournal(w, r, err)
		return
	}
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, resultOf(e.ID, result, err))
		return
	}
	p.back(w, r, runNotice(err))
}

// runNotice names what came of a run.
func runNotice(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, journal.ErrAlreadyDone):
		return "already_done"
	case errors.Is(err, journal.ErrInFlight):
		return "in_flight"
	case errors.Is(err, journal.ErrChanged):
		return "changed"
	case errors.Is(err, journal.ErrNotReached):
		return "not_reached"
	case errors.Is(err, journal.ErrNotRunnable):
		return "not_runnable"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "still_running"
	default:
		return "failed"
	}
}

// back leads to the page of the entry that an action was on. It is loaded by a GET, so that to load it again repeats
// nothing.
func (p *Inspector) back(w http.ResponseWriter, r *http.Request, notice string) {
	w.Header().Set("Location", "../"+url.PathEscape(r.PathValue("id"))+"?notice="+notice)
	w.WriteHeader(http.StatusSeeOther)
}

func (p *Inspector) dismiss(w http.ResponseWriter, r *http.Request) {
	access := accessOf(r)
	if !access.Dismiss {
		p.fail(w, r, http.StatusForbidden, "You may not dismiss events (Access.Dismiss).")
		return
	}
	e, revision, ok := p.chosen(w, r)
	if !ok {
		return
	}
	switch err := p.journal.Dismiss(r.Context(), e.ID, revision); {
	case errors.Is(err, journal.ErrAlreadyDone):
		p.fail(w, r, http.StatusConflict, "It is done already: there is nothing to dismiss.")
		return
	case err != nil:
		p.failJournal(w, r, err)
		return
	}
	p.log.InfoContext(r.Context(), "a webhook event was dismissed", "by", access.Name, "endpoint", e.Endpoint,
		"entry", e.ID)
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, map[string]any{"id": e.ID, "state": journal.Dismissed.String()})
		return
	}
	p.back(w, r, "dismissed")
}

// runResult is one run of many.
type runResult struct {
	ID     journal.ID `json:"id"`
	Result string     `json:"result"`
	Reason string     `json:"reason,omitempty"`
	Status int        `json:"status,omitempty"`
	Err    string     `json:"error,omitempty"`
}

func resultOf(id journal.ID, r core.RedriveResult, err error) runResult {
	v := runResult{ID: id, Result: runNotice(err), Reason: string(r.Reason), Status: r.Status}
	if err != nil {
		v.Err = cut(err.Error(), 300)
	}
	return v
}

// pause pauses an endpoint, or resumes it.
func (p *Inspector) pause(w http.ResponseWriter, r *http.Request) {
	access := accessOf(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	name := r.PostFormValue("endpoint")
	if !access.Pause || !access.sees(name) {
		p.fail(w, r, http.StatusForbidden, "You may not pause endpoints (Access.Pause).")
		return
	}
	found := false
	for _, g := range p.guards() {
		if g.Endpoint() != name {
			continue
		}
		found = true
		if r.URL.Path == "/pause" {
			g.Pause()
		} else {
			g.Resume()
		}
	}
	if !found {
		p.fail(w, r, http.StatusNotFound, "There is no endpoint of this name.")
		return
	}
	p.log.InfoContext(r.Context(), "a webhook endpoint was paused or resumed", "by", access.Name, "endpoint", name,
		"paused", r.URL.Path == "/pause")
	if wantsJSON(r) {
		sendJSON(w, http.StatusOK, map[string]any{"endpoint": name, "paused": r.URL.Path == "/pause"})
		return
	}
	w.Header().Set("Location", "endpoints")
	w.WriteHeader(http.StatusSeeOther)
}
