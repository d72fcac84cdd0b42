package signature

import (
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxGroups is how many groups of pairs a delivery may present: one for each active secret of the provider.
//
// Each group costs a verification under every key. The limit is what an attacker can multiply that cost
// by.
const maxGroups = 4

// parseGroups reads groups of pairs. The signatures of one are never tried with the timestamp of another: each group
// signs its own.
//
// A mixture would be an attack: the fresh timestamp of a forged group next to the signature of a
// captured one. A group without a candidate is left out, so that its timestamp cannot become the
// delivery's. Its misfits are counted for the refusal's text only.
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
		t.malformed, t.foreign = t.malformed+own.malformed, t.foreign+own.foreign
		t.longest = max(t.longest, own.longest)
		if g.signatures.n > 0 {
			p.groups = append(p.groups, g)
		}
	}
	p.nextGroup()
	return fault.Failure{}
}

// nextGroup replaces the signatures and the timestamp by those of the next group, and reports whether there was one.
//
// It replaces both at once, and never one alone. The slice gets shorter with each call, so every group
// is tried once.
func (p *Claims) nextGroup() bool {
	if len(p.groups) == 0 {
		return false
	}
	p.Timestamp, p.signatures, p.groups = p.groups[0].Timestamp, p.groups[0].signatures, p.groups[1:]
	return true
}

// freshGroup checks the timestamp, and takes the next group while it is outside the window.
//
// It fails closed: where every group is outside the window, the last failure is returned. Groups that
// it passes over are never verified.
func (v *Verifier) freshGroup(p *Claims, now time.Time) fault.Failure {
	f := v.checkFreshness(p.Timestamp, now)
	for f.Failed() && p.nextGroup() {
		f = v.checkFreshness(p.Timestamp, now)
	}
	return f
}
