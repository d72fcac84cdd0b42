package entry

import "net/http"

// PassedOn reports whether a request's headers can hold that one when they reach a handler. net/http takes the others
// out, and has them in fields of the request: a guard that waits for one would refuse every delivery.
func PassedOn(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Transfer-Encoding", "Trailer":
		return false
	}
	return true
}
