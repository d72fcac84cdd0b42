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
//
// The arrays have a fixed size because an unverified sender fills them. No number of signatures makes
// them grow. size is in bytes, and n counts the entries in use. Entries from n on are left from earlier
// deliveries and must not be read.
type candidates struct {
	n     int
	size  int
	bytes [maxSignatures][digest.MaxSize]byte
}

// contains compares with every candidate, without an early exit.
func (c *candidates) contains(mac []byte) bool {
	// An ordinary comparison ends at the first different byte, and its time shows how much of a guess
	// is right. The time of hmac.Equal depends on the length only.
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
	// The slot may hold half a decoded text after a failure. n stays as it is, so nothing reads that
	// slot.
	if !decodeSignature(enc, c.bytes[c.n][:c.size], text) {
		return false, true
	}
	c.n++
	return true, true
}

// decodeSignature decodes exactly len(dst) bytes, strictly: no line breaks, no stray bits, the entry's padding.
func decodeSignature(enc entry.Encoding, dst []byte, text string) bool {
	if enc == entry.Hex {
		// The length is checked first: hex.Decode panics where dst is too short.
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
	// Fails closed for a shorter MAC. A truncated signature of one byte would match one guess in 256.
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
	// A signature with line breaks inside is another text for the same bytes. Replay protection by text
	// would count it as new.
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
		// Base64Any is for senders that write the padding or leave it out. The bits are checked
		// strictly all the same (RFC 4648, section 3.5).
		for len(src) > 0 && src[len(src)-1] == '=' {
			src = src[:len(src)-1]
		}
	default:
		return 0, false
	}
	// Strict refuses trailing bits that are not zero: with them several texts would stand for one
	// signature.
	n, err := codec.Strict().Decode(out, src)
	return n, err == nil
}
