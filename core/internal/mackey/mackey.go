// Package mackey keeps secrets of HMAC-SHA-256 ready: to take one up anew for each signature would cost as much as a short
// signature itself.
package mackey

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// Key is a secret. It is safe for concurrent use.
type Key struct {
	secret []byte
	pool   sync.Pool // of *keyedHash
}

// keyedHash is a hash that has taken the secret up, and the room for its sum.
type keyedHash struct {
	hash.Hash
	sum [sha256.Size]byte
}

// New keeps the secret, which must not be changed from then on.
func New(secret []byte) *Key { return &Key{secret: secret} }

// Secret is the secret, for other algorithms.
func (k *Key) Secret() []byte { return k.secret }

// Fits says whether the signature is that of what is signed, in constant time.
func (k *Key) Fits(signed, signature []byte) bool {
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
