package core

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// covers reports whether the proof covers what events are read from: the body, or its member at the pointer payload. A
// credential, which is what proves a delivery where there is no verifier, covers all of it.
//
// It fails closed for a form that is signed as its names and values with nothing between them: whoever captured one can
// move bytes from a name to its value, or back.
func (v *verifier) covers(body []byte, payload string) bool {
	switch {
	case v == nil:
		return true
	case v.sortedForm != nil && formscan.Is(body) && (v.sortedForm.Closing == nil || !v.sortedForm.Closing.Only):
		return false
	case v.body:
		return true
	}
	return payload != "" && slices.ContainsFunc(v.scheme.Signed, func(p entry.Part) bool {
		return p.Kind == entry.PartJSON && p.Text == payload
	})
}

// isCustom reports whether the scheme is a mechanism that is code.
func (v *verifier) isCustom() bool { return v.scheme.Custom != nil }

// signsItems reports whether the items of a list in the body are signed one by one.
func (v *verifier) signsItems() bool { return v.items != nil }

// fetchesKeys reports whether keys come from the endpoint's source of keys.
func (v *verifier) fetchesKeys() bool { return v.ring == nil && v.keySource != nil }
