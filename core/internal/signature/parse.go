package signature

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxSignatures is how many signatures a delivery may present; a provider in the middle of a rotation sends two.
const maxSignatures = 16

// candidates are the signatures a delivery presents, decoded, all of the length of a MAC.
type candidates struct {
	n     int
	size  int
	bytes [maxSignatures][digest.MaxSize]byte
}

// contains compares with every candidate, without an early exit.
func (c *candidates) contains(mac []byte) bool {
	found := false
	for i := range c.n {
		if hmac.Equal(c.bytes[i][:c.size], mac) {
			found = true
		}
	}
	return found
}

// add decodes one signature. What is of another length or spelling is no candidate: in a list it must not spoil its
// neighbours.
func (c *candidates) add(enc entry.Encoding, text string) (ok, room bool) {
	if c.n == maxSignatures {
		return false, false
	}
	if !decodeSignature(enc, c.bytes[c.n][:c.size], text) {
		return false, true
	}
	c.n++
	return true, true
}

// decodeSignature decodes exactly len(dst) bytes, strictly: no line breaks, no stray bits, the entry's padding.
func decodeSignature(enc entry.Encoding, dst []byte, text string) bool {
	if enc == entry.Hex {
		if len(text) != 2*len(dst) {
			return false
		}
		_, err := hex.Decode(dst, []byte(text))
		return err == nil
	}
	var out [2 * digest.MaxSize]byte // room for whatever is not much longer than it may be
	if len(text) > len(out) {
		return false
	}
	n, ok := decodeText(enc, out[:], []byte(text))
	if !ok || n != len(dst) {
		return false
	}
	copy(dst, out[:n])
	return true
}

// decodeText decodes into out, which is at least as long as src.
func decodeText(enc entry.Encoding, out, src []byte) (n int, ok bool) {
	if enc == entry.Hex {
		n, err := hex.Decode(out, src)
		return n, err == nil
	}
	for _, b := range src {
		if b == '\r' || b == '\n' { // which encoding/base64 would pass over
			return 0, false
		}
	}
	var codec *base64.Encoding
	switch enc {
	case entry.Base64:
		codec = base64.StdEncoding
	case entry.Base64Raw:
		codec = base64.RawStdEncoding
	case entry.Base64URL:
		codec = base64.URLEncoding
	case entry.Base64URLRaw:
		codec = base64.RawURLEncoding
	case entry.Base64Any:
		codec = base64.RawStdEncoding
		for len(src) > 0 && src[len(src)-1] == '=' {
			src = src[:len(src)-1]
		}
	default:
		return 0, false
	}
	n, err := codec.Strict().Decode(out, src)
	return n, err == nil
}

// encodeSignature spells a signature as its provider does.
func encodeSignature(enc entry.Encoding, signature []byte) string {
	switch enc {
	case entry.Hex:
		return hex.EncodeToString(signature)
	case entry.Base64Raw:
		return base64.RawStdEncoding.EncodeToString(signature)
	case entry.Base64URL:
		return base64.URLEncoding.EncodeToString(signature)
	case entry.Base64URLRaw:
		return base64.RawURLEncoding.EncodeToString(signature)
	default:
		return base64.StdEncoding.EncodeToString(signature)
	}
}

// tally counts what the fields of signatures held beside good ones.
type tally struct {
	fields    int
	empty     int
	malformed int
	longest   int // of those, in characters
	foreign   int // of a version that is not checked: an older one, or one to come
	timestamp bool
}

// misfit counts a text that stands where a signature should.
func (t *tally) misfit(text string) {
	t.malformed++
	t.longest = max(t.longest, len(text))
}

// parseSignatures reads the text of a signature's field: candidates, and the timestamp where it sits in the list.
func (v *Verifier) parseSignatures(text string, p *Claims, t *tally) fault.Failure {
	sig := &v.scheme.Signature
	switch sig.Layout {
	case entry.Bare:
		rest, ok := strings.CutPrefix(text, sig.Prefix)
		if !ok {
			return fault.New(reason.MalformedSignature, "the signature does not begin with "+sig.Prefix+": another algorithm is never tried")
		}
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
		t.foreign++
	case entry.AuthScheme:
		scheme, rest, _ := strings.Cut(text, " ")
		id, signature, ok := strings.Cut(rest, ":")
		if !strings.EqualFold(scheme, sig.Prefix) || !ok || !MatchesGrammar(entry.Token, id) {
			return fault.New(reason.MalformedSignature, "the header is not written as "+sig.Prefix+", the key's id, a colon and the signature")
		}
		return v.addSignature(0, signature, p, t)
	case entry.Pairs:
		equals := byte('=')
		if sig.Equals != 0 {
			equals = sig.Equals
		}
		for item, more := "", true; more; {
			item, text, more = cutItem(text, sig.Separator)
			item = httpfield.TrimOWS(item)
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
			if f := v.addVersioned(key, value, p, t); f.Failed() {
				return f
			}
		}
	case entry.Versioned:
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
	case entry.List:
		first := v.SignsTime && v.scheme.Timestamp.First
		for item, more := "", true; more; {
			item, text, more = cutItem(text, sig.Separator)
			item = httpfield.TrimOWS(item)
			if first {
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
	}
	return fault.Failure{}
}

// parsePresented reads the signatures of one header line.
func (v *Verifier) parsePresented(text string, p *Claims, t *tally) fault.Failure {
	if v.scheme.Signature.Groups {
		return v.parseGroups(text, p, t)
	}
	return v.parseSignatures(text, p, t)
}

// maxGroups is how many groups of pairs a delivery may present: one for each active secret.
const maxGroups = 4

// parseGroups reads groups of pairs. The signatures of one are never tried with the timestamp of another: what they are
// over is their own.
func (v *Verifier) parseGroups(text string, p *Claims, t *tally) fault.Failure {
	for item, more := "", true; more; {
		item, text, more = cutItem(text, ' ')
		if item == "" {
			continue
		}
		if len(p.groups) == maxGroups {
			return fault.New(reason.MalformedSignature, "more groups of signatures than any provider sends")
		}
		var g Claims
		own := tally{}
		if f := v.parseSignatures(item, &g, &own); f.Failed() {
			return f
		}
		t.malformed, t.foreign, t.longest = t.malformed+own.malformed, t.foreign+own.foreign, max(t.longest, own.longest)
		if g.signatures.n > 0 {
			p.groups = append(p.groups, g)
		}
	}
	p.nextGroup()
	return fault.Failure{}
}

// nextGroup makes the next group what is presented, and reports whether there was one.
func (p *Claims) nextGroup() bool {
	if len(p.groups) == 0 {
		return false
	}
	p.Timestamp, p.signatures, p.groups = p.groups[0].Timestamp, p.groups[0].signatures, p.groups[1:]
	return true
}

// freshGroup checks the timestamp of what is presented, and takes the next group where it is outside the window.
func (v *Verifier) freshGroup(p *Claims, now time.Time) fault.Failure {
	f := v.checkFreshness(p.Timestamp, now)
	for f.Failed() && p.nextGroup() {
		f = v.checkFreshness(p.Timestamp, now)
	}
	return f
}

func (v *Verifier) listedTimestamp(text string, p *Claims, t *tally) fault.Failure {
	if t.timestamp {
		return fault.New(reason.MalformedTimestamp, "the signature's list holds two timestamps")
	}
	t.timestamp = true
	p.Timestamp = text
	return fault.Failure{}
}

// addVersioned takes a signature in whose version names the kind of its key.
func (v *Verifier) addVersioned(version, text string, p *Claims, t *tally) fault.Failure {
	for i := range v.kinds {
		if name := v.kinds[i].Name; name == "" || name == version {
			return v.addSignature(i, text, p, t)
		}
	}
	t.foreign++
	return fault.Failure{}
}

// addSignature decodes one signature. What is of another length or spelling is no candidate: in a list it must not
// spoil its neighbours.
func (v *Verifier) addSignature(kind int, text string, p *Claims, t *tally) fault.Failure {
	tooMany := fault.New(reason.MalformedSignature, "more signatures than any provider sends")
	enc := v.scheme.Signature.Encoding
	if kind == v.mac {
		p.signatures.size = v.kinds[kind].Most
		ok, room := p.signatures.add(enc, text)
		if !room {
			return tooMany
		}
		if !ok {
			t.misfit(text)
		}
		return fault.Failure{}
	}
	if len(p.public) == maxPublicSignatures {
		return tooMany
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

// judgeTally says why there is nothing to judge, if there is nothing.
func (v *Verifier) judgeTally(p *Claims, t *tally) fault.Failure {
	if p.signatures.n > 0 || len(p.public) > 0 {
		return fault.Failure{}
	}
	if t.malformed == 0 && t.foreign > 0 {
		return fault.New(reason.MissingSignature, "the signature field holds no signature of the version "+v.scheme.Signature.Name)
	}
	return fault.New(reason.MalformedSignature, v.malformedSignature(t))
}

// cutItem cuts the first item off a list. The caller's limit on the text bounds the list.
func cutItem(list string, sep byte) (item, rest string, more bool) {
	if at := strings.IndexByte(list, sep); at >= 0 {
		return list[:at], list[at+1:], true
	}
	return list, "", false
}
