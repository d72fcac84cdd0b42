package core

import (
	"context"
	"crypto"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Provider holds the facts of one sender of webhooks: how it signs, how fresh its deliveries are, what names an event,
// how long it retries. It is opaque and immutable. Package provider has one function for each sender, and provider.HMAC
// and others for senders of your own. Its method Name returns the name in configurations, logs and metrics.
type Provider = entry.Provider

// KeySource gives the public key that a delivery names, by the URL of its certificate or by its id, for providers that
// publish their keys. Package core/keys has sources that fetch.
//
// The guard calls it after every cheap check and before anything is proved, with a text that anybody may have written:
// it must refuse what is not the provider's, bound what it fetches, and remember it. It must be safe for concurrent
// use. A source that wraps another one hands its context on: the wrapped source counts by the sender that the context
// carries.
//
// [New] calls the method Prefetch(refs ...string) error of a source that has one, without refs, so that keys with a
// fixed URL are there before the first delivery. It must return at once.
type KeySource interface {
	// Key returns an ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey, which must not be changed from then on. An
	// error that wraps [ErrKeyRefused] is final: the delivery is refused as a forged one is. Any other error is a 503:
	// the provider sends the delivery again.
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// prefetcher is a [KeySource] that can start to fetch before a delivery needs it.
type prefetcher interface {
	Prefetch(refs ...string) error
}

// ErrKeyRefused is wrapped by a [KeySource]'s error where the key that a delivery names is none of the provider's.
//
//lint:immutable an error value
var ErrKeyRefused = entry.ErrKeyRefused
