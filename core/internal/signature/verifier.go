// Package signature verifies a delivery by its provider's scheme, which is data: what is signed, how, and where the
// signature is. It decides whether the signature, and with it the time, is right; what follows from that is core's.
package signature

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Verifier is a compiled scheme with the keys of one endpoint.
type Verifier struct {
	scheme *entry.Scheme
	kinds  []kind // one, or two where the scheme has two kinds of keys
	mac    int    // the kind whose keys are secrets; -1: none
	Unit   entry.Unit
	Past   time.Duration
	Future time.Duration

	headers     [][]string    // canonical names by family and field
	beside      []string      // further headers with signatures, canonical
	readings    [][]part      // the signed bytes, and their other readings
	values      []valueOf     // what the parts take from the body and from the query
	headerParts []*entry.Part // the parts that are headers
	readsBody   bool          // something of the proof is read from the body
	scansJSON   bool          // from its JSON
	paths       *jsonscan.Paths
	Decodes     bool            // what is signed are values decoded from the body, and not its bytes
	items       *jsonscan.Paths // the list whose items are signed one by one; nil: none
	SignsTime   bool            // one is proved
	id          bool            // the scheme signs one
	SignsBody   bool            // the scheme signs it, or what it says
	inBody      bool            // the signature sits in the body
	fromForm    bool            // fields of the proof may sit in a form
	formNames   *formscan.Names // those fields
	document    *formscan.Names // the field that holds the JSON document; nil: none does
	sortedForm  *part           // the part that signs every field of a form; nil: none
	replaced    bool            // the signature's own value is replaced in what is signed
	// payloadField is the one field of a form whose value is signed in place of the body; empty: the body is signed.
	payloadField string
	objectBody   bool           // the body has to begin as an object does
	lengthened   bool           // a plain hash ends with the body, which anybody can lengthen by zero bytes and more
	SignsURL     bool           // the public URL is signed
	SignsPath    bool           // its path is
	signsQuery   bool           // its query is
	Boundary     entry.Boundary // between parts with nothing between them
	// listedHeaders is the header that lists further signed headers; empty: none does.
	listedHeaders string
	lateTime      bool // the timestamp sits in the body

	Route     Route
	Ring      *keyring.Ring[*Keys] // nil: only keySource gives keys
	keySource entry.KeySource
	fetched   atomic.Pointer[fetchedKey]
	noKeys    *keyring.List[*Keys] // of a custom mechanism that fetches its keys
	absent    string               // the detail where the signature's header is missing
	says      proofTexts
	custom    entry.CustomTraits
	TryKey    tryKey
}

// keyTimeout bounds how long a delivery waits for a key that is fetched.
const keyTimeout = 5 * time.Second

// kind is one kind of keys with the algorithm that they are for.
type kind struct {
	entry.KeyKind
	digest.Method
}

// The fields of a proof, by their index in verifier.headers and in what the body's scan finds.
const (
	fieldSignature = iota
	fieldTimestamp
	fieldID
	fieldVersion
	fieldKeyRef
	fieldCount
)

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

// CheckHead judges what the headers and the URL tell. It costs no more than the limits allow, whatever they say.
func (v *Verifier) CheckHead(in *Input) fault.Failure {
	if v.scheme.Custom != nil {
		return v.customHead(in)
	}
	if f := v.fromQuery(in); f.Failed() {
		return f
	}
	if v.inBody {
		return v.signedHeaders(in.Request)
	}
	if f := v.fromHeaders(in); f.Failed() || v.lateTime {
		return f
	}
	return in.Claims.tolerate(v.freshGroup(in.Claims, in.Now))
}

// checkKind refuses a body for which anybody may have a signature.
func (v *Verifier) checkKind(body []byte) fault.Failure {
	if v.objectBody && (len(body) == 0 || body[0] != '{') {
		return fault.New(reason.MalformedSignature, "the body is not an object, and anybody may have the signature of something else: this provider's challenges are signed for whoever asks")
	}
	if v.lengthened && bytes.IndexByte(body, 0) >= 0 {
		return fault.New(reason.MalformedSignature, "the body holds a zero byte, which no text does: whoever captured a delivery can lengthen it so, and its signature with it")
	}
	return fault.Failure{}
}

// CheckBody judges the proof, and gives the label of the key that made it.
func (v *Verifier) CheckBody(in *Input) (label string, f fault.Failure) {
	p := in.Claims
	if v.scheme.Custom != nil {
		return v.customBody(in)
	}
	if f := v.checkKind(in.Body); f.Failed() {
		return "", f
	}
	if f := v.fromBody(in); f.Failed() {
		return "", f
	}
	for i := range p.items {
		if f := p.tolerate(v.checkFreshness(p.items[i].Timestamp, in.Now)); f.Failed() {
			return "", f
		}
	}
	if (v.inBody || v.lateTime) && p.items == nil {
		if f := p.tolerate(v.checkFreshness(p.Timestamp, in.Now)); f.Failed() {
			return "", f
		}
	}
	return v.verify(in)
}

// verify tries every active key. The same work is done whichever matches first, except that the search starts at the
// key that matched last and ends at a match: which of your own secrets is in use is not hidden.
func (v *Verifier) verify(in *Input) (label string, f fault.Failure) {
	p := in.Claims
	list, f := v.keysFor(in.Request.Context(), p, in.Now)
	if f.Failed() {
		return "", f
	}
	var k *activeKey
	var others []*activeKey // of the items before the last
	if p.items == nil {
		k, f = v.verifyOne(list.Keys, in)
		for f.Failed() && p.nextGroup() {
			if v.freshGroup(p, in.Now).Failed() {
				break // f says why the one before was not enough
			}
			k, f = v.verifyOne(list.Keys, in)
		}
		if f.Failed() {
			return "", list.Failure(f, p.TenantFault)
		}
	}
	for i := range p.items { // each of them: one that is forged spoils the delivery
		if i > 0 {
			others = append(others, k)
		}
		item := in.with(&p.items[i])
		if k, f = v.verifyOne(list.Keys, &item); f.Failed() {
			return "", list.Failure(f, p.TenantFault)
		}
	}
	if f := v.checkBodyDigest(in); f.Failed() {
		return "", f
	}
	if f := v.checkBoundary(in); f.Failed() {
		return "", f
	}
	if list.Unknown {
		return "", keyring.UnknownTenant(reason.BadSignature, p.TenantFault)
	}
	for _, other := range others {
		list.Matched(p.Match, other.use, &other.secret, in.Now)
	}
	list.Matched(p.Match, k.use, &k.secret, in.Now)
	return k.secret.Label(), fault.Failure{}
}

func (v *Verifier) verifyOne(keys *Keys, in *Input) (match *activeKey, f fault.Failure) {
	p := in.Claims
	active, judged, matched, elsewhere := 0, 0, 0, ""
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
		if name := v.kinds[k.kind].Key.NamedIn; name != "" && k.id != "" && in.Request.Header.Get(name) != k.id { //lint:notsecret a key's id
			elsewhere = name
			continue
		}
		judged++
		ok := false
		if k.kind == v.mac {
			for at, reading := range v.readings {
				st := k.Pool.Get()
				v.writeSigned(st, reading, k, in)
				found := p.signatures.contains(st.Sum())
				k.Pool.Put(st)
				if found && !ok {
					ok, matched = true, at
				}
			}
		} else {
			ok = p.verifiedBy(v.TryKey, k, v.kinds[k.kind].Algorithm, sums.of(v, k, in))
		}
		if ok {
			if n != 0 {
				keys.LastMatch.Store(int32(i)) // at most 64 keys
			}
			p.reading = matched
			return k, fault.Failure{}
		}
	}
	switch {
	case active == 0:
		return nil, fault.New(reason.NoActiveSecret, "no secret is valid now: check the times of validity in Secrets, and add one that is")
	case judged == 0 && elsewhere != "":
		return nil, fault.New(reason.BadSignature, "the header "+elsewhere+" names none of the configured keys: compare Secrets with what the provider shows")
	case judged == 0:
		return nil, fault.New(reason.MissingSignature, "the delivery carries no signature of the kind that the configured keys verify, and another kind is never tried: configure the key that the provider signs with")
	}
	return nil, fault.New(reason.BadSignature, v.explainMismatch(in.Body, in.URL))
}

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

// keysFor gives the keys to judge by: those configured, or the one that the delivery names.
func (v *Verifier) keysFor(ctx context.Context, p *Claims, now time.Time) (*keyring.List[*Keys], fault.Failure) {
	if v.Ring != nil {
		list, err := v.Ring.Current(ctx, p.Tenant, now)
		if err != nil {
			return nil, keyring.Unavailable(err)
		}
		return list, fault.Failure{}
	}
	if p.keyRef == "" && !v.scheme.Published {
		return nil, fault.New(reason.MissingSignature, "the delivery does not name the key it is signed with")
	}
	ctx, cancel := context.WithTimeout(sender.With(ctx, p.From), keyTimeout)
	defer cancel()
	public, err := v.keySource.Key(ctx, p.keyRef)
	switch {
	case errors.Is(err, entry.ErrKeyRefused):
		return nil, fault.New(reason.BadSignature, "the delivery names a key that is not one of the provider's: "+err.Error())
	case err != nil:
		return nil, fault.New(reason.KeysUnavailable, "the key that the delivery names is not available now: "+err.Error())
	}
	if f := v.fetched.Load(); f != nil && samePublicKey(f.public, public) {
		return f.list, fault.Failure{}
	}
	list, problem := v.compileFetched(public)
	if problem != "" {
		return nil, fault.New(reason.BadSignature, "the key that the delivery names is unfit: "+problem)
	}
	v.fetched.Store(&fetchedKey{public, list})
	return list, fault.Failure{}
}

// fetchedKey is the key that a source gave last, compiled: a provider signs one delivery after another with the same.
type fetchedKey struct {
	public crypto.PublicKey
	list   *keyring.List[*Keys]
}

func (v *Verifier) compileFetched(public crypto.PublicKey) (list *keyring.List[*Keys], problem string) {
	list = keyring.NewList(&Keys{})
	for i := range v.kinds {
		k := &v.kinds[i]
		if problem := publickey.Check(k.Algorithm, &k.Key, public); problem != "" {
			return nil, problem
		}
		list.Keys.List = append(list.Keys.List, v.publicKey(i, secrets.New("fetched", ""), public))
	}
	return list, ""
}

// samePublicKey compares what the keys are, and not where they stand. All those of the standard library have Equal.
func samePublicKey(a, b crypto.PublicKey) bool {
	x, ok := a.(interface{ Equal(x crypto.PublicKey) bool })
	return ok && x.Equal(b)
}
