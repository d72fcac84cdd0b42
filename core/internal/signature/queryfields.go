package signature

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// compileQuery finds out which fields of the proof are parameters of the URL, or returns what is wrong with that.
func (v *Verifier) compileQuery() (problem string) {
	s := v.scheme
	for f := range fieldCount {
		v.inQuery = v.inQuery || v.field(f).Query != ""
	}
	switch {
	case len(s.Signature.Headers) == 0 && !v.inBody && s.Signature.Query == "":
		return "does not say where the signature is"
	// A signature cannot be over a URL that holds it.
	case s.Signature.Query != "" && v.signsQuery:
		return "has the signature in the URL, which is signed as well"
	case s.Signature.Version.Query != "":
		return "has the signature's version in the URL"
	case s.Signature.Query != "" && (v.inBody || len(s.Signature.Headers) > 0 || len(s.Signature.Further) > 0):
		return "has the signature in the URL, and elsewhere as well"
	}
	return ""
}

// queryField returns a field of the proof that is a parameter of the URL; empty: the URL does not have it.
//
// It fails closed for a parameter that repeats, and for a query that another reader could divide in another way: then
// the app or a proxy may take another value than the one that was proved.
func (v *Verifier) queryField(r *http.Request, field int) (text string, f fault.Failure) {
	text, n, err := httpfield.QueryValue(r.URL.RawQuery, v.field(field).Query)
	switch {
	case err != nil:
		return "", fault.New(reason.MalformedSignature,
			"the query that holds the proof is malformed or too long")
	case n > 1:
		return "", fault.New(reason.MalformedSignature, "the query has the parameter "+v.field(field).Query+
			" more than once: find what adds one")
	// The limit of a header holds here as well, and comes before any parser.
	case len(text) > httpfield.MaxHeaderBytes:
		return "", fault.New(reason.HeaderTooLarge, "the query's "+v.field(field).Query+" is too long")
	}
	return text, fault.Failure{}
}

// querySignature reads the signature from the URL. It fails closed: one that is missing or empty is refused here.
func (v *Verifier) querySignature(r *http.Request, p *Claims, t *tally) fault.Failure {
	text, f := v.queryField(r, fieldSignature)
	switch {
	case f.Failed():
		return f
	case text == "":
		return fault.New(reason.MissingSignature, "the URL has no parameter "+v.scheme.Signature.Query+
			", or an empty one: set the secret at the provider, or find the proxy that strips the query")
	}
	t.fields++
	return v.parseLine(text, p, t)
}

// queryFields reads the other fields of the proof that are parameters of the URL.
func (v *Verifier) queryFields(r *http.Request, p *Claims) (f fault.Failure) {
	if !v.inQuery {
		return fault.Failure{}
	}
	read := func(field int, wanted bool, to *string) {
		if !f.Failed() && wanted && v.field(field).Query != "" {
			*to, f = v.queryField(r, field)
		}
	}
	// What nothing signs is not read: an attacker could change it.
	read(fieldTimestamp, v.SignsTime, &p.Timestamp)
	read(fieldID, v.id, &p.ID)
	read(fieldKeyRef, true, &p.keyRef)
	return f
}
