package signature

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// part is one compiled part of the signed bytes.
type part struct {
	*entry.Part
	value int // its index in Claims.values; -1: it has none
}

// valueOf says where a value of the body or of the query is, which is part of what is signed.
//
// oneOf nil allows every text. A grammar of zero allows every text as well, which the entry's own tests
// decide.
type valueOf struct {
	kind     entry.PartKind
	text     string
	path     int // its index in what the body's scan finds; -1: it is not in JSON
	optional bool
	grammar  entry.Grammar
	oneOf    []string
}

// partCompiler compiles the parts of a scheme.
//
// It exists during New only. Its counters are not kept, because they only serve the checks of the
// entry.
type partCompiler struct {
	*Verifier
	pointers []string // into the JSON of the body
	secrets  int      // parts that are the secret itself
	proved   bool     // something is signed that differs from one event to the next
}

// compileParts compiles the signed bytes and what has to be found for them. It fails closed: a problem is a mistake in
// the entry, and the guard is not made.
func (v *Verifier) compileParts() (problem string) {
	c := partCompiler{Verifier: v, pointers: make([]string, fieldCount)}
	for f := range fieldCount {
		c.pointers[f] = v.field(f).JSON
	}
	s := v.scheme
	v.fromForm = s.Signature.Form != ""
	for _, signed := range append([][]entry.Part{s.Signed}, s.Also...) {
		reading := make([]part, len(signed))
		for i := range signed {
			reading[i] = part{&signed[i], -1}
			if problem := c.compile(&reading[i]); problem != "" {
				return problem
			}
		}
		v.readings = append(v.readings, reading)
	}
	if problem := c.check(); problem != "" {
		return problem
	}
	v.SignsBody = v.SignsBody || s.BodySHA256 != ""
	v.paths = jsonscan.Compile(c.pointers...)
	v.Boundary = s.Boundary()
	v.compileForm()
	if s.Items != "" {
		v.items = jsonscan.Compile(s.Items)
	}
	return ""
}

// compile compiles one part.
//
// Every kind that is not listed is a problem. A kind that was forgotten here would leave a part
// unsigned without anybody noticing.
func (c *partCompiler) compile(p *part) (problem string) {
	s := c.scheme
	switch p.Kind {
	case entry.PartTimestamp:
		c.SignsTime = true
	case entry.PartID:
		c.id, c.proved = true, true
	case entry.PartURL, entry.PartURLWithPort, entry.PartURLWithoutPort, entry.PartURLUnescaped, entry.PartSortedQuery:
		c.SignsURL, c.signsQuery = true, true
	case entry.PartURLWithoutQuery, entry.PartHost:
		c.SignsURL = true
	case entry.PartSecret:
		c.secrets++
	case entry.PartBody:
		c.objectBody = p.Grammar == entry.Object
		c.wholeBody = p.Grammar == entry.WholeJSON
		c.SignsBody = true
	case entry.PartPayload:
		c.SignsBody, c.payloadField = true, p.Text
	case entry.PartReplacedBody:
		c.SignsBody, c.replaced = true, true
		c.secrets++
		if s.Signature.JSON == "" {
			return "replaces a signature in the body and does not say where it is"
		}
	// Fields that are signed differ from one event to the next, so a proof is worth something even
	// without the raw body.
	case entry.PartSortedForm:
		c.proved, c.sortedForm = true, p
	case entry.PartForm, entry.PartQuery, entry.PartJSON:
		c.proved = true
		p.value = c.valueIndex(p)
	case entry.PartPair:
		// The grammar keeps the value from a quotation mark or a separator of its neighbours.
		if s.Signature.Layout != entry.Pairs || s.Signature.Groups || p.Grammar == entry.AnyText {
			return "signs a pair, and has no list of pairs or no grammar for it"
		}
		p.value = c.valueIndex(p)
	case entry.PartBodyText:
		c.SignsBody, c.bodyIsText = true, true
	case entry.PartBodyOrQuery:
		c.SignsBody, c.bodyOrQuery = true, true
	case entry.PartHeader:
		c.headerParts = append(c.headerParts, p.Part)
	// A digest stands for the body. MD5 is here because senders chose it: a forger needs a second
	// preimage, not a collision.
	case entry.PartBodyMD5, entry.PartBodySHA256, entry.PartBodySHA256Hex, entry.PartBodySHA256Base64:
		c.SignsBody = true
	case entry.PartCanonicalQuery:
		c.proved = true
	case entry.PartPath, entry.PartEscapedPath:
		c.SignsPath, c.signsQuery = true, true
	case entry.PartListedHeaders:
		c.listedHeader = http.CanonicalHeaderKey(p.Text)
		c.SignsTime = c.SignsTime || len(s.Timestamp.Headers) > 0 // it has to be listed
	// These prove nothing by themselves. CRC-32 can be forged at will, so a scheme with it must sign
	// something else that differs from one delivery to the next.
	case entry.PartLiteral, entry.PartMethod, entry.PartCRC32:
	default:
		return fmt.Sprintf("signs a part of the unknown kind %d", p.Kind)
	}
	return ""
}

// check returns what is wrong with the parts as a whole.
func (c *partCompiler) check() (problem string) {
	s := c.scheme
	// Items are signed one by one. A value outside of them would be the same for all, and one item's
	// proof could vouch for another's.
	elsewhere := func(want valueOf) bool { return want.kind != entry.PartJSON }
	if s.Items != "" && (c.sortedForm != nil || c.namesKey() || slices.ContainsFunc(c.values, elsewhere)) {
		return "signs items of a list, and something that is not in them"
	}
	if c.replaced && (s.Items != "" || s.Document != "") {
		return "replaces a signature in something else than the body"
	}
	if problem := c.checkDigest(); problem != "" {
		return problem
	}
	// A timestamp inside a body that is signed as a whole is proved with it.
	// Where the time is signed in no other way, it stays unread: an unsigned time would be the
	// attacker's choice.
	c.SignsTime = c.SignsTime || c.SignsBody && s.Timestamp.JSON != ""
	// Fails closed: one captured signature of such an entry would open the endpoint for ever.
	if !c.SignsBody && !c.proved {
		return "signs neither the body nor an id: every delivery would carry the same proof"
	}
	return ""
}

// checkDigest returns what is wrong with the parts that a plain hash signs. Whoever knows such a hash can continue it:
// behind its end and some zero bytes anything may follow, unless the secret ends it. A body in which the signature is
// replaced is JSON as a whole, which ends there.
func (c *partCompiler) checkDigest() (problem string) {
	digests := slices.ContainsFunc(c.kinds, func(k kind) bool { return k.Algorithm.Digest() })
	// A plain hash without the secret can be computed by anybody. An HMAC with the secret among its
	// bytes is an entry written by mistake.
	if digests != (c.secrets > 0) {
		return "has to sign the secret itself with a plain hash, and with nothing else"
	}
	for _, reading := range c.readings {
		switch last := reading[len(reading)-1].Kind; {
		case !digests || last == entry.PartSecret || last == entry.PartReplacedBody:
		// The body may end such a hash where checkKind refuses a zero byte: padding cannot be added
		// without one (RFC 1321, RFC 6234).
		case last == entry.PartBody:
			c.lengthened = true
		default:
			return "ends a plain hash with something that can be lengthened"
		}
	}
	return ""
}

// valueIndex returns the index of a part's value. It is the same for the same value in another reading.
func (c *partCompiler) valueIndex(p *part) int {
	want := valueOf{kind: p.Kind, text: p.Text, path: -1, optional: p.Optional, grammar: p.Grammar, oneOf: p.OneOf}
	at := slices.IndexFunc(c.values,
		func(have valueOf) bool { return have.kind == want.kind && have.text == want.text })
	if at >= 0 {
		return at
	}
	switch p.Kind {
	case entry.PartJSON:
		want.path = len(c.pointers)
		c.pointers = append(c.pointers, p.Text)
	case entry.PartForm:
		c.fromForm = true
	}
	c.values = append(c.values, want)
	return len(c.values) - 1
}
