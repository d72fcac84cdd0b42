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
//
// Each listed header is looked up twice, before anything is proved.
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
		// Sorted and without repeats, a set of headers has one list. A name with a colon or a line
		// break could imitate the next line of what is signed.
		if !httpfield.ValidName(name) || name != strings.ToLower(name) || i > 0 && names[i-1] >= name {
			return fault.New(reason.MalformedSignature,
				"the header "+v.listedHeader+" is not a sorted list of headers' names")
		}
		if name == "host" {
			// net/http refuses a request of HTTP/1 with two Host headers, and moves the one to
			// Request.Host.
			continue // net/http keeps it elsewhere
		}
		if _, f := httpfield.Header(r, http.CanonicalHeaderKey(name)); f.Failed() {
			return f
		}
		// Fails closed: a missing header would sign as an empty one does.
		if len(r.Header[http.CanonicalHeaderKey(name)]) == 0 {
			return fault.New(reason.MissingSignature,
				"a header that is listed as signed is missing: a proxy may strip it")
		}
	}
	// The sender chooses the list, and an attacker could shorten one. The signature covers the list
	// only where the list names itself.
	for _, must := range append([]string{v.listedHeader}, v.scheme.Timestamp.Headers...) {
		if !slices.Contains(names, strings.ToLower(must)) {
			return fault.New(reason.MissingSignature, "the header "+must+" is not among those that are signed")
		}
	}
	return fault.Failure{}
}

// writeListedHeaders writes the headers that are listed. The caller must have checked the list.
//
// It writes "name:value" for each header, with semicolons between them. A name has no colon, because
// checkListedHeaders allows names only.
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
