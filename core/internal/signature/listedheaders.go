package signature

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxListedHeaders is how many headers a delivery may list as signed.
const maxListedHeaders = 32

// checkListedHeaders checks the list of signed headers that a delivery brings. It fails closed: each must be there,
// once; the list must be sorted, as it is signed; and it must name itself and the timestamp, or anybody could change
// them.
func (v *Verifier) checkListedHeaders(r *http.Request) fault.Failure {
	text, f := httpfield.Header(r, v.listedHeader)
	if f.Failed() {
		return f
	}
	names := strings.Split(text, ",")
	if text == "" || len(names) > maxListedHeaders {
		return fault.New(reason.MissingSignature,
			"the header "+v.listedHeader+" lists no signed headers, or too many")
	}
	for i, name := range names {
		if !httpfield.ValidName(name) || name != strings.ToLower(name) || i > 0 && names[i-1] >= name {
			return fault.New(reason.MalformedSignature,
				"the header "+v.listedHeader+" is not a sorted list of headers' names")
		}
		if name == "host" {
			continue // net/http keeps it elsewhere
		}
		if _, f := httpfield.Header(r, http.CanonicalHeaderKey(name)); f.Failed() {
			return f
		}
		if len(r.Header[http.CanonicalHeaderKey(name)]) == 0 {
			return fault.New(reason.MissingSignature,
				"a header that is listed as signed is missing: a proxy may strip it")
		}
	}
	for _, must := range append([]string{v.listedHeader}, v.scheme.Timestamp.Headers...) {
		if !slices.Contains(names, strings.ToLower(must)) {
			return fault.New(reason.MissingSignature, "the header "+must+" is not among those that are signed")
		}
	}
	return fault.Failure{}
}

// writeListedHeaders writes the headers that are listed. The caller must have checked the list.
func writeListedHeaders(st *digest.State, r *http.Request, list string) {
	for i, name := range strings.Split(r.Header.Get(list), ",") {
		if i > 0 {
			st.WriteString(";")
		}
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		st.WriteString(name + ":" + strings.TrimSpace(value))
	}
}
