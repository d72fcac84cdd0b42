// Package httpfield reads single headers and query parameters strictly: it fails closed on values that two readers
// could read differently. It also has the request's target as it was sent, percent-encoding, and functions that make
// texts safe for logs.
package httpfield

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// ValidName reports whether s can be the name of a header, parameter or field in a provider's entry: ASCII letters,
// digits, "-" and "_". That is less than HTTP allows, and no provider needs more.
func ValidName(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(b byte) bool {
		return !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_')
	})
}

// MaxHeaderBytes is how long the value of a header may be. net/http allows a megabyte for all of them together.
const MaxHeaderBytes = 8 << 10

// Header returns the value of a header, or "" where it is absent. name must be in canonical form. It fails closed on a
// header that comes twice: a proxy may have checked the other value.
func Header(r *http.Request, name string) (string, fault.Failure) {
	values := r.Header[name]
	switch {
	case len(values) == 0: // the caller decides whether the header may be absent
		return "", fault.Failure{}
	case len(values) > 1:
		return "", fault.New(reason.RepeatedHeader, "the header "+name+
			" came more than once: find the proxy that adds one")
	case len(values[0]) > MaxHeaderBytes: // bounds the work of whatever parses the value
		return "", fault.New(reason.HeaderTooLarge, "the header "+name+" is longer than "+strconv.Itoa(MaxHeaderBytes)+
			" bytes")
	}
	return values[0], fault.Failure{}
}

// NamedHeader returns what Header does, and "" for an empty name: the header is not configured.
func NamedHeader(r *http.Request, name string) (string, fault.Failure) {
	if name == "" {
		return "", fault.Failure{}
	}
	return Header(r, name)
}

// CanonicalNames returns the names of headers in their canonical form, for Header.
func CanonicalNames(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = http.CanonicalHeaderKey(name)
	}
	return out
}
