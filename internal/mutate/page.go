package main

// ofThePage break what the page permits, what it reads, and what stands on it.
func ofThePage() []mutation {
	const (
		handler, bulk, list = "inspector/handler.go", "inspector/bulk.go", "inspector/list.go"
		payload, receivers  = "inspector/payload.go", "inspector/receivers.go"
		live, run, keep     = "inspector/local.go", "core/journal/run.go", "core/journal/keep.go"
	)
	return []mutation{
		{name: "a page that only reads runs events", file: handler, old: "access.Redrive, access.Dismiss, access.Pause = false, false, false", new: "access.Dismiss, access.Pause = false, false"},
		{name: "a page is reached under any host", file: handler, old: "if !p.knowsHost(r.Host) {", new: "if false {"},
		{name: "another site posts to the page", file: handler, old: "err := p.origin.Check(r); err != nil || embedsFromElsewhere(r)", new: "err := error(nil); err != nil || embedsFromElsewhere(r)"},
		{name: "a person runs events of endpoints that they may not see", file: bulk, old: "if access.Endpoints != nil && !slices.Contains(access.Endpoints, v.Form.Endpoint) {", new: "if slices.Contains(access.Endpoints, \"\") {"},
		{name: "one click reads the whole journal", file: bulk, old: "if found.looked++; found.looked >= searched {", new: "if found.looked++; false {"},
		{name: "many runs do not end after failures", file: bulk, old: "inARow == bulkFailures || ran > 0", new: "ran > 0"},
		{name: "the newest of many events runs first", file: bulk, old: "for i := len(ids) - 1; i >= 0; i-- {", new: "for i := range ids {"},
		{name: "a search takes as long as the store does", file: list, old: "time.Since(begin) > searchTime {", new: "time.Since(begin) > time.Hour {"},
		{name: "a payload of megabytes is shown whole", file: payload, old: "shown = whole(shown[:shownBytes])", new: "shown = whole(shown)"},
		{name: "what a receiver returned turns the text of the page", file: receivers, old: "Err: cut(r.Err, 1100)", new: "Err: r.Err"},
		{name: "the token of the local page opens it twice", file: live, old: "l.token = \"\"\n\treturn true", new: "return true"},
		{name: "what a filter removed stands in the errors of receivers", file: keep, old: "if e.Err != was.Err && slices.Equal(e.Receivers, was.Receivers) {", new: "if false {"},
		{name: "the texts of a run pass by the filter", file: run, old: "run.Err, run.Receivers = probe.Err, probe.Receivers\n}", new: "}"},
		{name: "a run has its texts although the filter panicked", file: run, old: "run.Err, run.Receivers = \"\", nil\n\t\treturn", new: "return"},
		{name: "an entry grows with its runs", file: run, old: "stored.Runs[i].Receivers = nil", new: "_ = i"},
		{name: "success allocates for the journal", file: "core/signals.go", old: "if r.rest, _ = rooms.Get().(*[]ranReceiver); r.rest == nil {", new: "if true {"},
	}
}
