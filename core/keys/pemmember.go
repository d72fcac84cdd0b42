package keys

import (
	"cmp"
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

// pemMember returns the source of a public key in PEM, in a member of the JSON document at one fixed URL. The pointer
// (RFC 6901) leads to it through objects. The empty reference names the key. Every fault of the document is
// [ErrUnavailable], because no delivery can have caused it.
func pemMember(url, pointer string, o Options) (*Remote, error) {
	var mistake error
	if !strings.HasPrefix(pointer, "/") {
		mistake = fmt.Errorf("sallyport: keys: %s is not a pointer such as /keys/webhook", quote(pointer))
	}
	o, err := atOneURL(url, o, mistake)
	if err != nil {
		return nil, err
	}
	f := newFetcher(o)
	c := newCache(o, url, func(ctx context.Context, url string) (crypto.PublicKey, error) {
		d, err := f.get(ctx, url, "application/json")
		if err != nil {
			return nil, asUnavailable(err)
		}
		key, err := pemAt(d.Body, pointer)
		if err != nil {
			return nil, fault(ErrUnavailable, "the key at %s: %w", quote(url), err)
		}
		return key, nil
	})
	return &Remote{close: c.close, prefetch: c.prefetchFixed,
		key: func(ctx context.Context, ref string) (crypto.PublicKey, error) {
			if ref != "" {
				return nil, fault(ErrNotAllowed, "a key called %s of a source that has one without a name", quote(ref))
			}
			return c.get(ctx, url, func(crypto.PublicKey) bool { return true })
		}}, nil
}

// pemAt returns the key at the pointer. A member that is absent on the way makes the next step fail.
func pemAt(data []byte, pointer string) (crypto.PublicKey, error) {
	value := json.RawMessage(data)
	for name := range strings.SplitSeq(pointer[1:], "/") {
		members, err := strictjson.Object(value)
		if err != nil {
			return nil, err
		}
		// The Replacer goes over the text once, so "~01" becomes "~1" as RFC 6901, section 4, demands.
		value = members[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, fmt.Errorf("there is no text at %s", quote(pointer))
	}
	return parsePublicPEM([]byte(text))
}

// Kick returns the source of the key that Kick signs webhooks with, for provider.Kick. The key is used for a day before
// it is fetched again.
//
// https://github.com/KickEngineering/KickDevDocs/blob/main/apis/public-key.md
func Kick(o Options) (*Remote, error) {
	o.MaxAge = cmp.Or(o.MaxAge, 24*time.Hour)
	return pemMember("https://api.kick.com/public/v1/public-key", "/data/public_key", o)
}

// TravisCI returns the source of the key that travis-ci.com signs webhooks with, for provider.TravisCI. The key is used
// for a day before it is fetched again.
//
// https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests
func TravisCI(o Options) (*Remote, error) {
	o.MaxAge = cmp.Or(o.MaxAge, 24*time.Hour)
	return pemMember("https://api.travis-ci.com/config", "/config/notifications/webhook/public_key", o)
}
