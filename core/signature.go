package core

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// maxSignatures is how many signatures a delivery may present; a provider in the middle of a rotation sends two.
const maxSignatures = 16

// candidates are the signatures a delivery presents, decoded, all of the length of a MAC.
type candidates struct {
	n     int
	size  int
	bytes [maxSignatures][maxMAC]byte
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
	var buf [2 * maxMAC]byte // the text's bytes: long enough for hex of the longest MAC
	if len(text) > len(buf) {
		return false
	}
	src := buf[:copy(buf[:], text)]
	if enc == entry.Hex {
		if len(src) != 2*len(dst) {
			return false
		}
		_, err := hex.Decode(dst, src)
		return err == nil
	}
	for _, b := range src {
		if b == '\r' || b == '\n' { // which encoding/base64 would pass over
			return false
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
		return false
	}
	var out [2 * maxMAC]byte
	if codec.DecodedLen(len(src)) > len(out) {
		return false
	}
	n, err := codec.Strict().Decode(out[:], src)
	if err != nil || n != len(dst) {
		return false
	}
	copy(dst, out[:n])
	return true
}

// parseSignatures reads the text of the signature's field: candidates, and the timestamp where it sits in the list.
func (v *verifier) parseSignatures(text string, p *presented) failure {
	sig := &v.scheme.Signature
	haveTimestamp := false
	p.signatures.n, p.signatures.size = 0, v.size
	tooMany := failure{ReasonMalformedSignature, "more signatures than any provider sends"}
	malformed, foreign := 0, 0
	switch sig.Layout {
	case entry.Bare:
		rest, ok := strings.CutPrefix(text, sig.Prefix)
		if !ok {
			return failure{ReasonMalformedSignature, "the signature does not begin with " + sig.Prefix + ": another algorithm is never tried"}
		}
		if rest == "" {
			return failure{ReasonMissingSignature, "the signature is empty: the provider has no secret set"}
		}
		if ok, _ := p.signatures.add(sig.Encoding, rest); !ok {
			malformed++
		}
	case entry.Pairs:
		for item := range splitSeq(text, sig.Separator) {
			key, value, ok := strings.Cut(strings.Trim(item, " \t"), "=")
			switch {
			case !ok:
				malformed++
			case key == sig.Name:
				added, room := p.signatures.add(sig.Encoding, value)
				if !room {
					return tooMany
				}
				if !added {
					malformed++
				}
			case v.timestamp && key == v.scheme.Timestamp.Key:
				if haveTimestamp {
					return failure{ReasonMalformedTimestamp, "the signature's list holds two timestamps"}
				}
				haveTimestamp = true
				p.timestamp = value
			default:
				foreign++ // a scheme that is not ours to judge: Stripe's v0, a future v2
			}
		}
	case entry.Versioned:
		for item := range splitSeq(text, ' ') {
			if item == "" {
				continue
			}
			version, value, ok := strings.Cut(item, ",")
			switch {
			case !ok:
				malformed++
			case version != sig.Name:
				foreign++
			default:
				added, room := p.signatures.add(sig.Encoding, value)
				if !room {
					return tooMany
				}
				if !added {
					malformed++
				}
			}
		}
	}
	if p.signatures.n > 0 {
		return failure{}
	}
	if malformed == 0 && foreign > 0 {
		return failure{ReasonMissingSignature, "the signature field holds no signature of the version " + sig.Name}
	}
	return failure{ReasonMalformedSignature, "no signature of the right length and encoding"}
}

// splitSeq is strings.SplitSeq over one byte, bounded by the caller's limit on the text.
func splitSeq(text string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			i := strings.IndexByte(text, sep)
			if i < 0 {
				yield(text)
				return
			}
			if !yield(text[:i]) {
				return
			}
			text = text[i+1:]
		}
	}
}

func matchesGrammar(g entry.Grammar, text string) bool {
	if g == entry.AnyText {
		return true
	}
	if text == "" || len(text) > 128 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		digit, lower, upper := c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
		switch g {
		case entry.Token:
			if !digit && !lower && !upper && c != '_' && c != '-' {
				return false
			}
		case entry.HexText:
			if !digit && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F') {
				return false
			}
		}
	}
	return true
}
