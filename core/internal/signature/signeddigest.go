package signature

import (
	"crypto/sha256"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// SignedDigest returns the digest of what is signed, as the reading that matched has it: values as they are signed,
// however the body encodes them. Values with nothing between them are one piece, so that one signed text is one event
// wherever somebody divides it. Text that the entry fixes divides pieces, and is not part of them unless the entry has
// several readings, which differ in it. What belongs to the attempt or to the endpoint (time, secret, method, URL) is
// left out. Each piece is preceded by its length.
//
// Deduplication compares it. If it covered an unsigned byte, an attacker could change that byte, and a
// replay would pass as a new event.
func (v *Verifier) SignedDigest(in *Input) (sum [sha256.Size]byte) {
	p := in.Claims
	h := sha256.New()
	piece, begun := &digest.State{}, false
	end := func() {
		if begun {
			// The length in front of each piece keeps two pieces from being read as one, or divided
			// elsewhere.
			digest.WritePart(h, piece.Message)
			piece.Message, begun = piece.Message[:0], false
		}
	}
	for i := range v.readings[p.reading] {
		part := &v.readings[p.reading][i]
		if ofTheAttempt(part.Kind) || part.Kind == entry.PartLiteral && len(v.readings) == 1 {
			end()
			continue
		}
		begun = true
		if part.Kind == entry.PartReplacedBody {
			piece.Write(in.Body[:p.replaced[0]])
			end()
			begun = true
			piece.Write(in.Body[p.replaced[1]:])
			continue
		}
		if !part.Optional || v.isPresent(part, in) {
			v.writePart(piece, part, nil, in)
		}
		if part.Before != "" || part.After != "" {
			end()
		}
	}
	if v.scheme.BodySHA256 != "" && len(p.form) == 0 {
		end()
		begun = true
		piece.Write(in.Body) // its digest is in the URL, which is left out
	}
	end()
	h.Sum(sum[:0])
	return sum
}

// ItemsDigest returns SignedDigest of one item of a list whose items are signed one by one, or of all of them. No URL
// is signed then.
//
// An index beyond the items falls back to the digest of all of them. That identity is still proved.
func (v *Verifier) ItemsDigest(at int, one bool, in *Input) (sum [sha256.Size]byte) {
	items := in.Claims.items
	if one && at < len(items) {
		item := in.with(&items[at])
		return v.SignedDigest(&item)
	}
	h := sha256.New()
	for i := range items {
		item := in.with(&items[i])
		sum := v.SignedDigest(&item)
		digest.WritePart(h, sum[:])
	}
	h.Sum(sum[:0])
	return sum
}

// BodilessDigest returns the digest of everything that is signed in a delivery without a body, the URL and the time
// included. differs is false where nothing is signed that differs from one delivery to the next: then nothing
// distinguishes a replay from the next event.
//
// It covers the time on purpose: without a body the attempt is all there is. Fails closed where differs
// is false, if the caller refuses.
func (v *Verifier) BodilessDigest(in *Input) (sum [sha256.Size]byte, differs bool) {
	bodiless := *in
	bodiless.Body = nil
	p := in.Claims
	signed := &digest.State{}
	for i := range v.readings[p.reading] {
		part := &v.readings[p.reading][i]
		switch part.Kind {
		case entry.PartSecret, entry.PartReplacedBody:
			continue
		case entry.PartBody, entry.PartPayload, entry.PartLiteral, entry.PartMethod:
		default:
			differs = true
		}
		if !part.Optional || v.isPresent(part, in) {
			v.writePart(signed, part, nil, &bodiless)
		}
	}
	return sha256.Sum256(signed.Message), differs
}

// ofTheAttempt reports whether a part belongs to the attempt or to the endpoint, and not to the event.
//
// A kind that is missing here makes retries look like new events. A kind too many makes two events look
// like one, which loses the second.
func ofTheAttempt(kind entry.PartKind) bool {
	switch kind {
	case entry.PartTimestamp,
		entry.PartSecret,
		entry.PartMethod,
		entry.PartPath,
		entry.PartEscapedPath,
		entry.PartURL,
		entry.PartHost,
		entry.PartURLWithoutQuery,
		entry.PartURLWithPort,
		entry.PartURLWithoutPort,
		entry.PartURLUnescaped:
		return true
	}
	return false
}

// decodes reports whether a scheme signs values that are decoded from the body, and not its bytes. Other bytes then fit
// the same signature, so their digest must not be an identity.
func decodes(s *entry.Scheme) bool {
	if s == nil || s.Custom != nil {
		// Mechanisms that are code give their own digest of what they proved.
		return false
	}
	decoded := false
	for i := range s.Signed {
		switch s.Signed[i].Kind {
		case entry.PartBody,
			entry.PartPayload,
			entry.PartBodyMD5,
			entry.PartBodySHA256,
			entry.PartBodySHA256Hex,
			entry.PartBodySHA256Base64,
			entry.PartBodyText,
			entry.PartBodyOrQuery,
			entry.PartCRC32:
			return false
		case entry.PartJSON, entry.PartForm, entry.PartSortedForm, entry.PartReplacedBody:
			decoded = true
		}
	}
	return decoded
}
