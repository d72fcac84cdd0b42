package core

import (
	"context"
	"crypto"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// KeySource gives the public key that a delivery names, by the URL of its certificate or by its id, for providers that
// publish their keys. Package core/keys has sources that fetch.
//
// It is asked after everything that is cheap was judged and before anything is proved, with a text that anybody may have
// written: it must refuse what is not the provider's, bound what it fetches, and remember it. It must be safe for
// concurrent use.
type KeySource interface {
	// Key returns an ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey, which must not be changed from then on. An
	// error that wraps [ErrKeyRefused] is a final judgement, and the delivery is refused as a forged one is; any other
	// error is a 503, so that it is sent again.
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// ErrKeyRefused is wrapped by a [KeySource]'s error where the key that a delivery names is none of the provider's.
var ErrKeyRefused = entry.ErrKeyRefused //lint:immutable an error value
