package signature

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// formField is one decoded field of a form.
//
// Both are decoded. The encoded form is not kept, because the sender signs the decoded text.
type formField struct{ name, value string }

// readSortedForm decodes and sorts every field of a form that is signed field by field. A body that is not a form is
// covered by the URL's digest of it, or by nothing: then it is refused.
func (v *Verifier) readSortedForm(body []byte, p *Claims) fault.Failure {
	// A pooled value may hold the fields of an earlier delivery.
	p.form = nil
	if !isSortableForm(body) {
		// Fails closed: the app would read a body that no signature covers.
		if len(body) > 0 && v.scheme.BodySHA256 == "" {
			return fault.New(reason.MissingSignature, notAForm)
		}
		return fault.Failure{}
	}
	fields, ok := sortedForm(body, v.sortedForm.Repeats)
	if !ok {
		const detail = "the form in the body is malformed, has too many fields or too long names, or repeats a field"
		return fault.New(reason.MalformedSignature, detail)
	}
	if v.sortedForm.Between != "" {
		if fields, ok = separated(v.sortedForm.Part, fields); !ok {
			return fault.New(reason.MalformedSignature, notOneDivision)
		}
	}
	p.form = fields
	return fault.Failure{}
}

const notOneDivision = "the form's signed text could be divided into other fields: a value holds what looks like a " +
	"field, such as &b=1"

const notAForm = "the body is not a form, but the signature covers form fields"

// isSortableForm reports whether a body is a URL-encoded form. Only its bytes count: the Content-Type is not signed.
func isSortableForm(body []byte) bool {
	_, multi := formscan.Boundary(body)
	// An attacker may send any Content-Type with captured bytes. If it decided here, the same bytes
	// could go unsigned under another type.
	return !multi && formscan.Is(body)
}

// maxFormName bounds the name of a field that is sorted, and so what comparing names costs.
const maxFormName = 8 << 10

// sortedForm returns the fields of a URL-encoded form sorted by name, and those of one name by value.
func sortedForm(body []byte, repeats entry.Repeats) (fields []formField, ok bool) {
	ok = true
	formscan.Each(body, func(key, text []byte) bool {
		name, nameOK := formscan.Unescape(key)
		value, valueOK := formscan.Unescape(text)
		// The limits hold before anything is sorted: the sort is the expensive step that an unverified
		// sender causes.
		if ok = nameOK && valueOK && len(fields) < formscan.MaxFields && len(name) <= maxFormName; ok {
			fields = append(fields, formField{string(name), string(value)})
		}
		return ok
	})
	if !ok {
		return nil, false
	}
	// Names are compared byte by byte, as the senders that sign so do. Values decide among equal names,
	// so the order on the wire has no influence.
	slices.SortFunc(fields, func(a, b formField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	switch repeats {
	case entry.RepeatsSorted:
	case entry.RepeatsOnce:
		// Equal fields that repeat count once. A name with two different values stays, and both are
		// signed.
		fields = slices.Compact(fields)
	// Fails closed: a repeated field has one value for the proof and perhaps another for the app.
	default:
		for i := 1; i < len(fields); i++ {
			if fields[i].name == fields[i-1].name {
				return nil, false
			}
		}
	}
	return fields, true
}
