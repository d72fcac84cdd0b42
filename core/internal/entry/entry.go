// Package entry is the data model of a provider: everything the guard knows about how a sender signs, retries and
// names its events. An entry is one literal; it holds no code and is never changed once it is made.
package entry

import "time"

// Entry holds the facts of one provider.
type Entry struct {
	Name       string // kebab-case, an API: used in configurations, logs and metrics
	Title      string // as the provider writes itself
	Docs       string // link to the provider's documentation of its signatures
	Confidence string // A: official source or recorded delivery; B: official documentation; C: third parties

	// How a delivery is authenticated: by a signature (Scheme), or by a credential that Config.Secrets hold.
	Scheme     *Scheme
	Credential Credential
	// SecretFrom says where the provider shows the secret. Empty: the user chooses it, and a fresh one can be offered.
	SecretFrom string
	// MinSecret is the shortest secret in bytes after decoding, where the provider issues shorter ones than 16.
	MinSecret int
	// Unsigned lists, for the documentation, what a delivery carries that nothing authenticates.
	Unsigned []string

	Identity   Identity
	Event      Event
	Batch      *Batch // nil: a delivery is one event
	Handshakes []Handshake

	MaxBody int64 // bytes; 0: 1 MiB

	// RetryHorizon is how long after the first attempt the provider may still send the event again; 0: unknown.
	RetryHorizon time.Duration
	// NeverRetries says that a delivery that was refused is lost unless a person sends it again.
	NeverRetries bool
	// AckLimit is how long the provider waits for the answer; 0: unknown.
	AckLimit time.Duration

	AuthStatus int // answer to a failed authentication; 0: 400
	// Drops4xx says that the provider never sends again what was answered 4xx, so that too much is 503 and not 429.
	Drops4xx bool
}

// Algorithm is the keyed hash of a scheme. The receiver chooses it; nothing in a request does.
type Algorithm uint8

// The algorithms.
const (
	HMACSHA256 Algorithm = iota + 1
	HMACSHA1
	HMACSHA384
	HMACSHA512
)

// Encoding is how bytes are spelled, in a signature or a key.
type Encoding uint8

// The encodings. Base64 is padded; the Raw forms are not; Any accepts both and the URL alphabet is never mixed in.
const (
	Text Encoding = iota // the bytes of the string (keys only)
	Hex
	Base64
	Base64Raw
	Base64URL
	Base64URLRaw
	Base64Any
)

// Scheme says how a provider signs.
type Scheme struct {
	Algorithm Algorithm
	Key       Key
	Signature Signature
	Timestamp Timestamp
	ID        Field  // the signed id, where the scheme signs one
	Signed    []Part // the signed bytes, in order
}

// Key says how the secret that the user configures becomes the bytes of the key.
type Key struct {
	Encoding Encoding
	Prefix   string // removed before decoding when it is there: "whsec_"
}

// Field says where one value of the scheme sits. One place is named, or, for a body that comes as JSON or as a form,
// both JSON and Form; the body's Content-Type chooses.
type Field struct {
	// Headers names the header, once for each family of names the provider uses ("Svix-Id", "Webhook-Id"). The family
	// is chosen by the first signature header that is present, and then holds for every field.
	Headers []string
	Key     string // the key inside the signature's own list of pairs
	JSON    string // a pointer (RFC 6901) into the body
	Form    string // a field of the form in the body
	Grammar Grammar
}

// Grammar restricts a signed value so that the concatenation it goes into can be read in one way only.
type Grammar uint8

// The grammars.
const (
	AnyText Grammar = iota
	Token           // 1 to 128 of A-Z a-z 0-9 _ -
	HexText         // 1 to 128 hexadecimal digits
)

// Layout is how signatures are written in their field.
type Layout uint8

// The layouts.
const (
	Bare      Layout = iota // Prefix and one signature
	Pairs                   // "t=1,v1=aa,v1=bb": pairs separated by Separator; signatures under Name
	Versioned               // "v1,aa v1,bb v1a,cc": versions and signatures separated by spaces; version Name
)

// Signature says where the signature sits and how it is spelled.
type Signature struct {
	Field
	Layout    Layout
	Prefix    string // Bare: must be there, and is compared, never obeyed: "sha256="
	Separator byte   // Pairs
	Name      string // Pairs: the key of a signature; Versioned: the version
	Encoding  Encoding
}

// Unit is the spelling of a timestamp.
type Unit uint8

// The units.
const (
	Seconds Unit = iota // since 1970, canonical decimal
	Milliseconds
	RFC3339
)

// Timestamp says where the signed timestamp sits. A timestamp that nothing authenticates has no place here.
type Timestamp struct {
	Field
	Unit Unit
	// Past is how old a genuine delivery may be where the timestamp is the event's, or where retries repeat the same
	// signed bytes; 0: the timestamp is made anew for each attempt, and the tolerance holds on both sides.
	Past time.Duration
	// Tolerance is the provider's own recommendation; 0: five minutes.
	Tolerance time.Duration
}

// PartKind is what one part of the signed bytes is.
type PartKind uint8

// The parts.
const (
	PartBody PartKind = iota + 1
	PartTimestamp
	PartID
	PartLiteral // Text
	PartHeader  // the header Text
	PartURL     // the public URL of the endpoint
	PartMethod
	PartPath // the path with its query, as sent
)

// Part is one piece of the signed bytes.
type Part struct {
	Kind PartKind
	Text string
}

// Body is the raw body, as sent.
func Body() Part { return Part{Kind: PartBody} }

// TimestampText is the timestamp, as sent.
func TimestampText() Part { return Part{Kind: PartTimestamp} }

// ID is the signed id, as sent.
func ID() Part { return Part{Kind: PartID} }

// Literal is fixed text.
func Literal(text string) Part { return Part{Kind: PartLiteral, Text: text} }

// Header is a header's value, as sent.
func Header(name string) Part { return Part{Kind: PartHeader, Text: name} }

// URL is the endpoint's public URL.
func URL() Part { return Part{Kind: PartURL} }

// Credential is how a provider presents a shared secret as it is.
type Credential struct {
	Kind CredentialKind
	Name string // the header's or parameter's name
}

// CredentialKind is where a credential sits.
type CredentialKind uint8

// The kinds.
const (
	NoCredential CredentialKind = iota
	Basic
	Bearer
	HeaderToken
	QueryToken
	PathToken
)

// IdentityKind is what an event's identity is made of.
type IdentityKind uint8

// The kinds.
const (
	// ByDigest: the digest of the body, with the unsigned headers in With.
	ByDigest IdentityKind = iota
	// BySignedID: the scheme's signed id.
	BySignedID
	// ByPointer: the value at Pointer in the authenticated body.
	ByPointer
	// None: two real deliveries may be byte-equal, so nothing tells a replay from a repetition; Why says so.
	None
)

// Identity says what an event is remembered by.
type Identity struct {
	Kind    IdentityKind
	Pointer string
	// With names headers that join the body's digest: where the event's type comes from an unsigned header, one body
	// may be several events.
	With []string
	// NoneForForms makes form bodies interactions without an identity: their answer matters, and a repeated answer
	// would be wrong.
	NoneForForms bool
	Why          string
}

// Value says where a detail of an event is read, after the proof.
type Value struct {
	Header   string
	JSON     string // a pointer into the payload
	Form     string // a field of the form in the body
	InForm   string // a pointer into the JSON that is the form field Form
	FirstKey string // the name of the payload's first member other than this one (Telegram's update type)
	Const    string // this text, if the form field Form is present
}

// Event says where an event's details are read; the first value that is present wins.
type Event struct {
	ID, Type, Action, Time, Attempt, Tenant []Value
	TimeUnit                                Unit
	AttemptBase                             int    // added to Attempt: 1 where the provider counts its retries
	Data                                    string // pointer to the object; empty: the payload itself
	PayloadForm                             string // the form field that carries the payload when the body is a form
}

// Handshake is a request that is answered and never reaches a signal.
type Handshake struct {
	Proved bool   // after the signature; otherwise the answer is fixed, or guarded by a verify token
	Method string // HEAD, GET or POST

	WhenJSON, WhenEquals string // POST: the pointer whose value marks the handshake, and the value
	EchoJSON             string // the pointer whose value is the answer
	WhenQuery            string // GET: the parameter that marks the handshake
	EchoQuery            string // the parameter that is the answer
	TokenQuery           string // the parameter that must equal one of Config.VerifyTokens

	// The provider hands its secret over in this header, which the answer repeats, or in this member of the body.
	SecretHeader, SecretJSON string

	Status int    // of the answer; 0: 200
	Body   string // the fixed answer, where nothing is echoed
}

// HandsSecretOver says that the request brings the provider's secret.
func (h *Handshake) HandsSecretOver() bool { return h.SecretHeader != "" || h.SecretJSON != "" }

// StatusOr200 is the status of the answer.
func (h *Handshake) StatusOr200() int {
	if h.Status == 0 {
		return 200
	}
	return h.Status
}

// Batch says how a delivery that carries several events splits. Each item is an event: the pointers of Event and of
// Identity lead into the item, headers are the delivery's. What is no list at Pointer is one event.
type Batch struct {
	Pointer string // to the list in the payload; empty: the payload is the list
}
