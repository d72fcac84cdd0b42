package core

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// verifier is a compiled scheme with the secrets of one endpoint.
type verifier struct {
	scheme *entry.Scheme
	size   int // of a MAC
	unit   entry.Unit
	past   time.Duration
	future time.Duration

	headers    [][]string // canonical names by family: signature, timestamp, id
	timestamp  bool       // the scheme signs one
	id         bool       // the scheme signs one
	body       bool       // the scheme signs it
	inBody     bool       // the signature sits in the body
	paths      *jsonscan.Paths
	source     SecretSource
	rules      secretRules
	compiled   atomic.Pointer[compiledKeys]
	lastMatch  atomic.Int32 // where to start: the secret that matched last
	signsRoute bool         // the public URL is signed
}

type compiledKeys struct {
	list    *SecretList
	secrets []Secret
	pools   []*hmacPool
}

const (
	fieldSignature = iota
	fieldTimestamp
	fieldID
	fieldCount
)

func (v *verifier) field(i int) *entry.Field {
	switch i {
	case fieldSignature:
		return &v.scheme.Signature.Field
	case fieldTimestamp:
		return &v.scheme.Timestamp.Field
	default:
		return &v.scheme.ID
	}
}

func newVerifier(s *entry.Scheme, src SecretSource, rules secretRules, m *mistakes) (*verifier, []string) {
	v := &verifier{scheme: s, source: src, rules: rules, unit: s.Timestamp.Unit}
	_, v.size = hashOf(s.Algorithm)
	if v.size == 0 {
		m.add("Provider", "", "its entry names an unknown algorithm")
		return v, nil
	}
	covered := false
	for _, p := range s.Signed {
		switch p.Kind {
		case entry.PartTimestamp:
			v.timestamp = true
		case entry.PartID:
			v.id = true
		case entry.PartURL:
			v.signsRoute = true
		}
		v.body = v.body || p.Kind == entry.PartBody
		covered = covered || p.Kind == entry.PartBody || p.Kind == entry.PartID
	}
	if !covered {
		m.add("Provider", "", "its entry signs neither the body nor an id: every delivery would carry the same proof")
	}
	v.inBody = s.Signature.JSON != "" || s.Signature.Form != ""
	if v.inBody {
		v.paths = jsonscan.Compile(s.Signature.JSON, s.Timestamp.JSON, s.ID.JSON)
	}
	for i := range s.Signature.Headers {
		names := make([]string, fieldCount)
		for f := range fieldCount {
			if h := v.field(f).Headers; len(h) > 0 {
				names[f] = http.CanonicalHeaderKey(h[min(i, len(h)-1)])
			}
		}
		v.headers = append(v.headers, names)
	}
	if len(v.headers) == 0 && !v.inBody {
		m.add("Provider", "", "its entry does not say where the signature is")
	}
	if src == nil {
		m.add("Secrets", "", "no secret is configured; %s", rules.advice)
		return v, nil
	}
	list, err := lookupNow(context.Background(), src, "")
	if err != nil {
		m.add("Secrets", "", "%v; %s", err, rules.advice)
		return v, nil
	}
	keys, notes := v.compile(list, m)
	v.compiled.Store(keys)
	return v, notes
}

func (v *verifier) compile(list *SecretList, m *mistakes) (*compiledKeys, []string) {
	kept, keys, notes := v.rules.checkList(list, m)
	c := &compiledKeys{list: list, secrets: kept}
	for _, key := range keys {
		c.pools = append(c.pools, newHMACPool(v.scheme.Algorithm, key))
	}
	return c, notes
}

// current compiles again when the source gave another list. A list that does not hold up is refused whole.
func (v *verifier) current() (*compiledKeys, error) {
	list, err := lookupNow(context.Background(), v.source, "")
	if err != nil {
		return nil, err
	}
	if c := v.compiled.Load(); c != nil && c.list == list {
		return c, nil
	}
	var m mistakes
	c, _ := v.compile(list, &m)
	if err := m.err(); err != nil {
		return nil, err
	}
	v.compiled.Store(c)
	return c, nil
}

// presented is what a request claims, before anything is proved.
type presented struct {
	timestamp  string
	id         string
	signatures candidates
}

// fromHeaders reads what the headers carry. It costs no more than the limits allow, whatever they say.
func (v *verifier) fromHeaders(r *http.Request, p *presented) failure {
	var names []string
	for _, family := range v.headers {
		if len(r.Header[family[fieldSignature]]) > 0 {
			names = family
			break
		}
	}
	if names == nil {
		return failure{ReasonMissingSignature, "no " + v.headers[0][fieldSignature] + " header: a proxy may strip it, or the provider has no secret set"}
	}
	text, f := single(r, names[fieldSignature])
	if f.failed() {
		return f
	}
	if text == "" {
		return failure{ReasonMissingSignature, "the header " + names[fieldSignature] + " is empty: the provider has no secret set"}
	}
	p.timestamp, p.id = "", ""
	if f := v.parseSignatures(text, p); f.failed() {
		return f
	}
	if v.timestamp && v.scheme.Timestamp.Key == "" {
		if p.timestamp, f = single(r, names[fieldTimestamp]); f.failed() {
			return f
		}
	}
	if v.id && names[fieldID] != "" {
		if p.id, f = single(r, names[fieldID]); f.failed() {
			return f
		}
	}
	for i := range v.scheme.Signed {
		// A signed header that comes twice would be proved in its first form and perhaps read in its second.
		if part := &v.scheme.Signed[i]; part.Kind == entry.PartHeader {
			if _, f := single(r, http.CanonicalHeaderKey(part.Text)); f.failed() {
				return f
			}
		}
	}
	return v.checkID(p)
}

func (v *verifier) checkID(p *presented) failure {
	if !v.id {
		return failure{}
	}
	if p.id == "" {
		return failure{ReasonMissingSignature, "the delivery carries no id, which is part of what is signed: a proxy may strip its header"}
	}
	if !matchesGrammar(v.scheme.ID.Grammar, p.id) {
		// Otherwise the same signature would fit other divisions of the signed text into id, timestamp and body.
		return failure{ReasonMalformedSignature, "the delivery's id has characters that ids of this provider never have"}
	}
	return failure{}
}

const maxHeaderBytes = 8 << 10

// single reads a header that must not come twice: a proxy might have judged the other one.
func single(r *http.Request, name string) (string, failure) {
	values := r.Header[name]
	switch {
	case len(values) == 0:
		return "", failure{}
	case len(values) > 1:
		return "", failure{ReasonRepeatedHeader, "the header " + name + " came more than once"}
	case len(values[0]) > maxHeaderBytes:
		return "", failure{ReasonHeaderTooLarge, "the header " + name + " is too long"}
	}
	return values[0], failure{}
}

// fromBody reads a signature that sits in the body, by a bounded scan for the fields the entry names.
func (v *verifier) fromBody(contentType string, body []byte, p *presented) failure {
	var found [fieldCount]string
	if isForm(contentType) && v.scheme.Signature.Form != "" {
		for i := range fieldCount {
			name := v.field(i).Form
			if name == "" {
				continue
			}
			value, n, ok := formValue(body, name)
			if !ok {
				return failure{ReasonMalformedSignature, "the form in the body is malformed"}
			}
			if n > 1 {
				return failure{ReasonMalformedSignature, "a field of the form that carries the signature comes twice"}
			}
			found[i] = value
		}
	} else {
		var raw [fieldCount][]byte
		if err := v.paths.Find(body, raw[:]); err != nil {
			return failure{ReasonMalformedSignature, err.Error()}
		}
		for i := range raw {
			if len(raw[i]) > maxHeaderBytes {
				return failure{ReasonHeaderTooLarge, "a field of the body that carries the signature is too long"}
			}
			found[i], _ = jsonscan.Text(raw[i])
		}
	}
	if found[fieldSignature] == "" {
		return failure{ReasonMissingSignature, "the body carries no signature"}
	}
	p.timestamp, p.id = found[fieldTimestamp], found[fieldID]
	if f := v.parseSignatures(found[fieldSignature], p); f.failed() {
		return f
	}
	return v.checkID(p)
}

// verify tries every active secret. The same work is done whichever matches first, except that the search starts at
// the secret that matched last and ends at a match: which of your own secrets is in use is not hidden.
func (v *verifier) verify(r *http.Request, url string, body []byte, p *presented, now time.Time) (label string, f failure) {
	keys, err := v.current()
	if err != nil {
		return "", failure{ReasonNoActiveSecret, "the source of secrets failed, or gave a list that does not hold up"}
	}
	active := 0
	start := int(v.lastMatch.Load())
	for n := range keys.pools {
		i := (start + n) % len(keys.pools)
		if !keys.secrets[i].activeAt(now) {
			continue
		}
		active++
		st := keys.pools[i].get()
		v.writeSigned(st, r, url, body, p)
		ok := p.signatures.contains(st.sum())
		keys.pools[i].put(st)
		if ok {
			if n != 0 {
				v.lastMatch.Store(int32(i)) //nolint:gosec // at most 32 secrets
			}
			return keys.secrets[i].label, failure{}
		}
	}
	if active == 0 {
		return "", failure{ReasonNoActiveSecret, "no secret is valid now: check the times of validity in Secrets"}
	}
	return "", failure{ReasonBadSignature, v.explainMismatch(body, url)}
}

func (v *verifier) explainMismatch(body []byte, url string) string {
	var b strings.Builder
	b.WriteString("the signature matches under none of the secrets: compare Secrets with what the provider shows")
	if len(body) == 0 {
		b.WriteString("; the body was empty, so something before the guard may have read it")
	}
	if v.signsRoute {
		// Without its query, where tokens are.
		used, _, _ := strings.Cut(url, "?")
		b.WriteString("; the URL is signed, and " + clean(used) + " was used: compare it with the one registered at the provider, and set PublicURL")
	}
	return b.String()
}

// writeSigned feeds the signed bytes to the hash, part by part, as they came.
func (v *verifier) writeSigned(st *hmacState, r *http.Request, url string, body []byte, p *presented) {
	for i := range v.scheme.Signed {
		switch part := &v.scheme.Signed[i]; part.Kind {
		case entry.PartBody:
			st.write(body)
		case entry.PartTimestamp:
			st.writeString(p.timestamp)
		case entry.PartID:
			st.writeString(p.id)
		case entry.PartLiteral:
			st.writeString(part.Text)
		case entry.PartHeader:
			st.writeString(r.Header.Get(part.Text))
		case entry.PartURL:
			st.writeString(url)
		case entry.PartMethod:
			st.writeString(r.Method)
		case entry.PartPath:
			st.writeString(requestTarget(r))
		default:
			panic(fmt.Sprintf("sallyport: unknown part %d in an entry", part.Kind))
		}
	}
}
