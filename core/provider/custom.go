package provider

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Algorithm is the hash of an HMAC.
type Algorithm string

// The algorithms. SHA-1 is here for senders that know nothing better; HMAC-SHA-1 is not broken by collisions.
const (
	SHA256 Algorithm = "sha256" // the default
	SHA1   Algorithm = "sha1"
	SHA384 Algorithm = "sha384"
	SHA512 Algorithm = "sha512"
)

// Encoding is how a signature, or a secret, is encoded.
type Encoding string

// The encodings. Base64 is padded and URL-safe base64 is too; the Raw forms are not padded.
const (
	Hex          Encoding = "hex" // the default of signatures
	Base64       Encoding = "base64"
	Base64Raw    Encoding = "base64raw"
	Base64URL    Encoding = "base64url"
	Base64URLRaw Encoding = "base64urlraw"
	Text         Encoding = "text" // the default of secrets: their bytes are the key
)

// Unit is the form of a timestamp.
type Unit string

// The units.
const (
	Seconds      Unit = "s" // since 1970, the default
	Milliseconds Unit = "ms"
	RFC3339      Unit = "rfc3339"
)

// HMACConfig describes a sender of your own that signs with HMAC. Only Name and Header are required: then the header
// holds the hexadecimal HMAC-SHA256 of the body.
type HMACConfig struct {
	Name   string // in logs and metrics: "acme"
	Header string // the signature's header
	// Parameter is the parameter of the URL that holds the signature, for a sender that has no header for it. It comes
	// once. {url} and {path} cannot be signed then. Whoever reads access logs reads the signature.
	Parameter string
	// OtherHeaders are further names of the same header, for a sender that changes its name. The first that is there
	// counts.
	OtherHeaders []string

	Algorithm Algorithm
	Encoding  Encoding
	// Prefix stands before the signature and must be there: "sha256=".
	Prefix string
	// Pairs makes the header a list such as "t=1,v1=aa": the separator, ',' or ';'. SignatureKey names the signatures
	// in it, TimestampKey the timestamp.
	Pairs        byte
	SignatureKey string
	TimestampKey string

	// SecretEncoding is how the secret is encoded; SecretPrefix is removed before decoding: "whsec_".
	SecretEncoding Encoding
	SecretPrefix   string

	// Signed is what is signed: fixed text and {body}, {timestamp}, {id}, {url}, {method}, {path}, {header:Name}; and
	// {unescaped_url}, in which the escapes of : / ? @ ! $ ' ( ) * , ; are decoded.
	// Default "{body}"; with a timestamp it is required. Text that could be divided in two ways is refused,
	// because its signature would fit both: {header:Name} and {path} need a line feed between them and the body, {id}
	// a character that ids do not have. Where no line feed stands between {url} and the body, the body has to be one
	// JSON object or list, or core.Config.PublicURL configured; where anything else touches {url}, it has to be.
	Signed string
	// TimestampHeader holds the signed timestamp, where it is not in the list of pairs.
	TimestampHeader string
	TimestampUnit   Unit
	// IDHeader holds the signed id. Ids are 1 to 128 of A-Z a-z 0-9 _ and -. A signed id is what an event is
	// remembered by.
	IDHeader string

	// Where an event's details are: "header:X-Event-Type", or a pointer into the JSON body, "/type". A type in a header
	// joins what an event is remembered by, because one body may come under several types. Where Signed does not hold
	// that header, whoever captured a delivery can run it again under another type: prefer a pointer, or set
	// IdentityPointer.
	EventID, EventType string
	// IdentityPointer is the pointer of an id in the body that is unique per event. Default: the digest of the body.
	IdentityPointer string

	// Batch says that the body is a JSON list, each item of which is an event; BatchPointer, that the list is at that
	// place in the body. EventID, EventType and IdentityPointer then lead into the item. A body that is no such list is
	// one event. Without IdentityPointer an item is remembered by its digest, together with the signed id, if there is
	// one.
	Batch        bool
	BatchPointer string

	// FormField is the one field of a form whose decoded value is signed in place of {body}, where the sender can
	// send forms as well as JSON. It is the event's payload.
	FormField string
	// Handshakes are what the sender sends to try the URL.
	Handshakes []Handshake
	// EmptyAnswers leaves out the body of every answer to an accepted delivery.
	EmptyAnswers bool

	// Methods are those that deliveries may come with in addition to POST: GET, PUT, PATCH, DELETE. What comes
	// without a body is distinguished by the signed URL and time; where neither is signed, nothing of it is remembered.
	Methods []string

	RetryHorizon time.Duration // how long the sender retries; default unknown
	AckLimit     time.Duration // how long it waits for the answer; default unknown
	MaxBody      int64         // bytes; default 1 MiB
}

// HMAC is a sender of your own. Mistakes in the config are reported by core.New.
func HMAC(c HMACConfig) core.Provider {
	e, err := c.entry()
	return entry.NewProvider(e, err)
}

func (c *HMACConfig) entry() (entry.Entry, error) {
	e := entry.Entry{Name: c.Name, Title: c.Name, Confidence: "A", OfOnesOwn: true, RetryHorizon: c.RetryHorizon,
		AckLimit: c.AckLimit, MaxBody: c.MaxBody}
	if c.Name == "" || c.Header == "" && c.Parameter == "" {
		return e, fmt.Errorf("HMACConfig needs a Name and a Header")
	}
	if c.Parameter != "" && (c.Header != "" || len(c.OtherHeaders) > 0) {
		return e, fmt.Errorf("HMACConfig has a Header and a Parameter: the signature sits in one of them")
	}
	for _, name := range append([]string{c.Header, c.TimestampHeader, c.IDHeader}, c.OtherHeaders...) {
		if !isHeaderName(name) {
			return e, fmt.Errorf("HMACConfig: %q is not the name of a header", name)
		}
		if !entry.PassedOn(name) {
			return e, fmt.Errorf("HMACConfig: no server passes on the header %s to a handler", name)
		}
	}
	for _, method := range c.Methods {
		if !slices.Contains([]string{"GET", "PUT", "PATCH", "DELETE"}, method) {
			return e, fmt.Errorf("HMACConfig.Methods: %q is not GET, PUT, PATCH or DELETE; POST is always accepted",
				method)
		}
	}
	e.Methods, e.AckEmpty = slices.Clone(c.Methods), c.EmptyAnswers
	var mistake error
	if e.Handshakes, mistake = handshakes(c.Handshakes, c.Methods); mistake != nil {
		return e, mistake
	}
	if c.RetryHorizon < 0 || c.AckLimit < 0 {
		return e, fmt.Errorf("HMACConfig.RetryHorizon and AckLimit are not negative; 0 means unknown")
	}
	s := &entry.Scheme{Signature: entry.Signature{Field: headers(append([]string{c.Header}, c.OtherHeaders...)...),
		Prefix: c.Prefix}}
	if c.Parameter != "" {
		s.Signature.Field = entry.Field{Query: c.Parameter}
	}
	e.Scheme = s
	var ok bool
	if s.Algorithm, ok = algorithms(c.Algorithm); !ok {
		return e, fmt.Errorf("HMACConfig.Algorithm %q is not sha1, sha256, sha384 or sha512", c.Algorithm)
	}
	if s.Signature.Encoding, ok = encodings(c.Encoding, entry.Hex); !ok || s.Signature.Encoding == entry.Text {
		return e, fmt.Errorf("HMACConfig.Encoding %q is not an encoding of signatures", c.Encoding)
	}
	if s.Key.Encoding, ok = encodings(c.SecretEncoding, entry.Text); !ok {
		return e, fmt.Errorf("HMACConfig.SecretEncoding %q is not an encoding", c.SecretEncoding)
	}
	s.Key.Prefix = c.SecretPrefix
	if c.Pairs != 0 {
		if (c.Pairs != ',' && c.Pairs != ';') || c.SignatureKey == "" || c.Prefix != "" {
			return e, fmt.Errorf("HMACConfig.Pairs is ',' or ';', needs a SignatureKey, and goes without a Prefix")
		}
		s.Signature.Layout, s.Signature.Separator, s.Signature.Name = entry.Pairs, c.Pairs, c.SignatureKey
		s.Timestamp.Key = c.TimestampKey
	} else if c.SignatureKey != "" || c.TimestampKey != "" {
		return e, fmt.Errorf("HMACConfig.SignatureKey and TimestampKey go with Pairs")
	}
	if c.TimestampHeader != "" {
		if c.TimestampKey != "" {
			return e, fmt.Errorf("HMACConfig has two places for the timestamp")
		}
		s.Timestamp.Headers = []string{c.TimestampHeader}
	}
	//lint:notsecret a setting
	switch c.TimestampUnit {
	case "", Seconds:
	case Milliseconds:
		s.Timestamp.Unit = entry.Milliseconds
	case RFC3339:
		s.Timestamp.Unit = entry.RFC3339
	default:
		return e, fmt.Errorf("HMACConfig.TimestampUnit %q is not s, ms or rfc3339", c.TimestampUnit)
	}
	if c.IDHeader != "" {
		s.ID = entry.Field{Headers: []string{c.IDHeader}, Grammar: entry.Token}
		e.Identity.Kind = entry.BySignedID
		e.Event.ID = header(c.IDHeader)
	}
	if c.IdentityPointer != "" {
		e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: c.IdentityPointer}
	}
	if c.EventID != "" {
		e.Event.ID = place(c.EventID)
	}
	e.Event.Type = place(c.EventType)
	if strings.HasPrefix(c.EventType, headerPlace) {
		// The type decides what runs, and no signature covers it: one body may be several events.
		e.Identity.With = []string{strings.TrimPrefix(c.EventType, headerPlace)}
	}
	for _, p := range []string{c.EventID, c.EventType, c.IdentityPointer} {
		if p != "" && !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, headerPlace) {
			return e, fmt.Errorf("HMACConfig: %q is neither header:Name nor a pointer such as /type", p)
		}
	}
	if c.Batch || c.BatchPointer != "" {
		if c.BatchPointer != "" && !strings.HasPrefix(c.BatchPointer, "/") { //lint:notsecret a pointer
			return e, fmt.Errorf("HMACConfig.BatchPointer %q is no pointer such as /events", c.BatchPointer)
		}
		e.Batch = &entry.Batch{Pointer: c.BatchPointer}
		if e.Identity.Kind == entry.BySignedID {
			e.Identity.Kind = entry.ByDigest // the signed id is the delivery's
		}
		if c.IDHeader != "" {
			// Two deliveries may hold items that are equal to the byte, and the signed id tells them apart.
			e.Identity.With = append(e.Identity.With, c.IDHeader)
		}
	}
	for i := range c.Handshakes {
		if published := c.Handshakes[i].Published; published != "" {
			e.PublishedSecrets = append(e.PublishedSecrets, published)
		}
	}
	var err error
	if s.Signed, err = c.signed(); err != nil {
		return e, err
	}
	if c.FormField != "" {
		e.Event.PayloadForm = c.FormField
		body := slices.IndexFunc(s.Signed, func(p entry.Part) bool { return p.Kind == entry.PartBody })
		s.Signed[body] = entry.Part{Kind: entry.PartPayload, Text: c.FormField}
	}
	return e, nil
}

const headerPlace = "header:"

func place(text string) []entry.Value {
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, headerPlace):
		return header(strings.TrimPrefix(text, headerPlace))
	default:
		return pointer(text)
	}
}

func algorithms(a Algorithm) (entry.Algorithm, bool) {
	switch a {
	case "", SHA256:
		return entry.HMACSHA256, true
	case SHA1:
		return entry.HMACSHA1, true
	case SHA384:
		return entry.HMACSHA384, true
	case SHA512:
		return entry.HMACSHA512, true
	default:
		return 0, false
	}
}

func encodings(e Encoding, unset entry.Encoding) (entry.Encoding, bool) {
	switch e {
	case "":
		return unset, true
	case Hex:
		return entry.Hex, true
	case Base64:
		return entry.Base64, true
	case Base64Raw:
		return entry.Base64Raw, true
	case Base64URL:
		return entry.Base64URL, true
	case Base64URLRaw:
		return entry.Base64URLRaw, true
	case Text:
		return entry.Text, true
	default:
		return 0, false
	}
}
