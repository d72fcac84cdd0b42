package signature

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	notParameters = "the signature's header is no list of names with quoted values, or has one of them twice: " +
		cutOrChanged
	notFixed = " in the signature's header is not what this provider sends: a signature over anything else is " +
		"never checked"
)

// parseParameters reads quoted parameters, as draft-cavage-http-signatures has them in section 4.1. It fails closed for
// one that comes twice, in whatever case of letters, whose name is no name, that has no quotation marks, or a quotation
// mark or a backslash inside: readers differ in what it is to them. What is signed is the entry's, so the list of it
// must be the entry's.
func (v *Verifier) parseParameters(text string, p *Claims, t *tally) fault.Failure {
	sig := &v.scheme.Signature
	signature, names := "", make([]string, 0, 8)
	fixed := 0
	for item, more := "", true; more; {
		item, text, more = cutItem(text, ',')
		name, quoted, ok := strings.Cut(httpfield.TrimOWS(item), "=")
		value, begun := strings.CutPrefix(quoted, `"`)
		value, ended := strings.CutSuffix(value, `"`)
		if !ok || !httpfield.ValidName(name) || !begun || !ended || strings.ContainsAny(value, `"\\`) ||
			len(names) == cap(names) ||
			slices.ContainsFunc(names, func(have string) bool { return strings.EqualFold(have, name) }) {
			return fault.New(reason.MalformedSignature, notParameters)
		}
		names = append(names, name)
		if name == sig.Name {
			signature = value
		}
		for _, want := range sig.Fixed {
			if name != want[0] {
				continue
			}
			if value != want[1] {
				return fault.New(reason.MalformedSignature, "the parameter "+name+notFixed)
			}
			fixed++
		}
	}
	if fixed != len(sig.Fixed) {
		return fault.New(reason.MalformedSignature, "the parameter "+sig.Fixed[0][0]+" is missing, or another that "+
			"this provider sends")
	}
	if signature == "" {
		return fault.New(reason.MalformedSignature, v.texts.noSignature)
	}
	return v.addSignature(0, signature, p, t)
}
