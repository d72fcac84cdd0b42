package signature

import (
	"bytes"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// queryCharacters are those of a query that is encoded as a form.
const queryCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%+&=*,:/?@!$'();"

// checkBodyOrQuery keeps a signed body and a signed query apart. Without it, whoever captured a delivery could send its
// body as the query of a request that has none, or a query as the body, under the same signature.
//
// It fails closed: a query that is signed has only characters of a query, and a body has another one. Every JSON
// object, list and text has one: a brace, a bracket or a quotation mark.
func (v *Verifier) checkBodyOrQuery(in *Input) fault.Failure {
	if !v.bodyOrQuery {
		return fault.Failure{}
	}
	if len(in.Body) > 0 {
		if isQuery(in.Body) {
			return fault.New(reason.MalformedSignature,
				"the body could be a query, which is signed where there is no body")
		}
		return fault.Failure{}
	}
	if !isQuery([]byte(in.Request.URL.RawQuery)) {
		return fault.New(reason.MalformedSignature,
			"the query, which is signed where there is no body, has characters that no query has")
	}
	return fault.Failure{}
}

// isQuery reports whether a text has no other characters than queries have. Most bodies differ in the first one.
func isQuery(text []byte) bool {
	return !bytes.ContainsFunc(text, func(c rune) bool { return !strings.ContainsRune(queryCharacters, c) })
}
