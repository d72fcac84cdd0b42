package signature

import (
	"net/http"
	"time"
)

// Input is one delivery to verify. It stands on the stack of whoever verifies, and nothing may keep it.
type Input struct {
	Request *http.Request
	URL     string    // that the provider signed, as the endpoint knows it; empty where the scheme signs no URL
	Body    []byte    // nil while only the head is checked
	Claims  *Claims   // what the delivery claims, and what was found out about it
	Now     time.Time // by the guard's clock
}

// with returns the input with other claims: those of one item of a list that is signed item by item.
//
// The copy shares the request and the body, which are only read. Items are therefore checked at one
// time and for one URL.
func (in *Input) with(claims *Claims) Input {
	item := *in
	item.Claims = claims
	return item
}
