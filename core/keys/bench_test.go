package keys_test

import (
	"context"
	"crypto"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport/core/keys"
)

// BenchmarkKnownKey is what a delivery pays whose key is known; the peer is a map behind a mutex that knows nothing of
// pins and ages.
func BenchmarkKnownKey(b *testing.B) {
	ctx := context.Background()
	key := &newKey(b).PublicKey
	b.Run("jwks", func(b *testing.B) {
		r := newJWKS(b, keys.Options{RoundTripper: serving(jwks(ecJWK(b, "k", key, "")))})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Key(ctx, "k"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("url", func(b *testing.B) {
		r := newPEM(b, keys.Options{RoundTripper: serving(publicPEM(b, key))})
		ref := snsURL(1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Key(ctx, ref); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		var mu sync.Mutex
		known := map[string]crypto.PublicKey{"k": key}
		b.ReportAllocs()
		for b.Loop() {
			mu.Lock()
			if known["k"] == nil {
				b.Fatal("lost")
			}
			mu.Unlock()
		}
	})
	b.Run("refused", func(b *testing.B) {
		r := newPEM(b, keys.Options{RoundTripper: serving("")})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Key(ctx, "https://sns.s3-us-west-2.amazonaws.com/x.pem"); err == nil {
				b.Fatal("allowed")
			}
		}
	})
}
