package core

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Explanation is what a guard makes of one request: see [Guard.Explain].
type Explanation struct {
	// Reason is what the guard would give: reason.Accepted where every check is passed and the replay store would be
	// asked next, reason.Handshake, or the reason of the first refusal.
	Reason reason.Reason
	Status int
	// Refusals are all checks that fail, in the order in which they are made. Check is empty for what no check stands
	// for: a wrong method, a body that cannot be read.
	Refusals []Reported
	// Findings are what was found out about the refusals.
	Findings    []reason.Finding
	Secret      string   // the label of the signing secret that matched
	Credentials []string // the labels of the credentials that matched
	BodyBytes   int
	// Time is the time that the request names for itself, whether it is signed or not; zero where it names none.
	Time time.Time
}

// Accepted reports whether every check is passed.
func (e *Explanation) Accepted() bool { return len(e.Refusals) == 0 }

// String returns all of it in plain words, a line each.
func (e *Explanation) String() string {
	var b strings.Builder
	switch {
	case e.Reason == reason.Handshake:
		b.WriteString("a handshake, which is answered\n")
	case e.Accepted():
		b.WriteString("every check is passed")
		if e.Secret != "" {
			b.WriteString("; the secret " + e.Secret + " matches")
		}
		b.WriteByte('\n')
	}
	for _, r := range e.Refusals {
		b.WriteString("refused: " + string(r.Reason) + ": " + r.Detail + "\n")
	}
	for _, f := range e.Findings {
		b.WriteString("found: " + f.String() + "\n")
	}
	return b.String()
}

// pathValues reads the route's parameters as net/http has them.
type pathValues struct{ *http.Request }

// Param returns a parameter; empty where the route has none of that name.
func (p pathValues) Param(name string) string { return p.PathValue(name) }

// Explain makes every check of the guard on a request. It returns all failures, not the first alone, and looks for what
// would fix them: a body that was changed on the way, another URL, a secret of the wrong kind. It is for operators and
// tests, on requests that were saved or that fail: never show what it says to the sender.
//
// It has no effect: no signal runs, nothing is claimed, counted or reported to observers, no handshake is answered, and
// rates are not checked. Where a delivery names its key, the key is fetched as usual. The request's body is read and
// restored. A body that a guard has read before is there in OnReject, after [adapter.Inbound.KeepBody], and in a
// signal. It costs far more than a delivery: bound how many requests reach it.
func (g *Guard) Explain(r *http.Request, in adapter.Inbound) *Explanation {
	if in.Params == nil {
		in.Params = pathValues{r} // the copy knows none
	}
	s := g.prepare(nil, in, time.Now())
	i := &s.inspection
	i.trial = true // checks report in place of refusing, and no secret is handed over
	e := &Explanation{}
	body, unread := g.bodyToExplain(r)
	copied := explain.Copy(r) // the checks may change what they get, and the request is the caller's
	setBody(copied, body)
	switch _, again := r.Body.(*restoredBody); {
	case unread.Failed():
		g.report(&i.facts, "", unread)
		if r.Body != nil {
			r.Body = intake.Keep(r.Body, r.Body, unread) // the next one that asks has to get the same answer
		}
	case !again:
		setBody(r, body)
	}
	reply, f := g.checkHead(copied, i)
	switch {
	case reply != nil:
		e.Reason, e.Status = reason.Handshake, reply.Status
	case f.Failed():
		g.report(&i.facts, "", f)
	case unread.Failed(): // what a part of the body proves or does not prove says nothing of the whole
	default:
		if f := g.checkBody(copied, i); f.Failed() {
			g.report(&i.facts, "", f)
		}
		if i.unproved != nil { // a test with a published secret is a handshake in Receive as well, in this place
			if reply, _ = g.publishedTest(copied, i, *i.unproved); reply != nil {
				e.Reason, e.Status = reason.Handshake, reply.Status
			}
		}
	}
	e.Refusals, e.Secret, e.Credentials, e.BodyBytes = i.reported, i.secret, slices.Clone(i.credentials), len(body)
	if v := g.signature; v != nil {
		e.Time, _ = v.TimeOf(i.claims)
	}
	x := explain.Examiner{
		Endpoint: g.watch.diagnosis, Request: copied, Body: body, Read: !unread.Failed(), Now: i.now, Plain: i.plain,
		Tenant: i.claims.Tenant,
		Left:   explainAtOnce, Public: true,
	}
	for n, refusal := range i.reported {
		if n == 0 && reply == nil {
			e.Reason, e.Status = refusal.Reason, refusal.Status
		}
		e.Findings = append(e.Findings, x.Examine(fault.New(refusal.Reason, refusal.Detail))...)
	}
	if e.Reason == "" {
		e.Reason, e.Status = reason.Accepted, http.StatusOK
	}
	g.giveBack(s)
	return e
}

// explainAtOnce is how many bytes one call of Explain may hash: it tries many variants of a body, and must end.
const explainAtOnce = 1 << 30

// setBody gives the request a body that can be read once from its start. Each of two requests needs its own.
func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// sample prepares the explanation of a refusal; nil: not every refusal is explained. The rest is done by the observer's
// goroutine: the answer does not wait for it, and shows nothing of it. The tenant is the one that the delivery names.
func (g *Guard) sample(r *http.Request, i *facts, tenant string, f fault.Failure, now time.Time) *explain.Sample {
	// A flood of forgeries ends here, after one comparison and without a copy of anything.
	if g.bodies.share.diagnosis.IsQuiet(now) {
		return nil
	}
	seen := explain.Seen{Request: r, Failure: f, Body: i.body, Tenant: tenant, Now: i.now, Plain: i.plain}
	return g.watch.diagnosis.Sample(g.bodies.share.diagnosis, g.bodies.budget.diagnosis.Clock, &seen, now)
}

// explain fills the findings in. It is called from the goroutines of the log and the observers, before they read the
// record.
func (r *pooledRecord) explain() { r.sampled.Explain(&r.Findings) }

// announceShapes warns at start of secrets that look like something else and were not refused: credentials, and secrets
// of senders that the user described. How somebody else's keys look is not known.
func (g *Guard) announceShapes() {
	ctx, now := context.Background(), g.now()
	warn := func(s *secrets.Secret) {
		if f, odd := g.watch.diagnosis.ShapeOf(s); odd {
			g.logger.Warn("sallyport: a secret looks like another kind of key",
				"endpoint", g.endpoint, "provider", g.provider, "secret", f.Secret, "detail", f.Text, "fix", f.Fix)
		}
	}
	// Secrets by tenant are left out: to list them all could ask a database for each.
	if v := g.signature; v != nil && v.Ring != nil && !v.Ring.ByTenant() && v.UsesMAC() {
		for _, s := range v.SecretsOf(ctx, "", now, false) {
			warn(s)
		}
	}
	lists := g.credentials.Values()
	if g.handshakes.Tokens != nil {
		lists = append(lists, g.handshakes.Tokens)
	}
	for _, list := range lists {
		for _, s := range list.Secrets(ctx, now) {
			warn(s)
		}
	}
}
