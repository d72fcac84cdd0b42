// Package digest hashes the signed bytes of deliveries, with states that are reused between deliveries: a keyed hash is
// expensive to set up.
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

// The sizes of RSA keys that are accepted, in bits. The upper one bounds the length of a signature and the cost of its
// verification.
const (
	MinRSABits = 2048
	MaxRSABits = 4096
)

// MaxSize is the longest MAC of any algorithm here.
const MaxSize = sha512.Size

// Method describes an algorithm.
type Method struct {
	NewHash func() hash.Hash // nil: the message itself is signed (Ed25519)
	Hash    crypto.Hash
	Least   int // the shortest signature, in bytes
	Most    int // the longest one
}

// MethodOf returns the description of an algorithm. For an unknown one it is the zero Method, which no signature
// matches: its longest has 0 bytes.
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
	case entry.ECDSAP256SHA1:
		return Method{sha1.New, crypto.SHA1, 8, 72}
	case entry.RSAPKCS1SHA1:
		return Method{sha1.New, crypto.SHA1, MinRSABits / 8, MaxRSABits / 8}
	case entry.RSAPKCS1SHA512:
		return Method{sha512.New, crypto.SHA512, MinRSABits / 8, MaxRSABits / 8}
	case entry.RSAPKCS1SHA256, entry.RSAPSSSHA256, entry.RSAPSSSHA256AnySalt:
		return Method{sha256.New, crypto.SHA256, MinRSABits / 8, MaxRSABits / 8}
	default:
		return Method{}
	}
}

// Pool keeps states for reuse. The states of an HMAC have one secret: crypto/hmac saves its key schedule on the first
// Reset, so a pooled state needs no allocation and no schedule. It is safe for concurrent use.
type Pool struct{ pool sync.Pool }

// State collects the signed bytes of one delivery: it hashes them, or keeps them where the message itself is signed. It
// is not safe for concurrent use.
type State struct {
	hash    hash.Hash     // nil: Message is kept instead
	Message []byte        // what was written, where there is no hash
	scratch []byte        // short texts that are not in the hash yet
	out     [MaxSize]byte // the result of Sum
}

// NewHMAC returns a pool of HMAC states (RFC 2104) with one secret, which it copies. alg must be an HMAC.
func NewHMAC(alg entry.Algorithm, key []byte) *Pool {
	newHash := MethodOf(alg).NewHash
	key = append([]byte(nil), key...)
	return New(func() hash.Hash { return hmac.New(newHash, key) })
}

// New returns a pool of states with a hash. With nil they have no hash and keep the message.
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

// Get returns an empty state. The caller must pass it to Put when it is done.
func (p *Pool) Get() *State {
	st := p.pool.Get().(*State) // the pool holds nothing else
	if st.hash != nil {
		st.hash.Reset()
	}
	st.Message, st.scratch = st.Message[:0], st.scratch[:0]
	return st
}

// maxKeptMessage is how large the message buffer of a pooled state may be, in bytes: one large delivery must not keep
// its memory for ever.
const maxKeptMessage = 64 << 10

// Put returns a state to the pool. The caller must not use it, or the result of its Sum, after that.
func (p *Pool) Put(st *State) {
	if cap(st.scratch) > 4096 {
		st.scratch = make([]byte, 0, maxScratch)
	}
	if cap(st.Message) > maxKeptMessage {
		st.Message = nil
	}
	// Some schemes hash the secret as text, so it may be in scratch. out may hold the expected signature.
	clear(st.scratch[:cap(st.scratch)])
	clear(st.out[:])
	p.pool.Put(st)
}

// maxScratch is how many bytes of text are gathered before they are written to the hash.
const maxScratch = 128

// WriteString adds a text. It copies into a buffer of the state, because a conversion to bytes would allocate. Short
// texts are gathered: for an id, a timestamp and the dots between them, the calls would cost more than the hash.
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

// WriteCopy adds bytes that are on the caller's stack, by a copy. Passing them to the hash, an interface, would move
// them to the heap. The state must have a hash.
func (st *State) WriteCopy(b []byte) {
	st.flush()
	st.scratch = append(st.scratch, b...)
}

// Write adds bytes without gathering them: the body, usually.
func (st *State) Write(b []byte) {
	if st.hash == nil {
		st.Message = append(st.Message, b...)
		return
	}
	st.flush()
	_, _ = st.hash.Write(b) // a hash never fails
}

// Gather adds bytes of the body between which others stand: few are gathered as texts are, and many are written.
func (st *State) Gather(b []byte) {
	if st.hash == nil || len(b) > maxScratch/2 {
		st.Write(b)
		return
	}
	if len(st.scratch)+len(b) > maxScratch {
		st.flush()
	}
	st.scratch = append(st.scratch, b...)
}

// flush writes the gathered texts to the hash.
func (st *State) flush() {
	if len(st.scratch) > 0 {
		_, _ = st.hash.Write(st.scratch)
		st.scratch = st.scratch[:0]
	}
}

// Sum returns the hash of what was written, or the message where there is no hash. The result is valid until Put.
func (st *State) Sum() []byte {
	if st.hash == nil {
		return st.Message
	}
	st.flush()
	return st.hash.Sum(st.out[:0])
}

// WritePart writes a part after its length, in 8 bytes. So two different lists of parts never give the same text:
// without lengths "ab", "c" and "a", "bc" would.
func WritePart(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = h.Write(part)
}
