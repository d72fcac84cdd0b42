package keys

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/strictjson"
)

// lookup returns a source for providers that serve each key on request, under your credentials (Plaid).
//
// fetch gets the kid of a delivery, 1 to 128 of A-Z a-z 0-9 - and _, and returns the answer that read reads. The sender
// chose the kid. fetch must be safe for concurrent use and honour the context. An error that matches [ErrUnknownKey]
// means that the key does not exist. Any other error means that the key is unavailable now.
//
// [Options] bounds how often fetch is called, as it bounds fetches. Its fields about requests have no effect.
func lookup(
	fetch func(ctx context.Context, kid string) ([]byte, error),
	read func(data []byte, kid string) (crypto.PublicKey, error), o Options,
) (*Remote, error) {
	o, err := o.withDefaults()
	if fetch == nil {
		err = errors.Join(err, errors.New("sallyport: keys: there is no function that fetches a key"))
	}
	if err != nil {
		return nil, err
	}
	c := newCache(o, "", func(ctx context.Context, kid string) (crypto.PublicKey, error) {
		data, err := fetch(ctx, kid)
		switch {
		case errors.Is(err, ErrUnknownKey):
			return nil, fault(ErrUnknownKey, "there is no key %s", quote(kid))
		case err != nil:
			return nil, fault(ErrUnavailable, "fetching the key %s: %v", quote(kid), err)
		case int64(len(data)) > o.MaxBytes:
			return nil, fault(ErrUnavailable, "the key %s is of more than %d bytes (MaxBytes)", quote(kid), o.MaxBytes)
		}
		key, err := read(data, kid)
		if err != nil {
			return nil, fault(ErrInvalidKey, "the key %s: %w", quote(kid), err)
		}
		return key, nil
	})
	check := func(kid string) error {
		if kid == "" || len(kid) > 128 || !only(kid, AlphabetWord) {
			return fault(ErrNotAllowed, "%s is not a kid", quote(kid))
		}
		return nil
	}
	prefetch := func(kids []string) error { return c.prefetchAll(kids, "", check) }
	return &Remote{close: c.close, prefetch: prefetch,
		key: func(ctx context.Context, kid string) (crypto.PublicKey, error) {
			if err := check(kid); err != nil {
				return nil, err
			}
			return c.get(ctx, kid, func(crypto.PublicKey) bool { return true })
		}}, nil
}

// oneJWK reads a JSON Web Key that fetch returned for kid. It is checked as those of [JWKS] are. It fails closed on a
// key of another kid: a mixed-up answer must not verify under the wrong name. Whatever "expired_at" holds, it means
// that the provider no longer uses the key.
func oneJWK(data []byte, kid string, allowed map[string]string) (crypto.PublicKey, error) {
	jwk, err := strictjson.Object(data)
	if err != nil {
		return nil, err
	}
	if named, err := strictjson.Text(jwk, "kid"); err != nil || named != "" && named != kid {
		return nil, errors.New("its kid is another one")
	}
	if expired, ok := jwk["expired_at"]; ok && string(expired) != "null" {
		return nil, errors.New("it has expired")
	}
	return parseJWK(jwk, allowed)
}

// Google returns the source of the keys that Google signs OpenID Connect tokens with, for jwt.GooglePubSub and
// jwt.GoogleEventarc.
//
// https://developers.google.com/identity/openid-connect/openid-connect#discovery
func Google(o Options) (*Remote, error) {
	return JWKS("https://www.googleapis.com/oauth2/v3/certs", []string{"RS256"}, o)
}

// Plaid returns the source of the keys that Plaid signs webhooks with, for jwt.Plaid. fetch calls Plaid's
// /webhook_verification_key/get with your client id and secret, and returns the member "key" of the answer, as JSON. A
// key is fetched again every hour, because Plaid marks keys that it no longer uses with expired_at.
//
// https://plaid.com/docs/api/webhooks/webhook-verification/
func Plaid(fetch func(ctx context.Context, kid string) ([]byte, error), o Options) (*Remote, error) {
	if o.MaxStale == 0 && o.MaxAge == 0 {
		o.MaxStale = 6 * time.Hour // shorter than the default: Plaid can withdraw a key, and then has a reason
	}
	allowed, err := algorithmsOf([]string{"ES256"})
	if err != nil {
		return nil, err
	}
	read := func(data []byte, kid string) (crypto.PublicKey, error) { return oneJWK(data, kid, allowed) }
	return lookup(fetch, read, o)
}
