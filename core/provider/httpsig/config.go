// Package httpsig has senders that sign with HTTP Message Signatures (RFC 9421) over a Content-Digest (RFC 9530), for
// programs that link github.com/dunglas/httpsfv: whoever imports package provider alone does not.
package httpsig

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Algorithm is how a sender signs, under its name in RFC 9421.
type Algorithm string

// The algorithms.
const (
	HMACSHA256      Algorithm = "hmac-sha256"
	Ed25519         Algorithm = "ed25519"
	ECDSAP256SHA256 Algorithm = "ecdsa-p256-sha256"
	RSAPSSSHA512    Algorithm = "rsa-pss-sha512" // with a salt of 64 bytes; some libraries sign with the longest one
	RSAv15SHA256    Algorithm = "rsa-v1_5-sha256"
)

// Encoding is how the secret of HMAC-SHA-256 is encoded.
type Encoding string

// The encodings. Base64 is padded.
const (
	Text   Encoding = "text" // the default: its bytes are the key
	Base64 Encoding = "base64"
	Hex    Encoding = "hex"
)

// Config describes a sender that signs with HTTP Message Signatures. Algorithm and Components are required.
//
// What is configured as secrets are the secrets of HMAC-SHA-256, or public keys in PEM. Instead of those,
// core.Config.Keys may give public keys by the signature's keyid.
type Config struct {
	Name      string    // in logs and metrics: "acme"; default "rfc9421"
	Algorithm Algorithm // the signature's own parameter alg may be absent, and must not say otherwise
	// KeyEncoding is how the secret of HMAC-SHA-256 is encoded.
	KeyEncoding Encoding

	// Components have to be covered by the signature, whatever else is: names of header fields in lower case, and
	// "@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query" and
	// `@query-param;name="x"`. Among them are content-digest, or the body could be any, and @authority or @target-uri,
	// or a delivery to another endpoint under the same key could be sent to this one.
	Components []string
	// Label chooses the signature of that label, Tag the one with that tag; both may be set. Default: the only one
	// there is. What neither chooses is never tried.
	Label, Tag string
	// RequireNonce refuses a signature without a nonce.
	RequireNonce bool
	// Tolerance is how far the time created may be from now. Default five minutes.
	Tolerance time.Duration
	// Past is how old a genuine delivery may be where retries repeat the same signature. Default: Tolerance.
	Past time.Duration

	// Methods are those that deliveries come with besides POST: GET, PUT.
	Methods []string

	// EventID and EventType are where an event's details are: "header:X-Event-Type", or a pointer into the JSON body.
	EventID, EventType string
	// IdentityPointer is the pointer of an id in the body that is unique per event. Default: what is signed, which is
	// every covered component in the form in which it is signed, without the parameters of the signature and without
	// the header date: a retry that is signed again is the same event. Where the body is empty or not covered, the
	// signature's nonce, if there is one, belongs to the event. Without a nonce its time does, so that no event is lost
	// as a duplicate of an equal one, unless a header is covered that may hold an id; a retry that is signed again then
	// runs again. If another covered component changes with each attempt, set IdentityPointer.
	IdentityPointer string

	RetryHorizon time.Duration // how long the sender retries; default unknown
	AckLimit     time.Duration // how long it waits for the answer; default unknown
	MaxBody      int64         // bytes; default 1 MiB

	// DangerouslyLeaveUncovered lets Components be empty or leave out body and endpoint: then whoever captured a
	// delivery can change what is not covered. An event is remembered by what is.
	DangerouslyLeaveUncovered bool
}

// RFC9421 is a sender that signs with HTTP Message Signatures. Mistakes in the config are reported by core.New.
//
// A delivery carries one line each of Signature-Input, Signature and, where it is covered, Content-Digest; the digest
// is computed again, over the body as it came. The time created is required, the time when a signature expires counts
// where it is there. Components with parameters other than the name of a query parameter are refused.
//
// https://www.rfc-editor.org/rfc/rfc9421
// https://www.rfc-editor.org/rfc/rfc9530
func RFC9421(c Config) core.Provider {
	c.Components = slices.Clone(c.Components)
	c.Name = cmp.Or(c.Name, "rfc9421")
	c.KeyEncoding = cmp.Or(c.KeyEncoding, Text)
	m, err := newMechanism(&c)
	e := entry.Entry{
		Name: c.Name, Title: c.Name, Confidence: "A", OfOnesOwn: true,
		Docs:         "https://www.rfc-editor.org/rfc/rfc9421",
		SecretFrom:   "the sender",
		Scheme:       &entry.Scheme{Custom: m, Timestamp: entry.Timestamp{Tolerance: c.Tolerance, Past: c.Past}},
		Methods:      slices.Clone(c.Methods),
		Event:        entry.Event{ID: place(c.EventID), Type: place(c.EventType)},
		RetryHorizon: c.RetryHorizon, AckLimit: c.AckLimit, MaxBody: c.MaxBody,
	}
	if c.Name == "rfc9421" {
		e.Title = "HTTP Message Signatures"
	}
	switch {
	case c.IdentityPointer != "":
		e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: c.IdentityPointer} // without it, by what is signed
	default:
		e.Identity = entry.Identity{Kind: entry.BySigned}
	}
	if !m.coversBody {
		e.Unsigned = []string{"the body"}
	}
	return entry.NewProvider(e, errors.Join(err, c.check()))
}

const headerPlace = "header:"

func place(text string) []entry.Value {
	if name, ok := strings.CutPrefix(text, headerPlace); ok {
		return []entry.Value{{Header: name}}
	}
	if text == "" {
		return nil
	}
	return []entry.Value{{JSON: text}}
}

// check reports the mistakes that the mechanism does not.
func (c *Config) check() error {
	var mistakes []error
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("httpsig.Config."+format, args...))
	}
	if !slices.Contains([]Algorithm{HMACSHA256, Ed25519, ECDSAP256SHA256, RSAPSSSHA512, RSAv15SHA256}, c.Algorithm) {
		mistake("Algorithm %.40q is none of hmac-sha256, ed25519, ecdsa-p256-sha256, rsa-pss-sha512 and "+
			"rsa-v1_5-sha256",
			c.Algorithm)
	}
	if !slices.Contains([]Encoding{Text, Base64, Hex}, c.KeyEncoding) {
		mistake("KeyEncoding %.40q is not text, base64 or hex", c.KeyEncoding)
	}
	if !c.DangerouslyLeaveUncovered {
		if !slices.Contains(c.Components, digestField) {
			mistake("Components does not hold content-digest: any body would fit the signature")
		}
		if !slices.Contains(c.Components, "@authority") && !slices.Contains(c.Components, "@target-uri") {
			mistake("Components holds neither @authority nor @target-uri: a delivery to another endpoint would fit")
		}
	}
	if c.Tolerance < 0 || c.Past < 0 || c.Tolerance > 24*time.Hour || c.RetryHorizon < 0 || c.AckLimit < 0 {
		mistake("Tolerance is at most 24h, and no duration is negative")
	}
	for _, method := range c.Methods {
		if method != "GET" && method != "PUT" {
			mistake("Methods holds %.20q, and takes GET and PUT", method)
		}
	}
	for _, p := range []string{c.EventID, c.EventType, c.IdentityPointer} {
		if p != "" && !strings.HasPrefix(p, "/") && (!strings.HasPrefix(p, headerPlace) || p == c.IdentityPointer) {
			mistake("%.60q is neither header:Name nor a pointer such as /type", p)
		}
	}
	return errors.Join(mistakes...)
}
