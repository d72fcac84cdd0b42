package signature

import (
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// pairValue returns the index of the signed value that is the pair of this name in the signature's list; -1: none is.
func (v *Verifier) pairValue(name string) int {
	for i := range v.values {
		if v.values[i].kind == entry.PartPair && v.values[i].text == name {
			return i
		}
	}
	return -1
}

// takePair stores a signed pair. It fails closed for a second one: two readers could take different ones.
func (v *Verifier) takePair(at int, text string, p *Claims) fault.Failure {
	if p.values[at].present {
		return fault.New(reason.MalformedSignature, "the signature's list holds "+v.values[at].text+" twice")
	}
	return v.values[at].put(&p.values[at], text, true)
}

// checkPairs refuses a list that lacks a signed pair.
func (v *Verifier) checkPairs(p *Claims) fault.Failure {
	for i := range v.values {
		if want := &v.values[i]; want.kind == entry.PartPair && !p.values[i].present {
			return want.put(&p.values[i], "", false)
		}
	}
	return fault.Failure{}
}
