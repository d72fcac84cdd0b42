package signature

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// A mechanism that is code proves a delivery. It does not decide which keys are valid now, whether a proved time is
// fresh, and how a refusal is answered: that is decided here.

// customState is the input of a mechanism, and what it found in the headers.
//
// found is opaque to the guard. It goes from Head to Body of the same delivery, and nobody else reads
// it.
type customState struct {
	request entry.CustomRequest
	found   any
}

// customHead lets the mechanism check the head.
func (v *Verifier) customHead(in *Input) fault.Failure {
	p := in.Claims
	// The mechanism gets no keys here. What it reads in the head is a claim, and proves nothing until
	// Body runs.
	s := &customState{request: entry.CustomRequest{
		Method: in.Request.Method, URL: in.URL, Query: in.Request.URL.RawQuery, Header: in.Request.Header, Now: in.Now,
	}}
	if v.Ring == nil { // keys that are configured take the place of those that are fetched
		s.request.Source = v.keySource
	}
	p.custom = s
	var err error
	s.found, err = v.scheme.Custom.Head(&s.request)
	return failureOf(err)
}

// customBody lets the mechanism check the whole delivery, under the keys that are valid now. It fails closed: a proof
// without a key, a time or an id that the mechanism promises is refused.
//
// For an unknown tenant the mechanism runs with a decoy and its answer is ignored: even a proof
// refuses. Where there is a decoy, the time does not show which tenants exist. A key's index outside
// the list that was handed over fails closed too, whatever the mechanism claims to have proved. Only a
// keyless mechanism with a source may name no key. A time or an id that the traits promise must be in
// the proof: without them replays would pass.
func (v *Verifier) customBody(in *Input) (label string, f fault.Failure) {
	p := in.Claims
	list, f := v.customKeys(in.Request.Context(), p, in.Now)
	if f.Failed() {
		return "", f
	}
	s, ok := p.custom.(*customState)
	if !ok {
		return "", fault.New(reason.MissingSignature, "the headers were not checked")
	}
	req := &s.request
	req.URL, req.Header, req.Now = in.URL, in.Request.Header, in.Now
	keys, active := list.Keys.customAt(in.Now)
	req.Keys = keys
	if len(req.Keys) == 0 && req.Source == nil && !list.Unknown {
		return "", fault.New(reason.NoActiveSecret, noValidSecret)
	}
	if list.Unknown && len(req.Keys) == 0 {
		return "", keyring.UnknownTenant(reason.BadSignature, p.TenantFault) // no decoy could be made
	}
	ctx := in.Request.Context()
	if req.Source != nil { // nothing else takes time that is not this machine's
		bounded, cancel := context.WithTimeout(sender.With(ctx, p.From), keyTimeout)
		defer cancel()
		ctx = bounded
	}
	proof, err := v.scheme.Custom.Body(ctx, req, s.found, in.Body)
	if list.Unknown {
		return "", keyring.UnknownTenant(reason.BadSignature, p.TenantFault)
	}
	if f := failureOf(err); f.Failed() {
		return "", f
	}
	switch {
	case proof.Key >= 0 && proof.Key < len(active):
		k := active[proof.Key]
		label, p.Key = k.secret.Label(), keys[proof.Key]
		list.Matched(p.Match, k.use, &k.secret, in.Now)
	case proof.Key == -1 && v.custom.Keyless && req.Source != nil:
		label = "fetched"
	default:
		return "", fault.New(reason.BadSignature, "the mechanism names no key that proved the delivery")
	}
	if v.custom.Time {
		if proof.Time.IsZero() {
			return "", fault.New(reason.MissingTimestamp, "the proof holds no time")
		}
		if f := p.tolerate(v.checkMoment(proof.Time, in.Now)); f.Failed() {
			return "", f
		}
	}
	if v.custom.ID && proof.ID == "" {
		return "", fault.New(reason.MissingSignature, "the proof holds no id")
	}
	p.ID, p.Signed = proof.ID, proof.Signed
	return label, fault.Failure{}
}

// customKeys returns the configured keys; none where the mechanism takes them from the endpoint's source of keys.
func (v *Verifier) customKeys(ctx context.Context, p *Claims, now time.Time) (*keyring.List[*Keys], fault.Failure) {
	// noKeys is shared by all deliveries and never changes, so that this path allocates nothing.
	if v.Ring == nil {
		return v.noKeys, fault.Failure{}
	}
	list, err := v.Ring.Current(ctx, p.Tenant, now)
	if err != nil {
		return nil, keyring.Unavailable(err)
	}
	return list, fault.Failure{}
}

// failureOf returns a mechanism's error as it is, where it gives a reason. Any other error refuses as a bad signature.
//
// It fails closed: no error of a mechanism can lead to acceptance. A zero failure wrapped as an error
// is not failed, and counts as a bad signature.
func failureOf(err error) fault.Failure {
	var f fault.Failure
	switch {
	case err == nil || errors.As(err, &f) && f.Failed():
		return f
	default:
		return fault.New(reason.BadSignature, err.Error())
	}
}
