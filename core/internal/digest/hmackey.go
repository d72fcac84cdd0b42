package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// HMACKey is a secret. It is safe for concurrent use.
type HMACKey struct {
	secret []byte
	pool   sync.Pool // of *keyedHash
}

// keyedHash is a hash that has taken the secret up, and the room for its sum.
type keyedHash struct {
	hash.Hash
	sum [sha256.Size]byte
}

// NewHMACKey keeps the secret, which must not be changed from then on.
func NewHMACKey(secret []byte) *HMACKey { return &HMACKey{secret: secret} }

// Secret is the secret, for other algorithms.
func (k *HMACKey) Secret() []byte { return k.secret }

// Fits says whether the signature is that of what is signed, in constant time.
func (k *HMACKey) Fits(signed, signature []byte) bool {
	h, ok := k.pool.Get().(*keyedHash)
	if !ok {
		h = &keyedHash{Hash: hmac.New(sha256.New, k.secret)}
	}
	h.Reset()
	_, _ = h.Write(signed) // a hash never fails
	ok = hmac.Equal(h.Sum(h.sum[:0]), signature)
	k.pool.Put(h)
	return ok
}
