package credential

import (
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// maxItems is how many items of a list may hold the token: as many as a batch has events.
	maxItems = 20_000

	noToken    = "the body is not JSON, or repeats a member on the way to the token"
	noItems    = "the body has no list of items that carry the token"
	emptyToken = "the body carries no token: give the subscription at the provider the token that Credentials or " +
		"Secrets accept"
	longToken = "the token in the body is longer than any credential"
)

var errItem = errors.New("an item does not carry the token") //lint:immutable an error value

// CheckBody checks a token that the JSON in the body holds, or each item of its list. It fails closed: one item without
// the token refuses the delivery, because a genuine item next to a forged one would vouch for it. The items are checked
// one by one as they are found, so that the first without the token ends the work.
func (p *Place) CheckBody(body []byte, in *Input) (labels []string, f fault.Failure) {
	// Only the mark is dropped. The app gets the body as it came.
	body = jsonscan.TrimMark(body) // some senders write a byte order mark
	each := struct {               // one, because the closure below moves it to the heap
		Input
		matches keyring.Matches
	}{*in, *in.Matches}
	each.Matches = &each.matches // the delivery's take them over once every item was checked
	// Matches are taken over after the check: a forged delivery must not make a token look used.
	if p.items == nil {
		if labels, f = p.checkMember(body, &each.Input); f.Failed() {
			return nil, f
		}
		*in.Matches = each.matches
		return labels, fault.Failure{}
	}
	var list [1][]byte
	if p.items.Find(body, list[:]) != nil {
		return nil, fault.New(reason.MissingCredential, noToken)
	}
	n := 0
	// Each item costs a hash and a comparison with every accepted value. An attacker chooses the
	// number, so the first wrong item ends the work.
	err := jsonscan.Each(list[0], maxItems, func(item []byte) error {
		n++
		if labels, f = p.checkMember(item, &each.Input); f.Failed() {
			return errItem
		}
		return nil
	})
	switch {
	case f.Failed():
		return nil, f
	// Fails closed for an empty list: a loop over nothing would accept a delivery without any token.
	case err != nil || n == 0:
		return nil, fault.New(reason.MissingCredential, noItems)
	}
	*in.Matches = each.matches
	return labels, fault.Failure{}
}

// checkMember checks the token of one JSON object.
//
// A member that comes twice is refused, because the app might read the other one. The token stays in
// the body, so the app must not log bodies.
func (p *Place) checkMember(object []byte, in *Input) ([]string, fault.Failure) {
	var raw [2][]byte // at the pointer, and at the other one, if there is one
	if p.member.Find(object, raw[:p.member.Len()]) != nil {
		return nil, fault.New(reason.MissingCredential, noToken)
	}
	if raw[0] == nil {
		raw[0] = raw[1]
	}
	token, ok := jsonscan.Text(raw[0])
	switch {
	case !ok || token == "":
		return nil, fault.New(reason.MissingCredential, emptyToken)
	case len(token) > maxBytes:
		return nil, fault.New(reason.BadCredential, longToken)
	}
	return p.plain.Check(in.Request.Context(), token, in)
}
