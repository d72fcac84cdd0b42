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
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Explanation is what a guard makes of one request: see [Guard.Explain].
type Explanation struct {
	// Reason is what the guard would give: ReasonAccepted where every check is passed and the replay store would be
	// asked next, ReasonHandshake, or the reason of the first refusal.
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

// Accepted says that every check is passed.
func (e *Explanation) Accepted() bool { return len(e.Refusals) == 0 }

// String tells all of it in plain words, a line each.
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

// Explain makes every check of the guard on a request, tells all that fail and not the first alone, and looks for what
// would mend it: a body that was changed on the way, another URL, a secret of the wrong kind. It is for operators and
// tests, on requests that were saved or that fail: never show what it says to the sender.
//
// Nothing comes of it: no signal runs, nothing is claimed, counted or told to the observer, no handshake is answered,
// and rates are not judged. Where a delivery names its key, the key is fetched as ever. The request's body is read and
// put back. What a guard has read before is there in OnReject, after [adapter.Inbound.KeepBody], and in a signal. It costs far
// more than a delivery; a request of whoever asks for it must not reach it unbounded.
func (g *Guard) Explain(r *http.Request, in adapter.Inbound) *Explanation {
	if in.Param == nil {
		in.Param = r.PathValue // the copy knows none
	}
	j := g.judge(nil, in, time.Now())
	i := &j.inspection
	i.trial = true
	e := &Explanation{}
	body, unread := g.bodyToExplain(r)
	copied := copyRequest(r)
	setBody(copied, body)
	switch _, again := r.Body.(*restoredBody); {
	case unread.Failed():
		g.note(&i.facts, "", unread)
		if r.Body != nil {
			r.Body = intake.Keep(r.Body, r.Body, unread) // the next one that asks has to get the same answer
		}
	case !again:
		setBody(r, body)
	}
	reply, f := g.judgeHead(copied, i)
	switch {
	case reply != nil:
		e.Reason, e.Status = reason.Handshake, reply.Status
	case f.Failed():
		g.note(&i.facts, "", f)
	case unread.Failed(): // what a part of the body proves or does not prove says nothing of the whole
	default:
		if f := g.judgeBody(copied, i); f.Failed() {
			g.note(&i.facts, "", f)
		}
		if i.unproved != nil {
			if reply, _ = g.publishedTest(copied, i, *i.unproved); reply != nil {
				e.Reason, e.Status = reason.Handshake, reply.Status
			}
		}
	}
	e.Refusals, e.Secret, e.Credentials, e.BodyBytes = i.reported, i.secret, slices.Clone(i.credentials), len(body)
	if v := g.verifier; v != nil {
		e.Time, _ = v.TimeOf(i.presented)
	}
	x := &examiner{g: g, r: copied, body: body, read: !unread.Failed(), now: i.now, plain: i.plain, tenant: i.presented.Tenant, left: explainAtOnce, dear: true}
	for n, refusal := range i.reported {
		if n == 0 && reply == nil {
			e.Reason, e.Status = refusal.Reason, refusal.Status
		}
		e.Findings = append(e.Findings, x.examine(fault.New(refusal.Reason, refusal.Detail))...)
	}
	if e.Reason == "" {
		e.Reason, e.Status = reason.Accepted, http.StatusOK
	}
	g.judged(j)
	return e
}

// explainAtOnce is how many bytes one call of Explain may hash.
const explainAtOnce = 1 << 30

// copyRequest copies what is judged of a request, so that nothing that happens to it later is seen.
func copyRequest(r *http.Request) *http.Request {
	url := *r.URL
	return (&http.Request{
		Method: r.Method, URL: &url, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Header: r.Header.Clone(),
		Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, TLS: r.TLS, ContentLength: r.ContentLength, Pattern: r.Pattern,
	}).WithContext(context.WithoutCancel(r.Context()))
}

func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// examiner looks for what would have made a delivery verify. It has no say in whether one is accepted.
type examiner struct {
	g     *Guard
	r     *http.Request // a copy
	body  []byte
	read  bool // the body is known
	now   time.Time
	plain bool
	// tenant is the key that the delivery names.
	tenant string
	left   int64 // bytes that may still be hashed
	dear   bool  // signatures of public keys may be tried
}

// examine tells what can be known of one failure.
func (x *examiner) examine(f fault.Failure) (all []reason.Finding) {
	switch f.Reason {
	case reason.MissingSignature, reason.MissingTimestamp:
		if v := x.g.verifier; v != nil {
			return x.missing(v.ProofHeaders())
		}
	case reason.MissingCredential:
		return x.missingCredential()
	case reason.BadSignature:
		return x.mismatch(true)
	case reason.MalformedSignature:
		return x.mismatch(false)
	case reason.Stale, reason.Early, reason.MalformedTimestamp:
		return x.clock(f.Reason)
	}
	return nil
}

// mismatch tries what is known to happen to deliveries, from the likely to the rare, and ends at what fits. Where the
// signature is malformed, wellFormed is false: no secret fits it, so that nothing is said of the secrets.
func (x *examiner) mismatch(wellFormed bool) (all []reason.Finding) {
	v := x.g.verifier
	if v == nil || !v.HasSecrets() {
		return nil
	}
	if wellFormed {
		all = x.shapes()
	}
	keys := x.keys()
	if keys == nil || !x.read || (!v.UsesMAC() && !x.dear) {
		return all
	}
	url := x.signedURL()
	if label, ok := x.matches(keys, url, x.body); ok {
		// As it is, so that only the times of validity kept it out.
		if s := x.secretOf(label); s != nil && !s.ActiveAt(x.now) {
			return append(all, reason.Finding{Code: reason.SecretNotValid, Text: "the signature matches a secret that is not valid now", Mend: "let the provider sign with a valid one, or move its not-before or not-after; during a rotation both have to be valid", Secret: label})
		}
		return all
	}
	if len(x.body) == 0 {
		return append(all, reason.Finding{Code: reason.BodyEmpty, Text: "the body is empty, and nothing that a provider sends is", Mend: "find what reads the body before the guard: a body parser, a proxy's buffer limit, a redirect", Secret: ""})
	}
	if found, ok := x.bodies(keys, url); ok {
		return append(all, found)
	}
	if found, ok := x.urls(keys, url); ok {
		return append(all, found)
	}
	if found, ok := x.spellings(keys, url); ok {
		return append(all, found)
	}
	if wellFormed && len(all) == 0 && x.left > 0 {
		all = append(all, reason.Finding{Code: reason.SecretUnknown, Text: "no change that is known to happen on the way makes the signature match under any of the secrets", Mend: "compare the secret with the provider's dashboard, for this very endpoint; otherwise it is a forgery", Secret: ""})
	}
	return all
}

// keys are the secrets, those included that are not valid now; nil for an unknown tenant.
func (x *examiner) keys() *signature.Keys {
	return x.g.verifier.AllKeys(x.r.Context(), x.tenant, x.now, x.dear)
}

// secretOf gives a secret as it is configured.
func (x *examiner) secretOf(label string) *secrets.Secret {
	for _, s := range x.g.verifier.SecretsOf(x.r.Context(), x.tenant, x.now, true) {
		if s.Label() == label {
			return s
		}
	}
	return nil
}

// matches says under which key a body and a URL would be proved. Once the work that was granted is done, nothing
// matches.
func (x *examiner) matches(keys *signature.Keys, url string, body []byte) (label string, ok bool) {
	cost := x.g.verifier.TrialCost(keys, len(body)+len(url))
	if x.left < cost {
		x.left = 0
		return "", false
	}
	x.left -= cost
	return x.g.verifier.Try(keys, &signature.Input{Request: x.r, URL: url, Body: body, Claims: &signature.Claims{}, Now: x.now})
}
