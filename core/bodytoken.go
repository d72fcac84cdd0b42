package core

import (
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
)

// checkBody checks a token that the JSON in the body holds, or each item of its list. It fails closed: one item without
// the token refuses the delivery, because a genuine item next to a forged one would vouch for it. The items are checked
// one by one as they are found, so that the first without the token ends the work.
func (g *gate) checkBody(ctx context.Context, body []byte, i *inspection) (labels []string, f fault.Failure) {
	body = jsonscan.TrimMark(body) // SharePoint writes a byte order mark
	match := i.match               // with those of every item, once all of them were checked
	if g.items == nil {
		if labels, f = g.checkMember(ctx, body, i, &match); f.Failed() {
			return nil, f
		}
		i.match = match
		return labels, fault.Failure{}
	}
	var list [1][]byte
	if g.items.Find(body, list[:]) != nil {
		return nil, fault.New(reason.MissingCredential, noToken)
	}
	n := 0
	err := jsonscan.Each(list[0], maxTokens, func(item []byte) error {
		n++
		if labels, f = g.checkMember(ctx, item, i, &match); f.Failed() {
			return errItem
		}
		return nil
	})
	switch {
	case f.Failed():
		return nil, f
	case err != nil || n == 0:
		return nil, fault.New(reason.MissingCredential, "the body has no list of items that carry the token")
	}
	i.match = match
	return labels, fault.Failure{}
}

const noToken = "the body is not JSON, or repeats a member on the way to the token"

var errItem = errors.New("an item does not carry the token") //lint:immutable an error value

// checkMember checks the token of one JSON object.
func (g *gate) checkMember(ctx context.Context, object []byte, i *inspection, match *keyring.Matches) ([]string, fault.Failure) {
	var raw [1][]byte
	if g.member.Find(object, raw[:]) != nil {
		return nil, fault.New(reason.MissingCredential, noToken)
	}
	token, ok := jsonscan.Text(raw[0])
	switch {
	case !ok || token == "":
		return nil, fault.New(reason.MissingCredential, "the body carries no token: give the subscription at the provider the token that Credentials or Secrets accept")
	case len(token) > maxCredentialBytes:
		return nil, fault.New(reason.BadCredential, "the token in the body is longer than any credential")
	}
	return g.plain.check(ctx, token, i, match)
}

// maxTokens is how many items of a list may hold the token, as many as a batch has events.
const maxTokens = 20_000
