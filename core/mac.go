package core

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some providers sign with HMAC-SHA-1, which is not broken by collisions
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"sync"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// maxMAC is the longest MAC of any algorithm here.
const maxMAC = sha512.Size

// hmacPool keeps keyed states of one secret: crypto/hmac saves its key schedule on the first Reset, so that a pooled
// state costs no allocation and no schedule.
type hmacPool struct{ pool sync.Pool }

type hmacState struct {
	hash    hash.Hash
	scratch []byte
	out     [maxMAC]byte
}

func hashOf(alg entry.Algorithm) (newHash func() hash.Hash, size int) {
	switch alg {
	case entry.HMACSHA1:
		return sha1.New, sha1.Size
	case entry.HMACSHA256:
		return sha256.New, sha256.Size
	case entry.HMACSHA384:
		return sha512.New384, sha512.Size384
	case entry.HMACSHA512:
		return sha512.New, sha512.Size
	default:
		return nil, 0
	}
}

func newHMACPool(alg entry.Algorithm, key []byte) *hmacPool {
	newHash, _ := hashOf(alg)
	key = append([]byte(nil), key...)
	p := &hmacPool{}
	p.pool.New = func() any { return &hmacState{hash: hmac.New(newHash, key), scratch: make([]byte, 0, 128)} }
	return p
}

func (p *hmacPool) get() *hmacState {
	st := p.pool.Get().(*hmacState) //nolint:forcetypeassert // the pool holds nothing else
	st.hash.Reset()
	return st
}

func (p *hmacPool) put(st *hmacState) {
	if cap(st.scratch) > 4096 {
		st.scratch = make([]byte, 0, 128)
	}
	clear(st.out[:])
	p.pool.Put(st)
}

// writeString copies into a kept buffer, because a conversion to bytes would allocate.
func (st *hmacState) writeString(s string) {
	st.scratch = append(st.scratch[:0], s...)
	_, _ = st.hash.Write(st.scratch) // a hash never fails
}

func (st *hmacState) write(b []byte) { _, _ = st.hash.Write(b) }

// sum is valid until the state goes back to its pool.
func (st *hmacState) sum() []byte { return st.hash.Sum(st.out[:0]) }
