package signature

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Covers reports whether the proof covers what events are read from: the body, or its member at the pointer payload. A
// credential, which is what proves a delivery where there is no verifier, covers all of it.
//
// It fails closed for a form that is signed as its names and values with nothing between them: whoever captured one can
// move bytes from a name to its value, or back.
func (v *Verifier) Covers(body []byte, payload string) bool {
	switch {
	// No verifier means a credential. It proves the sender and vouches for the whole body.
	case v == nil:
		return true
	// Every field of the form but those that are named is signed, and the text has one division.
	case v.sortedForm != nil && v.sortedForm.Between != "":
		return true
	case v.sortedForm != nil && formscan.Is(body) && (v.sortedForm.Closing == nil || !v.sortedForm.Closing.Only):
		return false
	case v.SignsBody:
		return true
	}
	// Only a part of the first reading counts. A value that merely stands in the body next to it is not
	// proved.
	return payload != "" && slices.ContainsFunc(v.scheme.Signed, func(p entry.Part) bool {
		return p.Kind == entry.PartJSON && p.Text == payload
	})
}

// CoversEveryBody reports whether Covers is true of whatever body a delivery has.
func (v *Verifier) CoversEveryBody() bool { return v == nil || v.SignsBody && v.sortedForm == nil }

// IsCustom reports whether the scheme is a mechanism that is code.
//
// The zero answer is false: a scheme that is data is verified here.
func (v *Verifier) IsCustom() bool { return v.scheme.Custom != nil }

// SignsItems reports whether the items of a list in the body are signed one by one.
//
// Callers must then remember each item as an event of its own, because its proof can be taken out and
// sent alone.
func (v *Verifier) SignsItems() bool { return v.items != nil }

// FetchesKeys reports whether keys come from the endpoint's source of keys.
//
// A fetch costs a request to another host. Callers charge it to the sender, so that unverified senders
// cannot cause floods.
func (v *Verifier) FetchesKeys() bool { return v.Ring == nil && v.keySource != nil }
