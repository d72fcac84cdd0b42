package main

// ofConfigs break what New refuses.
func ofConfigs() []mutation {
	const guard = "core/guard.go"
	return []mutation{
		{name: "a guard without anything that proves is made", file: guard, old: "if g.signature == nil && len(credentials) == 0 && !c.Setup.AwaitingSecret && !g.unknown {", new: "if false {"},
		{name: "a guard without a choice about replays is made", file: guard, old: "if c.Replay == nil {\n\t\tm.Add(\"Replay\"", new: "if c.Replay == nil {\n\t\treturn\n\t}\n\tif false {\n\t\tm.Add(\"Replay\""},
		{name: "an endpoint without a name is made", file: guard, old: "if c.Endpoint == \"\" {\n\t\tm.Add(\"Endpoint\"", new: "if false {\n\t\tm.Add(\"Endpoint\""},
		{name: "the whole internet is a trusted proxy", file: guard, old: "if p.Bits() == 0 {", new: "if false {"},
		{name: "what is remembered may be forgotten before it is stale", file: guard, old: "case g.memory.Retention < least:", new: "case false:"},
		{name: "what is remembered may be forgotten before the provider stops", file: guard, old: "case horizon > 0 && g.memory.Retention < horizon:", new: "case false:"},
		{name: "a failed authentication may be a success", file: guard, old: "case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,", new: "case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,"},
		{name: "a tolerance of any length is accepted", file: guard, old: "(c.Limits.Tolerance < time.Second || c.Limits.Tolerance > maxTolerance)", new: "(c.Limits.Tolerance < 0)"},
		{name: "a secret may be handed over though one is configured", file: guard, old: "case !c.Setup.AwaitingSecret || e.Scheme == nil:", new: "case e.Scheme == nil:"},
		{name: "a provider that never retries needs no choice", file: guard, old: "if g.entry.NeverRetries {", new: "if false {"},
		{name: "a public URL over plain HTTP is accepted", file: "core/proof.go",
			old: "plain := c.DangerouslyAllowHTTP ||", new: "plain := true ||"},
	}
}

// ofBoundaries move what ends a signed URL, or hide less of one.
func ofBoundaries() []mutation {
	const boundary, route = "core/internal/signature/boundary.go", "core/internal/signature/route.go"
	in := []string{"./core/provider"}
	both := []string{"./core", "./core/provider"}
	return []mutation{
		{name: "a body behind a URL may be anything", file: boundary, in: in,
			old: "(text[0] == '{' || text[0] == '[') && jsonscan.Whole(text)", new: "(text[0] == '{' || text[0] == '[')"},
		{name: "a body behind a URL may begin with anything", file: boundary, in: in,
			old: "len(text) > 0 && (text[0] == '{' || text[0] == '[') &&", new: "len(text) > 0 &&"},
		{name: "a later group of pairs may be of any time", file: "core/internal/signature/verifier.go",
			old: "if v.freshGroup(p, in.Now).Failed() {", new: "if false {"},
		{name: "a group may lend its time to the next", file: "core/internal/signature/groups.go",
			old: "if g.signatures.n > 0 {", new: "if p.Timestamp == \"\" {\n\t\t\tp.Timestamp = g.Timestamp\n\t\t}\n\t\tg.Timestamp = p.Timestamp\n\t\tif g.signatures.n > 0 {"},
		{name: "there may be any number of groups", file: "core/internal/signature/groups.go",
			old: "if len(p.groups) == maxGroups {", new: "if false {"},
		{name: "a header may begin in the body before it", file: "core/internal/signature/verifier.go", in: in,
			old: "if v.wholeBody &&", new: "if false && v.wholeBody &&"},
		{name: "a URL may end as a body does", file: boundary, in: in,
			old: "if len(body) == 0 {\n", new: "if len(body) == 0 {\n\t\treturn fault.Failure{}\n"},
		{name: "a form may have fields next to its only one", file: boundary, in: in,
			old: "len(form) != 1 ||", new: "len(form) == 0 ||"},
		{name: "a form begins with any field", file: boundary, in: in,
			old: "form[0].name == c.Field && strings", new: "strings"},
		{name: "the field that closes a form has any value", file: boundary, in: in,
			old: "strings.HasPrefix(form[0].value, c.Prefix) &&", new: "true &&"},
		{name: "the field that closes a form stands in the URL", file: boundary, in: in,
			old: "if strings.Contains(url, c.Field+c.Prefix) {", new: "if false {"},
		{name: "a query may be a form", file: boundary, in: in,
			old: "case b.Query && !readsOnce(in.URL, p.form):", new: "case false:"},
		{name: "a request's query passes next to a configured URL", file: boundary, in: in,
			old: "if pair != \"\" && !v.joins(pair) {", new: "if pair == \"\\x00\" {"},
		{name: "a URL that nothing ends needs no configured one", file: route, in: in,
			old: "v != nil && v.Boundary.URL", new: "false"},
		{name: "a token in a signed path shows", file: route, in: both, old: "if v.Route.HidesPath {", new: "if false {"},
	}
}

// ofWhatShows break what the outside, and logs, must not learn.
func ofWhatShows() []mutation {
	both := []string{"./core", "./internal/adaptertest"}
	return []mutation{
		{name: "an answer says why", file: "core/reply.go", old: `p.setText(r.Status, http.StatusText(r.Status), "\n")`, new: `p.setText(r.Status, string(r.Reason), "\n")`, in: both},
		{name: "a rejection prints why", file: "core/refuse.go", old: "return http.StatusText(r.Status) }", new: "return http.StatusText(r.Status) + string(r.Reason) }", in: both},
		{name: "a rejection prints the app's error", file: "core/refuse.go", old: "text := r.Error()\n", new: "text := fmt.Sprint(r.cause)\n", in: both},
		{name: "one failed authentication has a status of its own", file: "core/refuse.go", old: "case why.Class() == reason.ClassAuthentication:", new: "case why.Class() == reason.ClassAuthentication && why != reason.Stale:", in: both},
		{name: "a failed authentication before the body keeps the connection", file: "core/refuse.go", old: "if (r.ContentLength < 0 || r.ContentLength > unreadLimit) &&\n\t\t(f.Reason.Class() == reason.ClassAuthentication || f.Reason == reason.RateLimited) {", new: "if false {"},
		{name: "a challenge may be read as HTML", file: "core/reply.go", old: `"Content-Type", "text/plain; charset=utf-8"`, new: `"Content-Type", "text/html; charset=utf-8"`, in: both},
		{name: "a browser may guess", file: "core/reply.go", old: "p.headers = p.room[:2]", new: "p.headers = p.room[:1]", in: both},
		{name: "no answer says when to come again", file: "core/reply.go", old: `p.set("Retry-After", strconv.FormatInt(s, 10))`, new: "_ = strconv.FormatInt(s, 10)"},
		{name: "a wrong method is 404", file: "core/reason/reason.go", old: "return http.StatusMethodNotAllowed", new: "return http.StatusNotFound", in: both},
		{name: "our own state is 4xx", file: "core/reason/reason.go", old: "case ClassState:\n\t\treturn http.StatusServiceUnavailable", new: "case ClassState:\n\t\treturn http.StatusConflict", in: both},
		{name: "a secret prints", file: "core/secrets/secret.go", old: "func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }", new: "func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.reveal()) }"},
		{name: "a secret is logged", file: "core/secrets/secret.go", old: "func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }", new: "func (s Secret) LogValue() slog.Value { return slog.StringValue(s.reveal()) }"},
		{name: "a secret is encoded", file: "core/secrets/secret.go", old: "func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }", new: "func (s Secret) MarshalText() ([]byte, error) { return []byte(s.reveal()), nil }"},
		{name: "a delivery prints its request", file: "core/delivery.go", old: `_, _ = io.WriteString(f, "sallyport.Delivery("+d.self().guard.endpoint+")")`, new: `_, _ = io.WriteString(f, d.r.URL.String()+d.r.PathValue("p"))`},
		{name: "control characters reach the log", file: "core/internal/httpfield/text.go", old: "if r < 0x20 || r == 0x7f", new: "if r == 0x7f"},
		{name: "texts of any length reach the log", file: "core/internal/httpfield/text.go", old: "const most = 512", new: "const most = 1 << 30"},
		{name: "an observer's panic ends the program", file: "core/record.go", old: "switch v := recover(); {\n\t\tcase v != nil:\n\t\t\to.log.observerPanicked(o, r.ctx, v)", new: "switch v := any(nil); {\n\t\tcase v != nil:\n\t\t\to.log.observerPanicked(o, r.ctx, v)"},
		{name: "an observer keeps the request", file: "core/receive.go", old: "\tfor prior.parent != nil {\n\t\tprior = prior.parent\n\t}\n\treturn prior.facts.ctx", new: "\treturn r.Context()"},
		{name: "failures of the app are sampled", file: "core/internal/logbook/burst.go", old: "b.held = append(b.held, held())", new: "_ = held"},
		{name: "counts wait for the next of their kind", file: "core/internal/logbook/tally.go", old: "if !t.armed && !closed {", new: "if false {"},
		{name: "a duplicate is a sign of life", file: "core/health.go", old: "case reason.Handshake, reason.Duplicate, reason.Conflict, reason.InFlight, reason.RateLimited, reason.Paused:", new: "case reason.Handshake:"},
		{name: "a copy of a failed event is a sign of life", file: "core/internal/vitals/vitals.go", old: "fresh := false\n", new: "fresh := true\n"},
		{name: "a handshake is the use of a secret", file: "core/receive.go", old: "\ti.proved = true\n\treturn fault.Failure{}", new: "\ti.proved = true\n\ti.match.Count(i.now)\n\treturn fault.Failure{}"},
		{name: "a record shows the body", file: "core/refuse.go", old: "rec.Detail, rec.Err = rejection.detail, rejection.cause", new: "rec.Detail, rec.Err = rejection.detail+string(i.body), rejection.cause"},
		{name: "a record shows the request's headers", file: "core/refuse.go", old: "f = g.countFailure(r.Context(), i, f, now)", new: "f = g.countFailure(r.Context(), i, f, now)\n\tf.Detail += r.Header.Get(\"User-Agent\")"},
		{name: "records pile up without an end", file: "core/internal/pump/pump.go", old: "if len(p.queue) >= capacity {", new: "if false {"},
	}
}
