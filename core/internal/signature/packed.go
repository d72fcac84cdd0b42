package signature

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// compilePacked compiles where the members of a packed signature are.
func (v *Verifier) compilePacked() {
	if v.scheme.Signature.Layout == entry.Packed {
		v.packed = jsonscan.Compile("/"+v.scheme.Signature.Name, "/"+v.scheme.KeyRef.Key)
	}
}

const notPacked = "the signature is not the base64 of a JSON object that has it and the key's id: " + cutOrChanged

// parsePacked reads a signature that is packed into a JSON object, in base64. The header's length is bounded before.
//
// It fails closed for a member that comes twice, and for what is not JSON, which readers would divide in different
// ways. The object also names an algorithm and a hash: they are not read, because the entry chooses them.
func (v *Verifier) parsePacked(text string, p *Claims, t *tally) fault.Failure {
	object, err := base64.StdEncoding.Strict().DecodeString(text)
	// The decoder passes over line breaks, with which one signature would have several texts.
	if err != nil || strings.ContainsAny(text, "\r\n") || !json.Valid(object) {
		return fault.New(reason.MalformedSignature, notPacked)
	}
	var raw [2][]byte
	if err := v.packed.Decide(object, raw[:]); err != nil {
		return fault.New(reason.MalformedSignature, notPacked)
	}
	// A number or a boolean is no signature, and its decoding fails.
	signature, ok := jsonscan.Text(raw[0])
	if !ok {
		return fault.New(reason.MalformedSignature, notPacked)
	}
	p.keyRef, _ = jsonscan.Text(raw[1])
	return v.addSignature(0, signature, p, t)
}
