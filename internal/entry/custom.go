package entry

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"
)

// Custom is a mechanism that is code, because it needs a library: JWT, HTTP Message Signatures, Keccak. It sees the
// request, the keys and the clock, and says what it proved; transport, limits, times of validity, replay protection and
// answers stay the guard's. It must be safe for concurrent use, never panic on what a request holds, compare secrets in
// constant time, and choose algorithms by the entry and the key, never by the request.
type Custom interface {
	// Key compiles one configured key, or says what is wrong with it in words that do not hold it. It is called when a
	// list is compiled, never on the path of a delivery. A secret must have at least least bytes after decoding, and
	// never fewer than one; a mechanism of key pairs does not use least.
	Key(text string, least int) (key any, problem string)
	// Head checks what can be checked before the body is read, at little cost: that the header is there, once, of a
	// bounded length and well-formed. What it returns is handed to Body.
	Head(req *CustomRequest) (state any, err error)
	// Body checks the whole request under the keys that are valid now.
	Body(ctx context.Context, req *CustomRequest, state any, body []byte) (CustomProof, error)
	// Traits say what a proof of this mechanism holds.
	Traits() CustomTraits
}

// CustomSigner is a mechanism that can sign as its provider does, for tests: it may be absent.
type CustomSigner interface {
	// Sign signs the request in place and gives the body to send. The key is the text that is configured, or, for a
	// mechanism of key pairs, the private key in PEM.
	Sign(r *http.Request, url string, body []byte, key string, at time.Time) ([]byte, error)
}

// CustomPayload is a mechanism whose deliveries carry their payload inside the body, as a token does. It may be absent.
type CustomPayload interface {
	// Payload takes the payload out of a body and verifies nothing: the guard asks for what it proved before, or for
	// what a check that only reports let through. ok is false where the body carries none; then the body is the
	// payload. It must depend on the body alone.
	Payload(body []byte) (payload []byte, ok bool)
}

// CustomSource is a mechanism that brings its own source of keys, because the entry pins what it trusts: a delivery
// carries a chain of certificates, and the entry its root. It may be absent. Then nothing has to be configured; secrets
// that are configured take its place.
type CustomSource interface {
	Source() KeySource
}

// OwnSource is the source of keys that the scheme's mechanism brings; nil: it brings none.
func (s *Scheme) OwnSource() KeySource {
	own, ok := s.Custom.(CustomSource)
	if !ok {
		return nil
	}
	return own.Source()
}

// CustomAnswerer is a mechanism whose provider wants its answer encrypted and signed.
type CustomAnswerer interface {
	// Answer returns the body of an answer, in JSON, that carries a sealed text. key is what Key made of the key that
	// proved the delivery.
	Answer(key any, sealed string, at time.Time) []byte
}

// CustomTraits are what every proof of a mechanism holds.
type CustomTraits struct {
	Time bool // a time, which the guard verifies for freshness
	Body bool // the body
	// Payload says that the mechanism is a CustomPayload, and that the proof covers the payload. Where Body is not set,
	// what else stands in the body is not covered.
	Payload bool
	URL     bool // the public URL, or a part of it
	// Query says that the URL's query is proved apart from the body, and that senders add to the one that is
	// registered: the request's own then joins a configured URL that has none.
	Query bool
	ID    bool // an id
	// Keyless: no key has to be configured; they come from the endpoint's source of keys. Keys that are configured take
	// its place.
	Keyless bool
	// Pair is an algorithm of the kind of key pair that signs; 0 where a secret does. Keys are then configured as PEM.
	Pair Algorithm

	// For the documentation and for the tests: how the proof is made, what it covers, and the headers that carry it. A
	// proof without headers stands in the body.
	Proof, Signed string
	Headers       []string
	Parameters    []string // of the URL, for the same
}

// CustomRequest is what a mechanism sees of a request.
type CustomRequest struct {
	Method string
	URL    string // the public URL, as the guard knows it
	Query  string // of the request's URL, as it was sent
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
	// Signed is what an event is remembered by where the entry says BySigned: a digest of everything that is signed and
	// belongs to the event.
	Signed [sha256.Size]byte
}

// KeySource gives the public key that a delivery names, by the URL of its certificate or by its id.
//
// It is asked before anything is proved, with a text that anybody may have written: it must refuse what is not the
// provider's, bound what it fetches, and remember it. An error that wraps ErrKeyRefused is final; any other means that
// the key cannot be had now. It must be safe for concurrent use.
type KeySource interface {
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// KeyCandidates is a source of several keys that deliveries do not name. A source may be one.
type KeyCandidates interface {
	// Candidates returns the few keys that a delivery may be signed with, without those that were tried. Where it knows
	// no other, it looks whether the provider has new ones, as rarely as for a name that it does not know.
	Candidates(ctx context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error)
}

// ErrKeyRefused is wrapped by a KeySource's error where the key that a delivery names is none of the provider's.
var ErrKeyRefused = errors.New("sallyport: the delivery names a key that is none of the provider's")
