package main

// ofReplay break what is remembered.
func ofReplay() []mutation {
	const claim, ownership, identity, mem, memSettle = "core/claim.go", "core/ownership.go", "core/identity.go", "core/replay/memstore/claim.go", "core/replay/memstore/settle.go"
	return []mutation{
		{name: "a store that fails is no obstacle", file: claim, old: "if d.guard.memory.failOpen && !isTaken(err) {", new: "if true {"},
		{name: "a full store is no obstacle", file: claim, old: "f := storeFailure(err)\n\tif d.guard", new: "f := storeFailure(err)\n\tif errors.Is(err, replay.ErrFull) {\n\t\td.unclaimed = err\n\t\treturn nil\n\t}\n\tif d.guard"},
		{name: "what is done is fresh", file: claim, old: "return s.known != replay.Done && s.known != replay.InFlight }", new: "return s.known != replay.InFlight }"},
		{name: "what is in flight is fresh", file: claim, old: "return s.known != replay.Done && s.known != replay.InFlight }", new: "return s.known != replay.Done }"},
		{name: "an answer for another number of items is an answer", file: claim, old: "if len(results) != n {", new: "if len(results) > n {"},
		{name: "an answer without a state is a claim", file: claim, old: "case replay.Claimed, replay.InFlight, replay.Done:\n\t\tdefault:", new: "case replay.Claimed, replay.InFlight, replay.Done:\n\t\t}\n\t\tif false {"},
		{name: "an event twice in a batch runs twice", file: claim, old: "if seen[id] {", new: "if false {"},
		{name: "a conflict is let pass where it is to be refused", file: claim, old: "if g.memory.strict {", new: "if false {"},
		{name: "a duplicate in flight is a success", file: claim, old: "if inFlight {", new: "if false && inFlight {"},

		{name: "another provider's name is let in", file: ownership, old: "owner.State != replay.Claimed && owner.Conflict {", new: "false {"},
		{name: "failing open opens for another provider's name", file: claim, old: "d.guard.memory.failOpen && !isTaken(err) {", new: "d.guard.memory.failOpen {"},
		{name: "an outage opens a name that was refused", file: ownership, old: "err != nil && was != nil && !isTaken(err) {", new: "false {"},
		{name: "a marker that was lost is trusted", file: ownership, old: "if errors.Is(err, replay.ErrLeaseLost) {", new: "if false {"},
		{name: "Forget forgets whose the name is", file: "core/guard.go", old: "if g.isMarker(id) {", new: "if false {"},
		{name: "two providers share a name in one process", file: ownership, old: "if other != g.provider {", new: "if false {"},

		{name: "one endpoint's events are another's", file: identity, old: "[...]string{prefix, in.Endpoint, in.Tenant, kind} {", new: "[...]string{prefix, in.Endpoint[:0], in.Tenant, kind} {"},
		{name: "one tenant's events are another's", file: identity, old: "[...]string{prefix, in.Endpoint, in.Tenant, kind} {", new: "[...]string{prefix, in.Endpoint, in.Tenant[:0], kind} {", in: []string{"./core", "./core/provider"}},
		{name: "parts of an identity run into each other", file: identity, old: "func appendText(parts []byte, value string) []byte {\n\treturn append(binary.BigEndian.AppendUint64(parts, uint64(len(value))), value...)", new: "func appendText(parts []byte, value string) []byte {\n\treturn append(parts, value...)"},
		{name: "an empty identity of the app's is none", file: identity, old: "if text := d.ownIdentity(t, e); text != \"\" {", new: "if text := d.ownIdentity(t, e); true {"},
		{name: "a body whose id is missing has no identity", file: identity, old: "// A proved body without the id falls back", new: "return Identity{}\n\t\t// A proved body without the id falls back"},
		{name: "an unsigned id is what is remembered", file: identity, old: "return Identity(identity.OfDigest(t.of(g), digest, apart.Join(with, &t.Source)))", new: "_, _ = digest, with\n\treturn Identity(identity.OfID(t.of(g), e.ID, nil))"},
		{name: "headers do not join the digest", file: "core/internal/payload/names.go", old: "with = append(with, headerText(h, name))", new: "_ = name", in: []string{"./core", "./core/provider"}},

		{name: "what is signed vouches for any body", file: claim, old: "signed.State != replay.Claimed && signed.Conflict {", new: "false {", in: []string{"./core/provider"}},
		{name: "what is signed is taken for an event's", file: claim, old: "signed.State != replay.Claimed && signed.Conflict {", new: "signed.State != replay.Claimed {", in: []string{"./core/provider"}},
		{name: "a conflict holds the event that it names", file: claim, old: "d.holding.DecideAll(replay.Release)\n\t}\n\tfor", new: "d.holding.DecideAll(replay.Commit)\n\t}\n\tfor", in: []string{"./core/provider"}},
		{name: "a transmission of what is done may have another body", file: claim, old: "if reply != nil && d.signed != nil {", new: "if false {", in: []string{"./core/provider"}},
		{name: "what is signed is forgotten with a failed event", file: "core/internal/lease/holding.go", old: "signed: true, verdict: replay.Commit}", new: "signed: true}", in: []string{"./core/provider"}},
		{name: "what is signed tells what became of the event", file: "core/internal/lease/holding.go", old: "\t\tcase c.signed:\n", new: "", in: []string{"./core/provider"}},

		{name: "a store evicts what is live", file: "core/replay/memstore/shard.go", old: "if d.len > 0 && d.at(0) <= now {", new: "if d.len > 0 {"},
		{name: "a store grows without an end", file: "core/replay/memstore/room.go", old: "if s.room.taken.Add(lot) > s.room.capacity {", new: "if s.room.taken.Add(lot) < 0 {"},
		{name: "half a batch stays claimed", file: mem, old: "s.undo(items, results[:i])", new: "_ = i"},
		{name: "what is done is claimed again", file: mem, old: "State:    replay.Done,", new: "State:    replay.Claimed,"},
		{name: "a stale holder settles a newer claim", file: memSettle, old: "if r.token != st.Token {", new: "if false {"},
		{name: "a commit makes a claim out of nothing", file: memSettle, old: "return st.Verdict == replay.Release\n\t}\n\tif r.token", new: "return true\n\t}\n\tif r.token"},
		{name: "a stale holder extends a newer claim", file: memSettle, old: "if no == 0 || r.done() || r.token != claim.Token {", new: "if no == 0 || r.done() {"},
		{name: "a release undoes a commit", file: memSettle, old: "return st.Verdict == replay.Commit\n\tcase", new: "s.forget(no)\n\t\treturn true\n\tcase"},
	}
}

// ofSettling break what becomes of an event once the app's code has run.
func ofSettling() []mutation {
	const pass, settle, dispatch, holding = "core/run.go", "core/settle.go", "core/dispatch.go", "core/internal/lease/holding.go"
	const outcome, running = "core/outcome.go", "core/running.go"
	return []mutation{
		{name: "an error commits", file: outcome, old: "return t.worst < outcomeInFlight && t.worst", new: "return t.worst"},
		{name: "what nobody can decode commits", file: outcome, old: "t.worst != outcomeUndecodable && !t.abort", new: "!t.abort"},
		{name: "what another receiver has done runs again", file: outcome,
			old: "if t.worst == outcomeUndecodable && t.succeeded {", new: "if false {"},
		{name: "an event that nobody handles is committed", file: pass,
			old: "if !res.handled || !res.commits() {", new: "if !res.commits() {"},
		{name: "an ordered batch goes on behind a failure", file: pass,
			old: "return !res.abort && (!ordered || res.worst < outcomeInFlight)", new: "return !res.abort"},
		{name: "a failure that a signal wrote itself is no failure", file: pass,
			old: "if w := p.written(); w != before && (w.Hijacked || w.Status < 200 || w.Status > 299) && ",
			new: "if w := p.written(); false && w != before && ", in: []string{"./internal/adaptertest"}},
		{name: "a signal ends when the sender hangs up", file: pass, old: "parent = h.Context() // the same values", new: "_ = parent"},
		{name: "a signal whose lease is lost goes on", file: pass, old: "!d.holding.Attach(claim, &ctx.Context) {", new: "!d.holding.Attach(claim, nil) {"},

		{name: "a panic commits", file: outcome,
			old: "res.worst, res.succeeded, res.stack = outcomePanic,", new: "res.worst, res.succeeded, res.stack = outcomeOK,"},
		{name: "a panic is not contained", file: outcome, old: "v := recover()\n\t\tif v == nil {", new: "v := any(nil)\n\t\tif v == nil {"},
		{name: "a join that holds a permanent error is permanent", file: outcome, old: "worst = max(worst, classify(branch))", new: "worst = min(max(worst, classify(branch)), outcomePermanent)"},
		{name: "a signal runs on a request that nobody proved", file: dispatch,
			old: "if d == nil {\n\t\ts.unguarded.take(r, time.Now())", new: "if d == nil && r.Method == \"\" {\n\t\ts.unguarded.take(r, time.Now())"},
		{name: "a failure is answered as a success", file: dispatch,
			old: "case reason.SignalFailed, reason.SignalPanicked:", new: "case reason.SignalPanicked:"},
		{name: "a delivery is released while its signals run", file: running,
			old: "if !d.running {\n\t\treturn false", new: "if true {\n\t\treturn false"},
		{name: "a second dispatch runs", file: running, old: "case d.entered:", new: "case false:"},
		{name: "signals run after the answer", file: running, old: "case d.finished, d.settled:", new: "case false:"},
		{name: "silence while signals run is a success", file: running,
			old: "if !d.early.unanswered {", new: "if true {"},
		{name: "a second dispatch does not show", file: running, old: "p.refusal = reply", new: "_ = reply"},
		{name: "an abort is not passed on", file: dispatch, old: "panic(http.ErrAbortHandler)", new: "return nil"},

		{name: "a plain handler's error commits", file: settle, old: "ok := o.Err == nil && !o.Written.Hijacked &&", new: "ok := !o.Written.Hijacked &&"},
		{name: "a plain handler's 500 commits", file: settle, old: "((status >= 200 && status <= 299) ||", new: "((status >= 200 && status <= 599) ||"},
		{name: "a connection that was taken over commits", file: settle, old: "ok := o.Err == nil && !o.Written.Hijacked &&", new: "ok := o.Err == nil &&"},
		{name: "a handler that panicked commits", file: settle,
			old: "d.settle(replay.Release)\n\td.report(d.whole(reason.SignalPanicked", new: "d.settle(replay.Commit)\n\td.report(d.whole(reason.SignalPanicked"},
		{name: "a half-done batch reaches a plain handler", file: settle, old: "if d.NeedsSignals() {\n\t\td.settle(replay.Release)", new: "if false {\n\t\td.settle(replay.Release)"},

		{name: "the last verdict stands, not the first", file: settle, old: "if s.verdict == 0 && s.fresh() {", new: "if s.fresh() {"},
		{name: "a claim ends when the sender hangs up", file: holding, old: "h.ctx = context.WithoutCancel(ctx)", new: "h.ctx = ctx"},
		{name: "a context that ended has not ended for who comes late", file: "core/internal/lease/context.go", old: "if c.err != nil { // what ended", new: "if false { // what ended"},
		{name: "a deadline that nobody waits for never comes", file: "core/internal/lease/context.go", old: "} else if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {", new: "} else if false {"},
		{name: "a deadline that somebody waits for never comes", file: "core/internal/lease/context.go", old: "a.Context, a.stop = context.WithDeadline(a.Context, c.deadline)", new: ""},
		{name: "the cause of an end is lost", file: "core/internal/lease/context.go", old: "if c.armed.Load() == nil && cause == nil {", new: "if c.armed.Load() == nil {"},
		{name: "what is read later of an unproved delivery counts as authenticated", file: "core/deferred.go", old: "t.HeadersProved = d.facts.body, l.proved, l.headersProved", new: "t.HeadersProved = d.facts.body, !l.pending, l.headersProved"},
		{name: "a commit is tried once", file: holding,
			old: "if isFinal(err) || time.Now().Add(pause).After(try.limit) {", new: "if err != nil {"},
		{name: "a release is waited for after the lease has expired", file: holding,
			old: "case c.verdict == replay.Release && (c.lost || !now.Before(h.until)):", new: "case false:"},
		{name: "a slow event of a batch waits for the others", file: pass,
			old: "now.Sub(began) >= slowEvent || now.Sub", new: "now.Sub(began) < 0 || now.Sub"},
		{name: "a lease outlives the provider's quick retries", file: "core/memory.go",
			old: "min(held, last/2)", new: "held"},
		{name: "leases are not renewed", file: holding, old: "err := h.extend(ctx, held)", new: "err := ctx.Err()"},
		{name: "a lost lease does not end the work", file: holding, old: "if c.work != nil {\n\t\t\tc.work.End(ErrLost)", new: "if false {\n\t\t\tc.work.End(ErrLost)"},
		{name: "a signal that may have all the time there is has none", file: "core/claim.go", old: "return d.facts.started.Add(d.verified).Add(d.guard.signalTimeout)", new: "return d.facts.started.Add(d.verified + d.guard.signalTimeout)"},
		{name: "renewals go on for ever", file: holding, old: "case !now.Before(h.limit):", new: "case !now.Before(h.limit.AddDate(99, 0, 0)):"},
	}
}
