// Package digest hashes what is signed, with states that are kept between deliveries.
package digest

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"  // some senders know nothing else; their entries say what that is worth
	"crypto/sha1" // some providers sign with HMAC-SHA-1, which is not broken by collisions
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// The sizes of RSA keys that are accepted. The upper one bounds what a signature costs to carry and to verify.
const (
	MinRSABits = 2048
	MaxRSABits = 4096
)

// MaxSize is the longest MAC of any algorithm here.
const MaxSize = sha512.Size

// Method is what an algorithm is made of.
type Method struct {
	NewHash func() hash.Hash // nil: the message itself is signed (Ed25519)
	Hash    crypto.Hash
	Least   int // bytes of a signature
	Most    int
}

// MethodOf gives the zero method for an unknown algorithm.
func MethodOf(alg entry.Algorithm) Method {
	switch alg {
	case entry.HMACSHA1, entry.DigestSHA1:
		return Method{sha1.New, crypto.SHA1, sha1.Size, sha1.Size}
	case entry.HMACSHA256, entry.DigestSHA256:
		return Method{sha256.New, crypto.SHA256, sha256.Size, sha256.Size}
	case entry.HMACSHA384:
		return Method{sha512.New384, crypto.SHA384, sha512.Size384, sha512.Size384}
	case entry.HMACSHA512, entry.DigestSHA512:
		return Method{sha512.New, crypto.SHA512, sha512.Size, sha512.Size}
	case entry.DigestMD5:
		return Method{md5.New, crypto.MD5, md5.Size, md5.Size}
	case entry.Ed25519:
		return Method{nil, 0, 64, 64}
	case entry.ECDSAP256SHA256:
		return Method{sha256.New, crypto.SHA256, 8, 72} // ASN.1 DER of two integers of at most 33 bytes
	case entry.RSAPKCS1SHA1:
		return Method{sha1.New, crypto.SHA1, MinRSABits / 8, MaxRSABits / 8}
	case entry.RSAPKCS1SHA256, entry.RSAPSSSHA256:
		return Method{sha256.New, crypto.SHA256, MinRSABits / 8, MaxRSABits / 8}
	default:
		return Method{}
	}
}

// Pool keeps the states that signed bytes are fed to. Those of an HMAC are keyed with one secret: crypto/hmac
// saves its key schedule on the first Reset, so that a pooled state costs no allocation and no schedule.
type Pool struct{ pool sync.Pool }

// State takes the signed bytes in: it hashes them, or collects them where the message itself is signed.
type State struct {
	hash    hash.Hash
	Message []byte
	scratch []byte // text that the hash has not been given yet
	out     [MaxSize]byte
}

func NewHMAC(alg entry.Algorithm, key []byte) *Pool {
	newHash := MethodOf(alg).NewHash
	key = append([]byte(nil), key...)
	return New(func() hash.Hash { return hmac.New(newHash, key) })
}

// New pools states of a hash; nil: of none, so that they collect the message.
func New(newHash func() hash.Hash) *Pool {
	p := &Pool{}
	p.pool.New = func() any {
		st := &State{scratch: make([]byte, 0, maxScratch)}
		if newHash != nil {
			st.hash = newHash()
		}
		return st
	}
	return p
}

func (p *Pool) Get() *State {
	st := p.pool.Get().(*State) // the pool holds nothing else
	if st.hash != nil {
		st.hash.Reset()
	}
	st.Message, st.scratch = st.Message[:0], st.scratch[:0]
	return st
}

// maxKeptMessage is how much of a buffer stays with a pooled state.
const maxKeptMessage = 64 << 10

func (p *Pool) Put(st *State) {
	if cap(st.scratch) > 4096 {
		st.scratch = make([]byte, 0, maxScratch)
	}
	if cap(st.Message) > maxKeptMessage {
		st.Message = nil
	}
	clear(st.scratch[:cap(st.scratch)]) // a plain hash was fed the secret through it
	clear(st.out[:])
	p.pool.Put(st)
}

// maxScratch is how much text is gathered before the hash is given it.
const maxScratch = 128

// WriteString copies into a kept buffer, because a conversion to bytes would allocate. Short texts are gathered: for an
// id, a timestamp and the dots between them, the calls would cost more than the hash.
func (st *State) WriteString(s string) {
	if st.hash == nil {
		st.Message = append(st.Message, s...)
		return
	}
	if len(st.scratch)+len(s) > maxScratch {
		st.flush()
	}
	st.scratch = append(st.scratch, s...)
}

// WriteCopy is write to a hash, of bytes on the caller's stack: the hash, which stands behind an interface, would drive
// them from there.
func (st *State) WriteCopy(b []byte) {
	st.flush()
	st.scratch = append(st.scratch, b...)
}

func (st *State) Write(b []byte) {
	if st.hash == nil {
		st.Message = append(st.Message, b...)
		return
	}
	st.flush()
	_, _ = st.hash.Write(b) // a hash never fails
}

func (st *State) flush() {
	if len(st.scratch) > 0 {
		_, _ = st.hash.Write(st.scratch)
		st.scratch = st.scratch[:0]
	}
}

// Sum is the hash of what was written, or all of it where there is no hash. It is valid until the state goes back to
// its pool.
func (st *State) Sum() []byte {
	if st.hash == nil {
		return st.Message
	}
	st.flush()
	return st.hash.Sum(st.out[:0])
}

// WritePart writes a part after its length, so that no two lists of parts hash alike.
func WritePart(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = h.Write(part)
}
