package entry

import (
	"context"
	"crypto"
	"net/http"
	"time"
)

// Custom is a mechanism that is code, because it needs a library: JWT, HTTP Message Signatures, Keccak. It sees the
// request, the keys and the clock, and says what it proved; transport, limits, times of validity, replay protection and
// answers stay the guard's. It must be safe for concurrent use, never panic on what a request holds, compare secrets in
// constant time, and choose algorithms by the entry and the key, never by the request.
type Custom interface {
	// Key compiles one configured key, or says what is wrong with it in words that do not hold it. It is called when a
	// list is compiled, never on the path of a delivery.
	Key(text string) (key any, problem string)
	// Head judges what can be judged before the body is read, at little cost: that the header is there, once, of a
	// bounded length and well-formed. What it returns is handed to Body.
	Head(req *CustomRequest) (state any, err error)
	// Body judges the whole request under the keys that are valid now.
	Body(ctx context.Context, req *CustomRequest, state any, body []byte) (CustomProof, error)
	// Traits say what a proof of this mechanism holds.
	Traits() CustomTraits
}

// CustomTraits are what every proof of a mechanism holds.
type CustomTraits struct {
	Time bool // a time, which the guard judges for freshness
	Body bool // the body
	ID   bool // an id
	// Keyless: no key is configured; they come from the endpoint's source of keys.
	Keyless bool
}

// CustomRequest is what a mechanism sees of a request.
type CustomRequest struct {
	Method string
	URL    string // the public URL, as the guard knows it
	Header http.Header
	Now    time.Time
	Keys   []any     // what Key made of the keys that are valid now; empty for Head
	Source KeySource // nil where none is configured
}

// CustomProof is what a mechanism proved.
type CustomProof struct {
	Key  int       // the index in Keys of the key that matched; -1: it came from Source
	ID   string    // authenticated, unique per event; may be empty
	Time time.Time // authenticated, where Traits say so
}

// Fault is what a mechanism found wrong. Detail says what was seen and what to check, and never holds a secret.
type Fault struct {
	Kind   FaultKind
	Detail string
}

// Error returns the detail.
func (f *Fault) Error() string { return f.Detail }

// FaultKind is the class of a fault.
type FaultKind uint8

// The kinds. An error that is no *Fault is FaultBad.
const (
	FaultBad FaultKind = iota
	FaultMissing
	FaultMalformed
	FaultRepeated
	FaultMissingTime
	FaultStale
	FaultEarly
	FaultWrongRecipient
	FaultKeysUnavailable // our own state: the provider is asked to try again
)

// KeySource gives the public key that a delivery names, by the URL of its certificate or by its id.
//
// It is asked before anything is proved, with a text that anybody may have written: it must refuse what is not the
// provider's, bound what it fetches, and remember it. An error that wraps ErrKeyRefused is final; any other means that
// the key cannot be had now. It must be safe for concurrent use.
type KeySource interface {
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}
