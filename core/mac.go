package core

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"  // Unisender Go knows nothing else; its entry says what that is worth
	"crypto/sha1" // some providers sign with HMAC-SHA-1, which is not broken by collisions
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"sync"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// The sizes of RSA keys that are accepted. The upper one bounds what a signature costs to carry and to verify.
const (
	minRSABits = 2048
	maxRSABits = 4096
)

// maxMAC is the longest MAC of any algorithm here.
const maxMAC = sha512.Size

// method is what an algorithm is made of.
type method struct {
	newHash func() hash.Hash // nil: the message itself is signed (Ed25519)
	hash    crypto.Hash
	least   int // bytes of a signature
	most    int
}

// methodOf gives the zero method for an unknown algorithm.
func methodOf(alg entry.Algorithm) method {
	switch alg {
	case entry.HMACSHA1, entry.DigestSHA1:
		return method{sha1.New, crypto.SHA1, sha1.Size, sha1.Size}
	case entry.HMACSHA256, entry.DigestSHA256:
		return method{sha256.New, crypto.SHA256, sha256.Size, sha256.Size}
	case entry.HMACSHA384:
		return method{sha512.New384, crypto.SHA384, sha512.Size384, sha512.Size384}
	case entry.HMACSHA512, entry.DigestSHA512:
		return method{sha512.New, crypto.SHA512, sha512.Size, sha512.Size}
	case entry.DigestMD5:
		return method{md5.New, crypto.MD5, md5.Size, md5.Size}
	case entry.Ed25519:
		return method{nil, 0, 64, 64}
	case entry.ECDSAP256SHA256:
		return method{sha256.New, crypto.SHA256, 8, 72} // ASN.1 DER of two integers of at most 33 bytes
	case entry.RSAPKCS1SHA1:
		return method{sha1.New, crypto.SHA1, minRSABits / 8, maxRSABits / 8}
	case entry.RSAPKCS1SHA256, entry.RSAPSSSHA256:
		return method{sha256.New, crypto.SHA256, minRSABits / 8, maxRSABits / 8}
	default:
		return method{}
	}
}

// digestPool keeps the states that signed bytes are fed to. Those of an HMAC are keyed with one secret: crypto/hmac
// saves its key schedule on the first Reset, so that a pooled state costs no allocation and no schedule.
type digestPool struct{ pool sync.Pool }

// digestState takes the signed bytes in: it hashes them, or collects them where the message itself is signed.
type digestState struct {
	hash    hash.Hash
	message []byte
	scratch []byte // text that the hash has not been given yet
	out     [maxMAC]byte
}

func newHMACPool(alg entry.Algorithm, key []byte) *digestPool {
	newHash := methodOf(alg).newHash
	key = append([]byte(nil), key...)
	return newDigestPool(func() hash.Hash { return hmac.New(newHash, key) })
}

// newDigestPool pools states of a hash; nil: of none, so that they collect the message.
func newDigestPool(newHash func() hash.Hash) *digestPool {
	p := &digestPool{}
	p.pool.New = func() any {
		st := &digestState{scratch: make([]byte, 0, maxScratch)}
		if newHash != nil {
			st.hash = newHash()
		}
		return st
	}
	return p
}

func (p *digestPool) get() *digestState {
	st := p.pool.Get().(*digestState) // the pool holds nothing else
	if st.hash != nil {
		st.hash.Reset()
	}
	st.message, st.scratch = st.message[:0], st.scratch[:0]
	return st
}

// maxKeptMessage is how much of a buffer stays with a pooled state.
const maxKeptMessage = 64 << 10

func (p *digestPool) put(st *digestState) {
	if cap(st.scratch) > 4096 {
		st.scratch = make([]byte, 0, maxScratch)
	}
	if cap(st.message) > maxKeptMessage {
		st.message = nil
	}
	clear(st.scratch[:cap(st.scratch)]) // a plain hash was fed the secret through it
	clear(st.out[:])
	p.pool.Put(st)
}

// maxScratch is how much text is gathered before the hash is given it.
const maxScratch = 128

// writeString copies into a kept buffer, because a conversion to bytes would allocate. Short texts are gathered: for an
// id, a timestamp and the dots between them, the calls would cost more than the hash.
func (st *digestState) writeString(s string) {
	if st.hash == nil {
		st.message = append(st.message, s...)
		return
	}
	if len(st.scratch)+len(s) > maxScratch {
		st.flush()
	}
	st.scratch = append(st.scratch, s...)
}

// writeCopy is write to a hash, of bytes on the caller's stack: the hash, which stands behind an interface, would drive them
// from there.
func (st *digestState) writeCopy(b []byte) {
	st.flush()
	st.scratch = append(st.scratch, b...)
}

func (st *digestState) write(b []byte) {
	if st.hash == nil {
		st.message = append(st.message, b...)
		return
	}
	st.flush()
	_, _ = st.hash.Write(b) // a hash never fails
}

func (st *digestState) flush() {
	if len(st.scratch) > 0 {
		_, _ = st.hash.Write(st.scratch)
		st.scratch = st.scratch[:0]
	}
}

// sum is the hash of what was written, or all of it where there is no hash. It is valid until the state goes back to its
// pool.
func (st *digestState) sum() []byte {
	if st.hash == nil {
		return st.message
	}
	st.flush()
	return st.hash.Sum(st.out[:0])
}
