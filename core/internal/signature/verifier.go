// Package signature verifies a delivery by its provider's scheme, which is data: what is signed, how, and where the
// signature is. It decides whether the signature, and with it the time, is right; what follows from that is core's.
package signature

import (
	"bytes"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Verifier is a compiled scheme with the keys of one endpoint. It is immutable once the endpoint is configured, except
// for the keys.
//
// The zero value verifies nothing: without a compiled scheme every method would fail. Only New and
// NewPublishedKey make one. Past and Future are set by the guard before the first delivery. Zero allows
// no difference at all.
type Verifier struct {
	scheme *entry.Scheme
	custom entry.CustomTraits // of a mechanism that is code; zero: the scheme is data
	texts  proofTexts

	// The time.
	Unit       entry.Unit
	Past       time.Duration // how old a signed time may be
	Future     time.Duration // how far ahead a signed time may be
	SignsTime  bool          // a time is proved
	timeInBody bool          // the body holds it

	// Where the claims are.
	headers      [][]string      // canonical names by family and field
	moreHeaders  []string        // further headers with signatures, canonical
	newerHeaders []string        // headers with a newer signature, canonical
	inBody       bool            // the body holds the signature
	packed       *jsonscan.Paths // to the members of a packed signature; nil: it is not packed
	inQuery      bool            // parameters of the URL hold fields of the proof
	readsBody    bool            // some claims are in the body
	scansJSON    bool            // in its JSON
	paths        *jsonscan.Paths // to those
	fromForm     bool            // claims may be fields of a form
	formNames    *formscan.Names // those fields
	document     *formscan.Names // the form's field that holds the JSON document; nil: the body is the document
	items        *jsonscan.Paths // the list whose items are signed one by one; nil: the delivery is signed as a whole
	id           bool            // the scheme signs an id

	// What is signed.
	readings     [][]part      // the signed bytes, in each form that the provider may sign
	values       []valueOf     // of the body and of the query
	headerParts  []*entry.Part // headers
	listedHeader string        // the header that lists further signed headers; empty: none does
	sortedForm   *part         // every field of a form; nil: not field by field
	payloadField string        // of a form, whose value is signed in place of the body; empty: the body is signed
	replaced     bool          // the body with the secret in place of the signature
	SignsBody    bool          // the body, or all that it says
	Decodes      bool          // values that are decoded from the body, and not its bytes
	objectBody   bool          // the body must begin as an object does
	bodyIsText   bool          // the body is signed as a JSON text, so that it must be UTF-8
	bodyOrQuery  bool          // the query is signed where there is no body
	wholeBody    bool          // the body must be one whole JSON object or list
	lengthened   bool          // a plain hash ends with the body: anybody can lengthen it by zero bytes and more
	Boundary     entry.Boundary

	// The URL.
	Route      Route
	SignsURL   bool // scheme, host, path and query
	SignsPath  bool // the path alone, or with the query
	signsQuery bool

	// The keys.
	kinds     []kind // one, or two where the scheme has two kinds of keys
	mac       int    // the kind whose keys are secrets; -1: none
	Ring      *keyring.Ring[*Keys]
	keySource entry.KeySource // gives keys where Ring is nil
	fetched   atomic.Pointer[fetchedKey]
	noKeys    *keyring.List[*Keys] // the list of a mechanism that is code and fetches its keys
	TryKey    tryKey               // tests count its calls
}

// kind is one kind of keys with the algorithm that they are for.
type kind struct {
	entry.KeyKind
	digest.Method
}

// The fields of a proof, by their index in Verifier.headers and in what the body's scan finds.
const (
	fieldSignature = iota
	fieldTimestamp
	fieldID
	fieldVersion
	fieldKeyRef
	fieldCount
)

// field returns where the entry has one of the fields. An index that is not listed is the key's
// reference.
func (v *Verifier) field(i int) *entry.Field {
	switch i {
	case fieldSignature:
		return &v.scheme.Signature.Field
	case fieldTimestamp:
		return &v.scheme.Timestamp.Field
	case fieldID:
		return &v.scheme.ID
	case fieldVersion:
		return &v.scheme.Signature.Version
	default:
		return &v.scheme.KeyRef
	}
}

// CheckHead checks what the headers and the URL say, and fills the claims in. Limits bound its cost, whatever they say.
//
// It fails closed, and runs before the body is read: a stale or malformed delivery costs no memory for
// its body.
func (v *Verifier) CheckHead(in *Input) fault.Failure {
	if v.scheme.Custom != nil {
		return v.customHead(in)
	}
	if f := v.fromQuery(in); f.Failed() {
		return f
	}
	if v.inBody {
		// The time is not checked yet: it may be in the body. CheckBody checks it before the signature.
		return v.signedHeaders(in.Request)
	}
	if f := v.fromHeaders(in); f.Failed() || v.timeInBody {
		return f
	}
	return in.Claims.tolerate(v.freshGroup(in.Claims, in.Now))
}

const (
	notAnObject = "the body is not one JSON object, as every delivery of this provider is: it is of another product " +
		"or format, or a text that the provider signs for whoever asks"
	notWhole = "the body is not one JSON object or list from its first byte to its last: " +
		"whoever captured a delivery can move what is signed behind it into the body"
	zeroByte = "the body holds a zero byte, which no text does: " +
		"whoever captured a delivery can lengthen it so, and its signature with it"
)

// checkKind refuses a body for which anybody may have a signature. It fails closed.
func (v *Verifier) checkKind(body []byte) fault.Failure {
	if v.objectBody && !oneObject(body) {
		return fault.New(reason.MalformedSignature, notAnObject)
	}
	// Where another signed value follows the body with nothing between them, an attacker could move its
	// first bytes to the end of the body. A whole JSON text has one end.
	if v.wholeBody && !wholeJSON(body) {
		return fault.New(reason.MalformedSignature, notWhole)
	}
	// Length extension: from hash(secret+body) an attacker computes the hash of a longer body without
	// the secret. The padding needs a zero byte.
	if v.lengthened && bytes.IndexByte(body, 0) >= 0 {
		return fault.New(reason.MalformedSignature, zeroByte)
	}
	return v.checkText(body)
}

// oneObject reports whether a body may be one object: it begins as one and is not a line of them after the other. No
// JSON holds a line break between two objects. A byte order mark and white space may come first, as in any JSON.
//
// A provider may also sign free text, such as a challenge, with the same key. Such a text must never
// count as a delivery.
func oneObject(body []byte) bool {
	body = bytes.TrimLeft(jsonscan.TrimMark(body), " \t\r\n")
	return len(body) > 0 && body[0] == '{' && !bytes.Contains(body, []byte("}\n{")) &&
		!bytes.Contains(body, []byte("}\r\n{"))
}

// CheckBody checks the signature of a delivery whose head was checked, and returns the label of the key that made it.
//
// Only this method proves anything. The caller must not look at the claims as facts before it returned
// without a failure.
func (v *Verifier) CheckBody(in *Input) (label string, f fault.Failure) {
	p := in.Claims
	if v.scheme.Custom != nil {
		return v.customBody(in)
	}
	if f := v.checkKind(in.Body); f.Failed() {
		return "", f
	}
	if f := v.checkBodyOrQuery(in); f.Failed() {
		return "", f
	}
	if f := v.fromBody(in); f.Failed() {
		return "", f
	}
	// Each item has its own time. One stale item refuses all of them, because the others may have been
	// added around it.
	for i := range p.items {
		if f := p.tolerate(v.checkFreshness(p.items[i].Timestamp, in.Now)); f.Failed() {
			return "", f
		}
	}
	if (v.inBody || v.timeInBody) && p.items == nil {
		if f := p.tolerate(v.checkFreshness(p.Timestamp, in.Now)); f.Failed() {
			return "", f
		}
	}
	return v.verify(in)
}

// verify checks the signature of the delivery, or of each of its items, and records the secrets that matched. It fails
// closed: one forged item invalidates the delivery.
func (v *Verifier) verify(in *Input) (label string, f fault.Failure) {
	p := in.Claims
	list, f := v.keysFor(in.Request.Context(), p, in.Now)
	if f.Failed() {
		return "", f
	}
	var room [1]*activeKey
	// The array of one element keeps the usual case from allocating.
	matched, f := v.verifyAll(list.Keys, in, room[:0])
	if f.Failed() {
		return "", list.Failure(f, p.TenantFault)
	}
	if f := v.checkBodyDigest(in); f.Failed() {
		return "", f
	}
	// It comes after the signature, because its texts say that the signature matches. Without a match
	// that would be untrue.
	if f := v.checkBoundary(in); f.Failed() {
		return "", f
	}
	// Fails closed even if a decoy matched. This line alone keeps an unknown tenant out in that case.
	if list.Unknown {
		return "", keyring.UnknownTenant(reason.BadSignature, p.TenantFault)
	}
	// Matches are recorded for whole proofs only: a forger must not make an old secret look used.
	for _, k := range matched {
		list.Matched(p.Match, k.use, &k.secret, in.Now)
	}
	return matched[len(matched)-1].secret.Label(), fault.Failure{}
}

// verifyAll returns the key that matched the delivery, or the keys of its items in their order, in room if they fit.
func (v *Verifier) verifyAll(keys *Keys, in *Input, room []*activeKey) (matched []*activeKey, f fault.Failure) {
	p := in.Claims
	if p.items == nil {
		k, f := v.verifyOne(keys, in)
		for f.Failed() && p.nextGroup() {
			if v.freshGroup(p, in.Now).Failed() {
				break // f says why the group before was not enough
			}
			k, f = v.verifyOne(keys, in)
		}
		return append(room, k), f
	}
	for i := range p.items {
		item := in.with(&p.items[i])
		k, f := v.verifyOne(keys, &item)
		if f.Failed() {
			return nil, f
		}
		room = append(room, k)
	}
	return room, fault.Failure{}
}

// verifyOne returns the key that made the signature. It tries every key that is valid now, beginning with the one that
// matched last, and ends at a match: which of your own secrets is in use is not hidden. Each comparison takes the same
// time.
//
// It fails closed where no key is valid now, and where the named key is not configured. A signature of
// another kind is never tried. The key's name in a header only narrows the choice: it never adds a key.
func (v *Verifier) verifyOne(keys *Keys, in *Input) (match *activeKey, f fault.Failure) {
	p := in.Claims
	active, tried, otherKey := 0, 0, ""
	start := int(keys.LastMatch.Load())
	sums := p.sums(v)
	defer sums.release()
	for n := range keys.List {
		i := (start + n) % len(keys.List)
		k := &keys.List[i]
		if !k.secret.ActiveAt(in.Now) {
			continue
		}
		active++
		if !p.holds(k.kind, v.mac) {
			continue
		}
		name := v.kinds[k.kind].Key.NamedIn
		if name != "" && k.id != "" && in.Request.Header.Get(name) != k.id { //lint:notsecret a key's id
			otherKey = name
			continue
		}
		tried++
		ok := false
		if k.kind == v.mac {
			ok = v.matchesMAC(k, in)
		} else {
			p.reading = 0
			ok = p.verifiedBy(v.TryKey, k, v.kinds[k.kind].Algorithm, sums.of(v, k, in))
		}
		if ok {
			if n != 0 {
				keys.LastMatch.Store(int32(i)) // at most 64 keys
			}
			return k, fault.Failure{}
		}
	}
	switch {
	case active == 0:
		return nil, fault.New(reason.NoActiveSecret, noValidSecret)
	case tried == 0 && otherKey != "":
		return nil, fault.New(reason.BadSignature, "the header "+otherKey+namesNoKey)
	case tried == 0:
		return nil, fault.New(reason.MissingSignature, noSignatureOfKind)
	}
	return nil, fault.New(reason.BadSignature, v.explainMismatch(in.Body, in.URL))
}

const (
	noValidSecret     = "no secret is valid now: check the times of validity in Secrets, and add one that is"
	namesNoKey        = " names none of the configured keys: compare Secrets with what the provider shows"
	noSignatureOfKind = "the delivery carries no signature of the kind that the configured keys verify, " +
		"and another kind is never tried: configure the key that the provider signs with"
)

// matchesMAC reports whether a signature is the secret's own, over one of the readings, and sets which. All readings
// are hashed, whichever matches.
//
// The states come from a pool and go back before the next reading, so that nothing of a secret's hash
// stays reachable from the delivery.
func (v *Verifier) matchesMAC(k *activeKey, in *Input) (ok bool) {
	p := in.Claims
	for at, reading := range v.readings {
		st := k.Pool.Get()
		v.writeSigned(st, reading, k, in)
		found := p.signatures.contains(st.Sum())
		k.Pool.Put(st)
		if found && !ok {
			ok, p.reading = true, at
		}
	}
	return ok
}

// explainMismatch returns the detail of a refusal where no secret matches. It shows no secret and no signature.
//
// The expected signature would be a forgery ready to send, for everybody who reads the log.
func (v *Verifier) explainMismatch(body []byte, url string) string {
	var b strings.Builder
	b.WriteString("the signature matches under none of the secrets: compare Secrets with what the provider shows")
	if len(body) == 0 {
		b.WriteString("; the body was empty, so something before the guard may have read it")
	}
	if v.SignsURL {
		b.WriteString("; the URL is signed, and " + v.ShownURL(url) + " was used (" + v.Route.Source + ")" +
			": compare it with the one registered at the provider, and set PublicURL")
	}
	return b.String()
}
