package main

// ofTheInbox break what an event meets that is worked after the answer: its encoding, its worker, and its runs out of
// the journal.
func ofTheInbox() []mutation {
	const (
		codec, result, again = "core/event.go", "core/alone.go", "core/redriver.go"
		handler, work        = "core/inbox/watermillinbox/handler.go", "core/inbox/watermillinbox/work.go"
		enqueue              = "core/inbox/watermillinbox/enqueue.go"
	)
	return []mutation{
		{name: "an event of a later version is garbage", file: codec, old: "if b[0] > eventVersion {", new: "if false {"},
		{name: "flags that nobody knows are left out", file: codec, old: "|| flags[0]&^flagsKnown != 0 {", new: "{"},
		{name: "an event may be followed by anything", file: codec, old: "if r.failed || len(r.rest) > 0 {", new: "if r.failed {"},
		{name: "an unproved event is called proved in a worker", file: codec, old: "{e.Unproved, flagUnproved}", new: "{false, flagUnproved}"},
		{name: "a receiver whose writes were rolled back has finished", file: result, old: "case used():", new: "case used() && false:"},
		{name: "what nothing has proved is kept where it could be run", file: result, old: "if e.Unproved {", new: "if false {"},
		{name: "what runs is not the event that a list shows", file: again, old: "if e.Endpoint != t.entry.Endpoint || e.Identity != t.entry.Identity || e.Unproved {", new: "if false {"},
		{name: "an entry of an inbox runs next to itself", file: again, old: "if d.claimNumbered() != nil {", new: "if false {"},
		{name: "a sweep closes what a worker has still to do", file: "core/internal/sweep/sweep.go", old: "ok && row.ID.Kind() == journal.FromRequest {", new: "ok {"},
		{name: "a redrive's message passes for the delivery's", file: enqueue, old: "return e.RunID().String()", new: "return e.Identity.String()"},
		{name: "a message is refused while the journal is down, and comes back at once", file: handler, old: "if !wait(ctx, h.Backoff(n)) {\n\t\t\treturn err", new: "if true {\n\t\t\treturn err"},
		{name: "an event that was given up for good is not parked", file: work, old: "if result.Permanent && !w.event.Unproved {", new: "if false {"},
		{name: "a lost claim is a failure of the event", file: work, old: "case errors.Is(result.Err, core.ErrLeaseLost):", new: "case false:"},
		{name: "named receivers run again in the next attempt", file: work, old: "w.finished = result.Finished\n", new: "\n"},
	}
}
