package signature

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// tally counts what the fields of signatures held in addition to valid ones.
//
// It decides only which refusal is given. No count in it can make a delivery acceptable.
type tally struct {
	fields    int  // header lines
	empty     int  // of them
	malformed int  // texts that are not signatures
	longest   int  // of those, in characters
	foreign   int  // of a version that is not checked: an older one, or one to come
	timestamp bool // one was found in the list
}

// misfit counts a text that stands where a signature should.
func (t *tally) misfit(text string) {
	t.malformed++
	t.longest = max(t.longest, len(text))
}

// parseLine reads the signatures of one header line.
func (v *Verifier) parseLine(text string, p *Claims, t *tally) fault.Failure {
	if v.scheme.Signature.Groups {
		return v.parseGroups(text, p, t)
	}
	return v.parseSignatures(text, p, t)
}

// parseSignatures reads the text of a signature's field: candidates, and the timestamp where it is in the list.
func (v *Verifier) parseSignatures(text string, p *Claims, t *tally) fault.Failure {
	switch v.scheme.Signature.Layout {
	case entry.Bare:
		return v.parseBare(text, p, t)
	case entry.AuthScheme:
		return v.parseAuthScheme(text, p, t)
	case entry.Pairs:
		return v.parsePairs(text, p, t)
	case entry.Versioned:
		return v.parseVersioned(text, p, t)
	case entry.Parameters:
		return v.parseParameters(text, p, t)
	case entry.Packed:
		return v.parsePacked(text, p, t)
	case entry.List:
		return v.parseList(text, p, t)
	}
	// An unknown layout adds no candidate, and anySignature then refuses: fails closed.
	return fault.Failure{}
}

// parseBare reads one signature, behind a prefix if the scheme has one. It fails closed: the prefix names the
// algorithm, and no other is tried.
func (v *Verifier) parseBare(text string, p *Claims, t *tally) fault.Failure {
	sig := &v.scheme.Signature
	rest, ok := strings.CutPrefix(text, sig.Prefix)
	if !ok {
		return fault.New(reason.MalformedSignature,
			"the signature does not begin with "+sig.Prefix+": another algorithm is never tried")
	}
	// A prefix alone is what providers send while no secret is set.
	if rest == "" {
		return fault.New(reason.MissingSignature, "the signature is empty: set the secret at the provider")
	}
	if isNowhere(&sig.Version) {
		return v.addSignature(0, rest, p, t)
	}
	for i := range v.kinds {
		if v.kinds[i].Name == p.version {
			return v.addSignature(i, rest, p, t)
		}
	}
	// Fails closed: a version that the entry does not have is never tried with the key of another. That
	// would let an attacker choose the weaker algorithm.
	t.foreign++
	return fault.Failure{}
}

// parseAuthScheme reads a signature behind the name of a scheme and the key's id.
func (v *Verifier) parseAuthScheme(text string, p *Claims, t *tally) fault.Failure {
	prefix := v.scheme.Signature.Prefix
	scheme, rest, _ := strings.Cut(text, " ")
	id, signature, ok := strings.Cut(rest, ":")
	// The name of an authentication scheme is case-insensitive (RFC 9110, section 11.1). The id of the
	// key is not a secret, and its grammar keeps it from holding a colon.
	if !strings.EqualFold(scheme, prefix) || !ok || !MatchesGrammar(entry.Token, id) {
		return fault.New(reason.MalformedSignature,
			"the header is not written as "+prefix+", the key's id, a colon and the signature")
	}
	return v.addSignature(0, signature, p, t)
}

// parsePairs reads a list of names and values: signatures under the names of their kinds, and the timestamp.
func (v *Verifier) parsePairs(text string, p *Claims, t *tally) fault.Failure {
	sig := &v.scheme.Signature
	equals := byte('=')
	if sig.Equals != 0 {
		equals = sig.Equals
	}
	for item, more := "", true; more; {
		item, text, more = cutItem(text, sig.Separator)
		item = httpfield.TrimOWS(item)
		// Only the first equals sign divides: base64 has them at its end.
		at := strings.IndexByte(item, equals)
		if at < 0 {
			t.malformed++
			continue
		}
		key, value := item[:at], item[at+1:]
		if v.SignsTime && v.scheme.Timestamp.Key != "" && key == v.scheme.Timestamp.Key {
			if f := v.listedTimestamp(value, p, t); f.Failed() {
				return f
			}
			continue
		}
		if at := v.pairValue(key); at >= 0 {
			if f := v.takePair(at, value, p); f.Failed() {
				return f
			}
			continue
		}
		if f := v.addVersioned(key, value, p, t); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// parseVersioned reads signatures with a version before each, separated by spaces.
//
// Standard Webhooks writes it so, "v1,signature" (https://www.standardwebhooks.com). Unknown versions
// are passed over, because a provider sends old and new ones together while it changes.
func (v *Verifier) parseVersioned(text string, p *Claims, t *tally) fault.Failure {
	for item, more := "", true; more; {
		item, text, more = cutItem(text, ' ')
		if item == "" {
			continue
		}
		version, value, ok := strings.Cut(item, ",")
		if !ok {
			t.malformed++
			continue
		}
		if f := v.addVersioned(version, value, p, t); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// parseList reads signatures in a list, with the timestamp first where the scheme has it there.
func (v *Verifier) parseList(text string, p *Claims, t *tally) fault.Failure {
	first := v.SignsTime && v.scheme.Timestamp.First
	for item, more := "", true; more; {
		item, text, more = cutItem(text, v.scheme.Signature.Separator)
		item = httpfield.TrimOWS(item)
		if first {
			// Only the first item is the timestamp. A second one is tried as a signature, and is not
			// one.
			first = false
			if f := v.listedTimestamp(item, p, t); f.Failed() {
				return f
			}
			continue
		}
		if f := v.addSignature(0, item, p, t); f.Failed() {
			return f
		}
	}
	return fault.Failure{}
}

// listedTimestamp takes the timestamp of a list. It fails closed: two would be read by different readers as different
// times.
func (v *Verifier) listedTimestamp(text string, p *Claims, t *tally) fault.Failure {
	if t.timestamp {
		return fault.New(reason.MalformedTimestamp, "the signature's list holds two timestamps")
	}
	// The text is checked later, with the window. It belongs to this list alone.
	t.timestamp = true
	p.Timestamp = text
	return fault.Failure{}
}

// addVersioned adds a signature whose version names the kind of its key.
//
// A kind without a name takes every version. Its texts are still no more than candidates.
func (v *Verifier) addVersioned(version, text string, p *Claims, t *tally) fault.Failure {
	for i := range v.kinds {
		if name := v.kinds[i].Name; name == "" || name == version {
			return v.addSignature(i, text, p, t)
		}
	}
	t.foreign++
	return fault.Failure{}
}

const tooManySignatures = "more signatures than any provider sends"

// addSignature adds one signature for a kind of keys. A text of another length or encoding is not a candidate, and does
// not invalidate its neighbours in a list.
func (v *Verifier) addSignature(kind int, text string, p *Claims, t *tally) fault.Failure {
	enc := v.scheme.Signature.Encoding
	if kind == v.mac {
		// Candidates have the full length of the MAC. A shorter one is not accepted, although RFC 2104
		// allows truncation.
		p.signatures.size = v.kinds[kind].Most
		ok, room := p.signatures.add(enc, text)
		if !room {
			return fault.New(reason.MalformedSignature, tooManySignatures)
		}
		if !ok {
			t.misfit(text)
		}
		return fault.Failure{}
	}
	// The limit comes before decoding, so that further texts cost nothing. The delivery is refused: no
	// provider sends so many.
	if len(p.public) == maxPublicSignatures {
		return fault.New(reason.MalformedSignature, tooManySignatures)
	}
	k := &v.kinds[kind]
	raw, ok := decodePublicSignature(enc, text, k.Least, k.Most)
	if !ok {
		t.misfit(text)
		return fault.Failure{}
	}
	p.public = append(p.public, publicSignature{kind, raw})
	return fault.Failure{}
}

// anySignature refuses a delivery without a signature that could be checked.
//
// It fails closed. Without it a delivery with no candidate would reach the keys, and the refusal would
// blame the secrets.
func (v *Verifier) anySignature(p *Claims, t *tally) fault.Failure {
	if p.signatures.n > 0 || len(p.public) > 0 {
		return fault.Failure{}
	}
	if t.malformed == 0 && t.foreign > 0 {
		return fault.New(reason.MissingSignature,
			"the signature field holds no signature of the version "+v.scheme.Signature.Name)
	}
	return fault.New(reason.MalformedSignature, v.malformedSignature(t))
}

// cutItem cuts the first item off a list. The caller's limit on the text bounds the list.
//
// It allocates nothing. more is false for the last item, so an empty text is one empty item.
func cutItem(list string, sep byte) (item, rest string, more bool) {
	if at := strings.IndexByte(list, sep); at >= 0 {
		return list[:at], list[at+1:], true
	}
	return list, "", false
}
