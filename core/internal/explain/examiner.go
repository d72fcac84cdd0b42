// Package explain finds out what would have made a refused delivery verify. It decides nothing: it runs after the
// answer, on a copy of the request, within a fixed amount of work.
package explain

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Endpoint is what is known of an endpoint for every explanation.
//
// All explanations of an endpoint share it, so nothing may change it after the start.
type Endpoint struct {
	Entry       *entry.Entry
	Verifier    *signature.Verifier // nil: nothing is signed
	Credentials credential.Places
	Name        string       // the endpoint's
	Logger      *slog.Logger // for mistakes of this package
}

// Examiner looks for what would have made one delivery verify. It has no say in whether one is accepted.
//
// It belongs to one explanation, and runs in one goroutine. It reads a copy, because the handler may
// have returned the request and its body long ago. Findings hold names, lengths and labels. A secret or
// an expected signature must never get into one: findings reach logs.
type Examiner struct {
	*Endpoint
	Request *http.Request // a copy: see Copy
	Body    []byte
	Read    bool      // the body is known
	Now     time.Time // by the guard's clock, when the delivery came
	Plain   bool      // plain HTTP was let through
	Tenant  string    // the key that the delivery names
	Left    int64     // bytes that may still be hashed
	Public  bool      // signatures of public keys may be tried
}

// Copy copies what is checked of a request, so that nothing that happens to it later is seen.
//
// The body is left out: the caller hands over its own copy. The context is not cancelled with the
// request, because the work starts after the answer. The TLS state is shared and only read.
func Copy(r *http.Request) *http.Request {
	url := *r.URL
	return (&http.Request{
		Method: r.Method, URL: &url, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header.Clone(), Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, TLS: r.TLS,
		ContentLength: r.ContentLength, Pattern: r.Pattern,
	}).WithContext(context.WithoutCancel(r.Context()))
}

// notThisOne ends the advice for a signature that fits no secret.
const notThisOne = "; an endpoint may have one of its own; otherwise it is a forgery"

// Examine returns what it finds out about one failure.
//
// It cannot make a delivery accepted: the answer was sent before. A wrong finding misleads an operator,
// and nothing else.
func (x *Examiner) Examine(f fault.Failure) (all []reason.Finding) {
	switch f.Reason {
	case reason.MissingSignature, reason.MissingTimestamp, reason.BadSignature, reason.MalformedSignature:
		if other, ok := x.otherProduct(); ok {
			return []reason.Finding{other}
		}
	}
	switch f.Reason {
	case reason.MissingSignature, reason.MissingTimestamp:
		if v := x.Verifier; v != nil {
			all = x.missing(v.ProofHeaders())
			if f.Reason == reason.MissingSignature {
				all = append(all, x.unsignedOnes()...)
			}
			return all
		}
	case reason.MissingCredential:
		return x.missingCredential()
	case reason.BadSignature:
		return x.mismatch(true)
	case reason.MalformedSignature:
		return x.mismatch(false)
	// A wrong clock refuses every delivery of every provider, so it gets a finding of its own.
	case reason.Stale, reason.Early, reason.MalformedTimestamp:
		return x.clock(f.Reason)
	}
	return nil
}

// mismatch tries what is known to happen to deliveries, from the likely to the rare, and ends at what matches.
// wellFormed is false where the signature is malformed: no secret can match it, so nothing is said of the secrets.
//
// An attacker who sends forgeries learns nothing: findings go to the operator and never into the
// answer.
//
// Public keys are only tried on request: one trial costs as much as hashing publicKeyCost bytes. An empty
// body ends the trials, because no change of it gives back what was lost.
func (x *Examiner) mismatch(wellFormed bool) (all []reason.Finding) {
	v := x.Verifier
	if v == nil || !v.HasSecrets() {
		return nil
	}
	if wellFormed {
		all = x.shapes()
	}
	if wellFormed && len(all) == 0 && !v.UsesMAC() && !x.Public {
		return []reason.Finding{{
			Code: reason.SecretUnknown,
			Text: "the signature fits none of the public keys; with a key pair nothing more is tried in a log line",
			Fix:  x.whereSecret() + notThisOne,
		}}
	}
	keys := x.keys()
	if keys == nil || !x.Read || (!v.UsesMAC() && !x.Public) {
		return all
	}
	url := x.signedURL()
	if label, ok := x.matches(keys, url, x.Body); ok {
		// It matches unchanged: only the times of validity refused it.
		if s := x.secretOf(label); s != nil && !s.ActiveAt(x.Now) {
			return append(all, reason.Finding{
				Code: reason.SecretNotValid,
				Text: "the signature matches a secret that is not valid now",
				Fix: "let the provider sign with a valid one, or move its not-before or not-after; during a " +
					"rotation both have to be valid",
				Secret: label,
			})
		}
		return all
	}
	if len(x.Body) == 0 {
		return append(all, reason.Finding{
			Code: reason.BodyEmpty,
			Text: "the body is empty, and nothing that a provider sends is",
			Fix:  "find what reads the body before the guard: a body parser, a proxy's buffer limit, a redirect",
		})
	}
	if found, ok := x.bodies(keys, url); ok {
		return append(all, found)
	}
	if found, ok := x.urls(keys, url); ok {
		return append(all, found)
	}
	if found, ok := x.otherReadings(keys, url); ok {
		return append(all, found)
	}
	// It is said only if every trial was made. With work left out, the true cause may be among what was
	// not tried.
	if wellFormed && len(all) == 0 && x.Left > 0 {
		all = append(all, reason.Finding{
			Code: reason.SecretUnknown,
			Text: "no change that is known to happen on the way makes the signature match under any of the secrets",
			Fix:  x.whereSecret() + notThisOne,
		})
	}
	return all
}

// keys returns the secrets, whether or not they are valid now; nil for an unknown tenant.
//
// The keys of an unknown tenant would be decoys: whatever matched one would be a false finding.
func (x *Examiner) keys() *signature.Keys {
	return x.Verifier.AllKeys(x.Request.Context(), x.Tenant, x.Now, x.Public)
}

// secretOf returns a secret as it is configured; nil: no secret has the label.
//
// Labels need not be unique. The first one with the label is taken, which a finding can bear and a
// decision could not.
func (x *Examiner) secretOf(label string) *secrets.Secret {
	for _, s := range x.Verifier.SecretsOf(x.Request.Context(), x.Tenant, x.Now, true) {
		if s.Label() == label {
			return s
		}
	}
	return nil
}

// matches returns the label of the key that would prove a body and a URL. Once the granted work is done, nothing
// matches.
func (x *Examiner) matches(keys *signature.Keys, url string, body []byte) (label string, ok bool) {
	// The cost is taken before the work. So a large body cannot overdraw what was granted.
	cost := x.Verifier.TrialCost(keys, len(body)+len(url))
	if x.Left < cost {
		x.Left = 0
		return "", false
	}
	x.Left -= cost
	return x.Verifier.Try(keys,
		&signature.Input{Request: x.Request, URL: url, Body: body, Claims: &signature.Claims{}, Now: x.Now})
}
