package entry

import (
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Algorithm is how the signed bytes are proved. The receiver chooses it; nothing in a request does.
type Algorithm uint8

// The algorithms. Those of one secret come first: keyed hashes, and plain hashes of bytes among which the secret
// stands. The others verify with a public key. ECDSA signatures are ASN.1 DER.
const (
	HMACSHA256 Algorithm = iota + 1
	HMACSHA1
	HMACSHA384
	HMACSHA512
	DigestSHA256
	DigestSHA1
	DigestSHA512
	DigestMD5
	Ed25519
	ECDSAP256SHA256
	RSAPKCS1SHA256
	RSAPKCS1SHA1
	RSAPSSSHA256
	RSAPKCS1SHA512
	ECDSAP256SHA1   // eBay; a collision of SHA-1 makes two bodies of one signature
	ECDSAP521SHA512 // of mechanisms that are code
	// RSAPSSSHA256AnySalt has a salt of any length: Keygen's are as long as they can be.
	RSAPSSSHA256AnySalt
)

// PublicKey says that the algorithm verifies with a public key: there is no secret on this side.
func (a Algorithm) PublicKey() bool { return a >= Ed25519 }

// Digest says that the algorithm is a plain hash, so that the secret has to be among the signed bytes.
func (a Algorithm) Digest() bool { return a >= DigestSHA256 && a <= DigestMD5 }

// Encoding is how bytes are encoded, in a signature or a key.
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

// Encode writes bytes, such as a signature. Standard base64 is that of all other encodings.
func (e Encoding) Encode(data []byte) string {
	switch e {
	case Hex:
		return hex.EncodeToString(data)
	case Base64Raw:
		return base64.RawStdEncoding.EncodeToString(data)
	case Base64URL:
		return base64.URLEncoding.EncodeToString(data)
	case Base64URLRaw:
		return base64.RawURLEncoding.EncodeToString(data)
	default:
		return base64.StdEncoding.EncodeToString(data)
	}
}

// Scheme says how a provider signs.
type Scheme struct {
	Algorithm Algorithm
	Key       Key
	// Second is the other kind of key of a scheme that has two; see [KeyKind].
	Second    *KeyKind
	Signature Signature
	Timestamp Timestamp
	ID        Field  // the signed id, where the scheme signs one
	Signed    []Part // the signed bytes, in order
	// Also are other readings of the same signed bytes, where the provider's own libraries accept several: a URL with
	// and without its port. Each costs one more hash.
	Also [][]Part
	// Items is the pointer to a list each of whose items carries its own signature. The pointers of the signature, of
	// the timestamp, of the id and of the parts lead into the item, and every item has to verify.
	Items string
	// Document is the field of a form that holds the JSON document the pointers lead into, where the body is a form.
	Document string
	// BodySHA256 names the parameter of the signed URL that holds the hexadecimal SHA-256 of a body that is no form:
	// Twilio signs such a body through its URL.
	BodySHA256 string
	// URLUser says that the URL is signed with the user and the password that it is registered with, which come as a
	// Basic credential (Mandrill).
	URLUser bool
	// KeyRef says where a delivery names the key it is signed with: the URL of a certificate, a key's id. The key comes
	// from the endpoint's source of keys; keys that are configured take its place.
	KeyRef Field
	// Published is for a provider that publishes its one key, which deliveries do not name: a source of keys may give
	// it in place of one that is configured.
	Published bool
	// Custom takes the place of everything above but for Timestamp's times, for mechanisms that need a library.
	Custom Custom
}

// Key says how the secret that the user configures becomes the bytes of the key.
//
// A public key of Ed25519 is 32 bytes in Encoding; another is the DER of a SubjectPublicKeyInfo in base64, whatever
// Encoding says. PEM armour is always understood.
type Key struct {
	Encoding Encoding
	Prefix   string // removed before decoding when it is there: "whsec_"
	// Whole is the prefix that the provider's secrets begin with, where it is a part of the key.
	Whole string
	// Named is what separates the key's id from the key, where the user configures both: "id|key". The id is optional.
	Named string
	// NamedIn is a header that names the key's id. Where the user configured the id, a key serves the deliveries alone
	// that name it. The header is not signed: it only keeps apart what is for another key.
	NamedIn string
	// SHA1 makes the SHA-1 of the bytes the key (Braintree).
	SHA1 bool
	// Normal makes the secret's text the one that the sender derives its key from. nil: the text stays as it is. A
	// package that links the library for it sets it.
	Normal func(text string) string
	// Certificate accepts an X.509 certificate in PEM for the public key it holds. Nobody checks its chain: the user
	// chose it.
	Certificate bool
	// WeakRSA accepts RSA keys from 1024 bits, where the provider's own key is one.
	WeakRSA bool
}

// KeyKind is the second kind of key of a scheme that has two. Where its Key has a prefix, a configured key is of this
// kind if it has that prefix, and signatures of each kind are verified by keys of that kind alone. Where it has none,
// each key serves both: the version that the signature names says which algorithm made it (SNS).
type KeyKind struct {
	Algorithm Algorithm
	Key       Key
	Name      string // the version of its signatures, as Signature.Name is of the first kind
}

// Field says where one value of the scheme sits. One place is named, or, for a body that comes as JSON or as a form,
// both JSON and Form; the body's Content-Type chooses.
type Field struct {
	// Headers names the header, once for each family of names the provider uses ("Svix-Id", "Webhook-Id"). The family
	// is chosen by the first signature header that is present, and then holds for every field.
	Headers []string
	Key     string // the key inside the signature's own list of pairs, or the member of its object
	JSON    string // a pointer (RFC 6901) into the body
	Form    string // a field of the form in the body
	Query   string // a parameter of the request's URL, which comes once
	First   bool   // the first element of the signature's own list
	Grammar Grammar
}

// Grammar restricts a signed value so that the concatenation it goes into can be read in one way only.
type Grammar uint8

// The grammars.
const (
	AnyText     Grammar = iota
	Token               // 1 to 128 of A-Z a-z 0-9 _ -
	HexText             // 1 to 128 hexadecimal digits
	Word                // 1 to 128 of A-Z a-z _, which no digit next to it can be taken for
	Status              // 3 digits that do not begin with 0 or 1
	Amount              // a canonical decimal number: no sign, no leading zero
	NoControl           // no control characters, so that a line feed ends it
	NoColon             // neither a colon nor a control character
	Sentence            // any challenge, in which spaces, colons and commas may stand as well
	Challenge           // 20 to 32 of 0-9 a-f: Braintree's challenges, which are signed for whoever asks
	NoChallenge         // not of 0-9 a-f throughout, so that no signed challenge is taken for it
	Object              // one object: no signed challenge, no list and no lines are treated as a delivery
	// WholeJSON is one whole JSON object or list, so that the beginning of what follows it cannot be moved into it.
	WholeJSON
)

// Layout is how signatures are written in their field.
type Layout uint8

// The layouts.
const (
	Bare      Layout = iota // Prefix and one signature
	Pairs                   // "t=1,v1=aa,v1=bb": pairs separated by Separator; signatures under Name
	Versioned               // "v1,aa v1,bb v1a,cc": versions and signatures separated by spaces; version Name
	List                    // "aa,bb": signatures separated by Separator; the timestamp first, where it is First
	// `keyid="a", signature="aa", headers="b"`: quoted parameters separated by commas; the signature under Name, and
	// those of Fixed, which have to be there
	Parameters
	// base64 of a JSON object: the signature in the member Name, the key's id in the one that KeyRef.Key names. What
	// else the object says, such as an algorithm, is not obeyed.
	Packed
	// "Application id:aa": the scheme Prefix in either case, the key's id, a colon, one signature
	AuthScheme
)

// Signature says where the signature sits and how it is encoded.
type Signature struct {
	Field
	Layout    Layout
	Prefix    string // Bare: must be there, and is compared, never obeyed: "sha256="
	Separator byte   // Pairs, List
	Name      string // Pairs: the key of a signature, "" for any; Versioned, or with Version: the version
	Equals    byte   // Pairs: between key and value; 0: '='
	Encoding  Encoding
	// Version is the field that names the signature's version, which has to be Name; for a Bare signature.
	Version Field
	// Further are further headers that may hold a signature of the same delivery, one for each active secret.
	Further []string
	// Fixed are parameters that have to come once and be this, such as the list of what is signed. They are compared
	// and never obeyed.
	Fixed [][2]string
	// Newer are headers that hold a newer signature of the same sender. A delivery that has one is refused: it is
	// checked by the sender's newer entry, and the older signature must not stand in for a newer one that is wrong.
	Newer []string
	// Repeats lets the header come several times, once for each active secret.
	Repeats bool
	// Groups is for Pairs that come once for each active secret, in groups separated by spaces: "t=1,v1=aa t=1,v1=bb".
	// Each group has a timestamp of its own, which its signatures alone are over.
	Groups bool
}

// Unit is the form of a timestamp.
type Unit uint8

// The units.
const (
	Seconds Unit = iota // since 1970, canonical decimal
	Milliseconds
	RFC3339
	SecondsOrMilliseconds // distinguished by their length, where the provider's own sources contradict each other
	SecondsOrRFC3339      // as Stripe's snapshot and thin events have it; for the times of events alone
	DateTimeInUTC         // "2006-01-02 15:04:05" in UTC; for the times of events alone
	DateTimeInChina       // the same at Beijing, eight hours ahead of UTC; for the times of events alone
	HTTPDate              // "Mon, 02 Jan 2006 15:04:05 GMT", in this one form
	// as RFC3339, whose zone may be missing and is UTC then; of a signed timestamp it has to be missing
	RFC3339InUTC
)

// Timestamp says where the signed timestamp sits. A timestamp that nothing authenticates has no place here.
type Timestamp struct {
	Field
	Unit Unit
	// Past is how old a genuine delivery may be where the timestamp is the event's, where retries repeat the same
	// signed bytes, or where the provider does not document that they do not: then as long as it retries. 0: the
	// tolerance holds on both sides.
	Past time.Duration
	// Resigned says that each attempt is signed again with a time of its own, as the provider documents or as its
	// signed body shows.
	Resigned bool
	// Else is the header that holds it where the one in Headers is absent: Date, which proxies rewrite.
	Else string
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

	PartSecret          // the secret itself, in digests
	PartJSON            // the value at the pointer Text, unescaped; a number as it is written
	PartForm            // the decoded value of the form's field Text
	PartQuery           // the decoded value of the query's parameter Text
	PartSortedForm      // every field of the form, sorted by name: see Part.Equals, Between and Without
	PartSortedQuery     // Plivo's: '?' and the decoded parameters of the URL "k=v&k=v", sorted; '.' before a form
	PartURLWithoutQuery // the public URL without its query
	PartURLWithPort     // the public URL with its port, the default one where it names none
	PartURLWithoutPort  // the public URL without a port
	PartReplacedBody    // the body, in which the signature's own value is replaced by the secret
	// PartPayload is the body; or, where that is a form whose one field is Text, the decoded value of the field
	// (Gitea).
	PartPayload
	// PartURLUnescaped is the public URL in which the escapes of the characters in Text are decoded.
	PartURLUnescaped
	// PartCRC32 is the CRC-32 of the body in decimal. It proves nothing of the body to whoever holds one signed
	// delivery: another body of the same sum is easily made.
	PartCRC32
	// PartBodyMD5 is the MD5 of the body in base64, and nothing where there is no body (Sinch). Whoever chooses much of
	// what is sent may make two bodies of one hash.
	PartBodyMD5
	PartBodySHA256     // the 32 bytes of the SHA-256 of the body, as they are (MessageBird)
	PartCanonicalQuery // the parameters of the request's URL, decoded, sorted by name and encoded again (MessageBird)
	PartEscapedPath    // the path and the query of the public URL, each escaped once more (Contentful)
	// PartListedHeaders are the headers that the header Text lists, "name:value", separated by semicolons. The list has
	// to be sorted, and to name itself and the timestamp (Contentful).
	PartListedHeaders
	PartBodySHA256Hex // the SHA-256 of the body in hexadecimal digits, in lower case (fal.ai)
	// PartBodyText is the body as a JSON text, quoted and escaped as JavaScript's JSON.stringify does. The body has to
	// be UTF-8, or several bodies would be one text (Hygraph).
	PartBodyText
	PartBodySHA256Base64 // the SHA-256 of the body in base64 (Keygen)
	PartHost             // the host of the public URL, without its port (Keygen)
	// PartPair is the value of the pair Text in the signature's own list (Hygraph).
	PartPair
	// PartBodyOrQuery is the body or, where there is none, the request's raw query. The body then has a character that
	// no query has, so that none is taken for the other (Bolt).
	PartBodyOrQuery
)

// Repeats says what becomes of a form's field that comes several times.
type Repeats uint8

// The rules.
const (
	RepeatsRefused Repeats = iota
	RepeatsSorted          // each value, sorted
	RepeatsOnce            // each distinct value, sorted
)

// Part is one piece of the signed bytes.
type Part struct {
	Kind PartKind
	Text string
	// Before and After stand around the value, and are left out with it where it is Optional and absent.
	Before, After string
	// Optional is a value that may be absent. Any other that is absent refuses the delivery.
	Optional bool
	Lower    bool // the value in lower case; of a method, too
	Grammar  Grammar
	// OneOf lists the only values that are let in: whom a delivery has to be for, where a provider signs with one key
	// for everybody.
	OneOf []string
	// Sample is what a test's signer makes up where the value is missing; empty: what its grammar allows.
	Sample  string
	Repeats Repeats // PartSortedForm
	// Equals and Between stand between name and value, and between fields, of a PartSortedForm; Without are fields that
	// are not among them. Where Between is set, a form whose text could be divided into other fields is refused.
	Equals, Between string
	Without         []string
	Closing         *Closing // PartSortedForm; nil: only a configured URL keeps the form apart from the URL before it
}

// Closing is the field that ends the URL in front of a form, where both are signed with nothing between them.
type Closing struct {
	// Field must be there exactly once, before every other field in the order of names.
	Field string
	// Prefix begins the field's value. It has to be one that no query holds right behind the name.
	Prefix string
	// Only demands that the form has no other field, and that the value is a JSON list.
	Only bool
}

// JSONText is the value at a pointer into the body.
func JSONText(pointer string) Part { return Part{Kind: PartJSON, Text: pointer} }

// FormText is the value of a field of the form in the body.
func FormText(field string) Part { return Part{Kind: PartForm, Text: field} }

// Secret is the secret itself.
func Secret() Part { return Part{Kind: PartSecret} }

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

// UnescapedURL is the public URL in which the escapes of some characters are decoded.
func UnescapedURL() Part { return Part{Kind: PartURLUnescaped, Text: ":/?@!$'()*,;"} }
