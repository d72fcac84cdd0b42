package payload

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// MaxBatch is how many events a delivery may carry. More of them, like any batch that cannot be split, are one event
// with the raw body: after the proof a limit never loses a delivery.
//
// It bounds what one proved delivery allocates. A sender that is compromised could otherwise fill the
// memory with one body.
const MaxBatch = 20_000

// Split divides the payload of a source that is open into its events. ok is false where it is one event.
//
// It fails open on purpose: a batch that cannot be divided is still handed to the app, whole. The items
// are parts of the payload and share its memory.
func (r *Reader) Split(t *Source) (items [][]byte, ok bool) {
	if r.batch == nil || t.binary {
		return nil, false
	}
	payload := t.Payload
	list := payload
	if r.list != nil {
		var raw [1][]byte
		if r.list.Read(payload, raw[:]) != nil {
			return nil, false
		}
		list = raw[0]
	}
	items, err := jsonscan.Items(list, MaxBatch)
	if err != nil && r.orList != nil {
		var raw [1][]byte
		if r.orList.Read(payload, raw[:]) != nil {
			return nil, false
		}
		// An empty list is one event: what the delivery is stays visible.
		if items, err = jsonscan.Items(raw[0], MaxBatch); err == nil && len(items) == 0 {
			return nil, false
		}
	}
	if err != nil || r.inner == nil {
		return items, err == nil
	}
	return r.splitInner(items)
}

// splitInner returns the events that the items hold.
//
// An item without an inner list stays an event itself. So does one with the member that marks it as
// whole.
func (r *Reader) splitInner(outer [][]byte) (items [][]byte, ok bool) {
	lists := len(r.batch.Inner)
	raw := make([][]byte, lists+1)
	for _, item := range outer {
		if r.inner.Read(item, raw) != nil {
			return nil, false
		}
		found := false
		for _, list := range raw[:lists] {
			if inner, err := jsonscan.Items(list, MaxBatch); err == nil {
				items, found = append(items, inner...), true
			}
		}
		if !found || raw[lists] != nil {
			items = append(items, item)
		}
		if len(items) > MaxBatch {
			return nil, false
		}
	}
	return items, true
}

// ForUs reports whether the payload is for one of those whom the entry allows. It fails closed: a payload that does not
// say so in plain texts is not. An entry without recipients allows everything.
//
// Where several customers' payloads are signed with one key, an attacker could have their own account
// send to this endpoint. The signature is right then, and this check alone refuses it.
func (r *Reader) ForUs(headers http.Header, body []byte) bool {
	if r.recipient == nil {
		return true
	}
	t := Source{Headers: headers, Body: body}
	r.Open(&t)
	return r.isRecipient(t.Payload)
}

func (r *Reader) isRecipient(payload []byte) bool {
	raw := make([][]byte, r.recipient.Len())
	// Decide refuses members that come twice: the app might read the other one.
	if r.recipient.Decide(payload, raw) != nil {
		return false
	}
	texts := make([]string, len(raw))
	for i := range raw {
		texts[i], _ = jsonscan.Text(raw[i])
		// The texts are joined by slashes below. A slash inside one could make two other parts look
		// like an allowed pair.
		if texts[i] == "" || strings.ContainsRune(texts[i], '/') {
			return false
		}
	}
	return slices.Contains(r.allowed, strings.Join(texts, "/"))
}
