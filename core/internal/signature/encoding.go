package signature

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxSignatures is how many signatures of secrets a delivery may present. A provider in the middle of a rotation sends
// two.
const maxSignatures = 16

// candidates are the decoded signatures of secrets, all as long as a MAC.
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

// add decodes one signature. A text of another length or encoding is not a candidate, and does not invalidate its
// neighbours in a list. room reports whether there was room for one more.
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

// decodeText decodes src into out, which must be at least as long.
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

// encodeSignature writes a signature as its provider does.
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
