// Package httpfield reads one header, query parameter or form field, strictly: what two readers could read differently
// is refused. It also has the request's target as it was sent, percent-encoding, and texts made safe for logs.
package httpfield

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

func ValidName(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(b byte) bool {
		return !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_')
	})
}

const MaxHeaderBytes = 8 << 10

// Header reads a header that must not come twice: a proxy might have judged the other one.
func Header(r *http.Request, name string) (string, fault.Failure) {
	values := r.Header[name]
	switch {
	case len(values) == 0:
		return "", fault.Failure{}
	case len(values) > 1:
		return "", fault.New(reason.RepeatedHeader, "the header "+name+
			" came more than once: find the proxy that adds one")
	case len(values[0]) > MaxHeaderBytes:
		return "", fault.New(reason.HeaderTooLarge, "the header "+name+" is longer than "+strconv.Itoa(MaxHeaderBytes)+
			" bytes")
	}
	return values[0], fault.Failure{}
}

func NamedHeader(r *http.Request, name string) (string, fault.Failure) {
	if name == "" {
		return "", fault.Failure{}
	}
	return Header(r, name)
}

// CanonicalNames returns the names of headers in their canonical form.
func CanonicalNames(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = http.CanonicalHeaderKey(name)
	}
	return out
}
