package inspector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// plainHandler is shown for a handler without signals, which has neither a name nor event types.
const plainHandler = "the app's handler"

// did is what one receiver did with an event.
type did struct {
	When   string        `json:"when"` // "delivery": the newest one; "run": the newest out of the journal
	Name   string        `json:"receiver"`
	Took   time.Duration `json:"took_ns,omitempty"`
	Reason reason.Reason `json:"reason"`
	Err    string        `json:"error,omitempty"`
}

// Says explains what a reason alone does not.
func (d did) Says() string {
	switch d.Reason {
	case reason.Duplicate:
		return "done before: left out"
	case reason.Unhandled:
		return "declined the event"
	case reason.InFlight:
		return "another delivery had its part in hand"
	}
	return ""
}

// didOf returns what each receiver did in the newest delivery, and in the newest run.
func didOf(e *journal.Entry) []did {
	all := didIn("delivery", e.Receivers)
	if n := len(e.Runs); n > 0 {
		all = append(all, didIn("run", e.Runs[n-1].Receivers)...)
	}
	return all
}

func didIn(when string, receivers []journal.Receiver) []did {
	var all []did
	for _, r := range receivers {
		// The pattern alone for a receiver without a name: its event types are what the app's code has it under.
		name := r.Pattern
		switch {
		case r.Name != "":
			name = r.Name + " (" + r.Pattern + ")"
		case name == "":
			name = plainHandler
		}
		all = append(all, did{When: when, Name: cut(name, 300), Took: r.Took, Reason: r.Reason, Err: cut(r.Err, 1100)})
	}
	return all
}

// claimOf says in words what the replay store knows of an entry's event now. Nothing is claimed for it.
func (p *Inspector) claimOf(ctx context.Context, e *journal.Entry) []string {
	g := p.guardOf(e.Endpoint)
	if g == nil {
		return []string{"not known: the page has no guard of this endpoint"}
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	state, err := g.ClaimState(ctx, e)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return []string{"not known: the event is not remembered, or the replay store cannot be asked"}
	case err != nil:
		p.log.WarnContext(ctx, "the webhook inspector could not ask the replay store", "endpoint", e.Endpoint,
			"error", err)
		return []string{"not known: the replay store did not answer"}
	}
	says := []string{}
	if e.Kind == journal.FromBatch {
		says = append(says, batchClaim(state.Events))
	} else {
		says = append(says, claimText(e, &state.Events[0]))
	}
	if state.Redrive.State == replay.InFlight {
		says = append(says, "a run out of the journal is under way"+untilText(&state.Redrive))
	}
	return says
}

func claimText(e *journal.Entry, r *replay.Result) string {
	switch {
	case r.State == replay.InFlight:
		return "in flight: a delivery or a run works on it" + untilText(r)
	case r.State == replay.Done && e.Kind == journal.FromInbox:
		return "enqueued" + sinceText(r) + ": a worker has it"
	case r.State == replay.Done && e.State == journal.Parked:
		return "done" + sinceText(r) + ": it was answered 2xx, and only a run from here works on it again"
	case r.State == replay.Done:
		return "done" + sinceText(r) + ": if it comes again, it is a duplicate, and runs nothing"
	}
	return "nothing: if it comes again, it runs"
}

func batchClaim(all []replay.Result) string {
	done, inFlight := 0, 0
	for i := range all {
		switch all[i].State {
		case replay.Done:
			done++
		case replay.InFlight:
			inFlight++
		}
	}
	return fmt.Sprintf("of %d events %d are done and %d in flight", len(all), done, inFlight)
}

func sinceText(r *replay.Result) string {
	if r.DoneAt.IsZero() {
		return ""
	}
	return " since " + r.DoneAt.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

func untilText(r *replay.Result) string {
	return ", its lease expires in " + cmp.Or(r.RetryAfter.Round(time.Second), time.Second).String()
}
