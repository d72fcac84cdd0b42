package signature

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// notConfigured follows the name of a value.
const notConfigured = " is not one that is configured: anybody can have the provider send to this endpoint"

// fromHeaders reads the claims in the headers. Limits bound its cost, whatever the headers say.
//
// It verifies nothing. Where a provider renamed its headers, the first family with a signature counts
// as a whole. Mixing families would combine one header's signature with another's time.
func (v *Verifier) fromHeaders(in *Input) fault.Failure {
	p := in.Claims
	names := v.headers[0]
	for i := 0; i < len(v.headers) && len(v.headers) > 1; i++ {
		if len(in.Request.Header[v.headers[i][fieldSignature]]) > 0 {
			names = v.headers[i]
			break
		}
	}
	// Fails closed. Whoever can make the older signature only must not get past the newer one, and a sender that adds
	// it has to be moved to its entry.
	for _, name := range v.newerHeaders {
		if len(in.Request.Header[name]) > 0 {
			return fault.New(reason.MalformedSignature, "the delivery has the header "+name+
				", a newer signature that this entry does not check: use the sender's newer entry as Provider")
		}
	}
	// The claims are pooled: whatever an earlier delivery left must be gone before anything is read.
	p.Timestamp, p.ID, p.keyRef, p.signatures.n, p.public, p.groups = "", "", "", 0, nil, nil
	var f fault.Failure
	if p.version, f = httpfield.NamedHeader(in.Request, names[fieldVersion]); f.Failed() {
		return f
	}
	var t tally
	if v.scheme.Signature.Query != "" {
		if f := v.querySignature(in.Request, p, &t); f.Failed() {
			return f
		}
	} else if f := v.signatureHeader(in.Request, names[fieldSignature], v.scheme.Signature.Repeats, p, &t); f.Failed() {
		return f
	}
	for _, name := range v.moreHeaders {
		if f := v.signatureHeader(in.Request, name, false, p, &t); f.Failed() {
			return f
		}
	}
	switch {
	case t.fields == 0:
		return fault.New(reason.MissingSignature, v.texts.noHeader)
	case t.fields == t.empty:
		return fault.New(reason.MissingSignature,
			"the header "+names[fieldSignature]+" is empty: set the secret at the provider")
	}
	if f := v.anySignature(p, &t); f.Failed() {
		return f
	}
	if f := v.checkPairs(p); f.Failed() {
		return f
	}
	if f := v.ownHeaders(in.Request, names, p); f.Failed() {
		return f
	}
	if f := v.signedHeaders(in.Request); f.Failed() {
		return f
	}
	if v.scheme.ID.JSON != "" || v.scheme.ID.Form != "" {
		return fault.Failure{} // it is in the body
	}
	return v.checkID(p)
}

// signatureHeader reads the signatures of one header.
func (v *Verifier) signatureHeader(r *http.Request, name string, repeats bool, p *Claims, t *tally) fault.Failure {
	lines := r.Header[name]
	// Fails closed. A proxy that joins lines and one that takes the last would disagree with the guard
	// about what was checked.
	if len(lines) > 1 && !repeats {
		return fault.New(reason.RepeatedHeader, "the header "+name+" came more than once: find the proxy that adds one")
	}
	for _, text := range lines {
		t.fields++
		if text == "" {
			// Some providers send an empty header while no secret is set. The refusal then says what to
			// do there.
			t.empty++
			continue
		}
		// The limit comes before the parser, because an unverified sender chooses the length.
		if len(text) > httpfield.MaxHeaderBytes {
			return fault.New(reason.HeaderTooLarge,
				"the header "+name+" is longer than "+strconv.Itoa(httpfield.MaxHeaderBytes)+" bytes")
		}
		if f := v.parseLine(text, p, t); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// ownHeaders reads the fields of the proof that have headers of their own.
func (v *Verifier) ownHeaders(r *http.Request, names []string, p *Claims) (f fault.Failure) {
	// A timestamp that nothing signs is not read: the window must not depend on what an attacker can
	// change.
	if v.SignsTime && names[fieldTimestamp] != "" {
		if p.Timestamp, f = httpfield.Header(r, names[fieldTimestamp]); f.Failed() {
			return f
		}
		// Which of the two is read decides nothing: the signature is over the one that is read.
		if other := v.scheme.Timestamp.Else; p.Timestamp == "" && other != "" {
			if p.Timestamp, f = httpfield.Header(r, other); f.Failed() {
				return f
			}
		}
	}
	// The same holds for an id: an unsigned one would let a replay pass as a new event.
	if v.id && names[fieldID] != "" {
		if p.ID, f = httpfield.Header(r, names[fieldID]); f.Failed() {
			return f
		}
	}
	if names[fieldKeyRef] != "" {
		if p.keyRef, f = httpfield.Header(r, names[fieldKeyRef]); f.Failed() {
			return f
		}
	}
	return v.queryFields(r, p)
}

// signedHeaders checks the signed headers. It fails closed for one that comes twice: the first would be proved, and the
// second perhaps be read.
func (v *Verifier) signedHeaders(r *http.Request) fault.Failure {
	for _, part := range v.headerParts {
		text, f := httpfield.Header(r, http.CanonicalHeaderKey(part.Text))
		if f.Failed() {
			return f
		}
		// A missing header signs as an empty text. With the grammar, no byte can move from it to its
		// neighbour.
		if text != "" && !MatchesGrammar(part.Grammar, text) {
			return fault.New(reason.MalformedSignature,
				"the signed header "+part.Text+" has characters that it never has")
		}
		// Fails closed for a value that nobody configured. Anybody can point an account of their own at
		// this endpoint, and its deliveries are signed with the same key.
		if part.OneOf != nil && !slices.Contains(part.OneOf, text) {
			return fault.New(reason.WrongRecipient, "the header "+part.Text+notConfigured)
		}
	}
	if v.listedHeader != "" {
		return v.checkListedHeaders(r)
	}
	return fault.Failure{}
}

// checkID checks the signed id. It fails closed for characters that ids never have: with them the same signature would
// match other divisions of the signed text into id, timestamp and body.
func (v *Verifier) checkID(p *Claims) fault.Failure {
	if !v.id {
		return fault.Failure{}
	}
	// Fails closed: without the id there is nothing that replays are recognised by.
	if p.ID == "" {
		return fault.New(reason.MissingSignature, v.texts.missingID)
	}
	if !MatchesGrammar(v.scheme.ID.Grammar, p.ID) {
		return fault.New(reason.MalformedSignature,
			"the delivery's id has characters that ids of this provider never have")
	}
	return fault.Failure{}
}

// fromQuery reads the signed parameters of the URL.
func (v *Verifier) fromQuery(in *Input) fault.Failure {
	p := in.Claims
	if len(v.values) == 0 {
		return fault.Failure{}
	}
	// This slice is the one allocation of schemes that sign values. It starts empty for each delivery.
	p.values = make([]fieldValue, len(v.values))
	for i := range v.values {
		want := &v.values[i]
		if want.kind != entry.PartQuery {
			continue
		}
		// Fails closed for a parameter that repeats: frameworks differ in whether they take the first
		// or the last.
		text, n, err := httpfield.QueryValue(in.Request.URL.RawQuery, want.text)
		if err != nil || n > 1 {
			return fault.New(reason.MalformedSignature, "the query is malformed, or repeats a signed parameter")
		}
		if f := want.put(&p.values[i], text, n == 1); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// put stores a value that was looked for. It fails closed for one that is missing, not configured, or has characters
// that it never has: with them the same signature would match other divisions of the signed text.
func (want *valueOf) put(to *fieldValue, text string, present bool) fault.Failure {
	switch {
	case !present && !want.optional:
		return fault.New(reason.MissingSignature, "the delivery lacks "+want.text+", which is part of what is signed")
	case present && want.oneOf != nil && !slices.Contains(want.oneOf, text):
		return fault.New(reason.WrongRecipient, "the delivery's "+want.text+notConfigured)
	case present && !MatchesGrammar(want.grammar, text):
		return fault.New(reason.MalformedSignature,
			"the signed value of "+want.text+" has characters that it never has")
	}
	to.text, to.present = text, present
	return fault.Failure{}
}
