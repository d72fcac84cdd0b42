package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// HMACKey is a secret for HMAC-SHA-256, with hashes that are reused. It is safe for concurrent use.
type HMACKey struct {
	secret []byte
	pool   sync.Pool // of *keyedHash
}

// keyedHash is a hash with the secret, and room for its sum, which would otherwise be allocated.
type keyedHash struct {
	hash.Hash
	sum [sha256.Size]byte
}

// NewHMACKey returns a key that keeps the secret. The caller must not change the secret after that.
func NewHMACKey(secret []byte) *HMACKey { return &HMACKey{secret: secret} }

// Secret returns the secret itself, for other algorithms. The caller must not change or print it.
func (k *HMACKey) Secret() []byte { return k.secret }

// Fits reports whether signature is the HMAC of signed. It compares in constant time: otherwise a sender could find out
// the right signature byte by byte. A signature of another length does not fit.
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
