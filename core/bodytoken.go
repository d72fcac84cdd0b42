package core

import (
	"context"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// checkBody judges a token that the JSON in the body holds, or each item of its list. One item without it refuses the
// delivery: a genuine item beside a forged one would vouch for it.
func (g *gate) checkBody(ctx context.Context, body []byte, i *inspection) (labels []string, f failure) {
	places := [][]byte{body}
	if g.items != nil {
		var raw [1][]byte
		if g.items.Find(body, raw[:]) != nil {
			return nil, failure{ReasonMissingCredential, "the body is not JSON, or repeats a member on the way to the token"}
		}
		var err error
		if places, err = jsonscan.Items(raw[0], maxBatch); err != nil || len(places) == 0 {
			return nil, failure{ReasonMissingCredential, "the body has no list of items that carry the token"}
		}
	}
	match := i.match // with those of every item, once all of them were judged
	for _, place := range places {
		var raw [1][]byte
		if g.member.Find(place, raw[:]) != nil {
			return nil, failure{ReasonMissingCredential, "the body is not JSON, or repeats a member on the way to the token"}
		}
		token, ok := jsonscan.Text(raw[0])
		switch {
		case !ok || token == "":
			return nil, failure{ReasonMissingCredential, "the body carries no token: check what the subscription was given"}
		case len(token) > maxCredentialBytes:
			return nil, failure{ReasonBadCredential, "the token in the body is longer than any credential"}
		}
		if labels, f = g.plain.judge(ctx, token, i, &match); f.failed() {
			return nil, f
		}
	}
	i.match = match
	return labels, failure{}
}
