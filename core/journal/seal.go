package journal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// leastKey is the shortest text of a key. It must be random: it is not a password, and nothing slows
// guessing down.
const leastKey = 32

const keyIDSize = 8

// sealer seals blobs with AES-256-GCM. A sealed blob is the key's id, a random nonce, and the
// ciphertext.
type sealer struct {
	source secrets.Source
	ring   atomic.Pointer[ring] // of the source's newest list
}

// ring is a compiled list of keys.
type ring struct {
	list *secrets.List
	keys []sealKey
}

// sealKey is what is derived from one secret. The id says which key opens a blob, and nothing about the
// key.
type sealKey struct {
	id     [keyIDSize]byte
	aead   cipher.AEAD
	secret secrets.Secret
}

// keys returns the compiled list of now. It fails closed: an error keeps blobs from being written in
// plain.
func (s *sealer) keys(ctx context.Context) (_ *ring, err error) {
	defer fail("Config.Keys", &err)
	// A journal has no tenants: their entries stand in one table, under one operator's keys.
	list, err := s.source.Lookup(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("journal: Config.Keys has no keys: %w", err)
	}
	// A source returns the same list until it changes, so that keys are derived once for each list.
	if r := s.ring.Load(); r != nil && r.list == list {
		return r, nil
	}
	r := &ring{list: list}
	for _, secret := range list.All() {
		// One bad key makes the whole list invalid. To use the rest would seal with another key than
		// the operator thinks.
		key, err := newSealKey(secret)
		if err != nil {
			return nil, fmt.Errorf("journal: Config.Keys: key %q: %w", secret.Label(), err)
		}
		r.keys = append(r.keys, key)
	}
	if len(r.keys) == 0 {
		return nil, errors.New("journal: Config.Keys lists no key")
	}
	s.ring.Store(r)
	return r, nil
}

// newSealKey derives a key and its id from a secret, by HKDF with two names: whoever reads the id in a
// blob learns nothing about the key. The secret must have the strength of a key already.
func newSealKey(secret secrets.Secret) (key sealKey, err error) {
	value := []byte(secret.DangerouslyReveal())
	if len(value) < leastKey {
		return key, fmt.Errorf("it has %d bytes; give at least %d random ones, as secrets.Generate does", len(value),
			leastKey)
	}
	raw, err := hkdf.Key(sha256.New, value, nil, "sallyport journal 1: seal", 32)
	if err != nil {
		return key, err
	}
	id, err := hkdf.Key(sha256.New, value, nil, "sallyport journal 1: id", keyIDSize)
	if err != nil {
		return key, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key, err
	}
	// A random nonce of 96 bits is safe for some four thousand million blobs of one key.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealKey{id: [keyIDSize]byte(id), aead: aead, secret: secret}, err
}

// seal seals a payload for its row with the first key that is valid now.
func (s *sealer) seal(ctx context.Context, payload []byte, row Row) ([]byte, error) {
	r, err := s.keys(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for i := range r.keys {
		k := &r.keys[i]
		// A key that is not valid yet, or not any more, seals nothing.
		if k.secret.ActiveAt(now) {
			out := make([]byte, 0, 1+keyIDSize+k.aead.Overhead()+len(payload))
			out = append(append(out, formSealed), k.id[:]...)
			return k.aead.Seal(out, nil, payload, bound(row, row.Revision+1)), nil
		}
	}
	return nil, errors.New("journal: Config.Keys lists no key that is valid now")
}

// open opens a sealed blob with any key of the list, whatever its time of validity: entries outlive the
// rotation of a key. A blob of another row does not open.
func (s *sealer) open(ctx context.Context, blob []byte, row Row) ([]byte, error) {
	r, err := s.keys(ctx)
	if err != nil {
		return nil, err
	}
	if len(blob) < keyIDSize {
		return nil, fmt.Errorf("%w: its seal is cut off", ErrForged)
	}
	for i := range r.keys {
		k := &r.keys[i]
		// The id is public, and only says which key to try: the seal itself is what proves.
		if !bytes.Equal(k.id[:], blob[:keyIDSize]) {
			continue
		}
		// A wrong key, a changed byte and a blob of another row look the same here: all of it is
		// forged.
		payload, err := k.aead.Open(nil, nil, blob[keyIDSize:], bound(row, row.Revision))
		if err != nil {
			return nil, fmt.Errorf("%w: its seal does not match its row", ErrForged)
		}
		return payload, nil
	}
	return nil, ErrSealed
}

// bound returns what a seal binds a blob to: a blob that is put under another id, endpoint, state or
// revision is forged. The revision is the one that is stored, so that an older blob does not pass as
// the newest.
func bound(row Row, revision uint64) []byte {
	b := []byte("sallyport journal 1\x00")
	// Each text with its length before it: no two rows have the same bytes.
	for _, s := range []string{string(row.ID), row.Endpoint} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return binary.BigEndian.AppendUint64(append(b, byte(row.State)), revision)
}
