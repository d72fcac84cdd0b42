package keys

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Source gives public keys. It must be safe for concurrent use.
type Source interface {
	// Key returns the key that ref names: an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey, which the
	// caller does not change. The empty ref names the only key of a source that has just one. Key waits no longer than
	// ctx allows. Its errors match [ErrUnavailable], [ErrUnknownKey], [ErrNotAllowed] or [ErrInvalidKey].
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// Errors of [Source.Key], for errors.Is.
var (
	// ErrUnavailable: the key could not be learned now. The host is down, slow, limits us or serves what it should not,
	// or too many fetches were asked for. The provider should send the delivery again: 503.
	ErrUnavailable = errors.New("keys unavailable")
	// ErrUnknownKey: the source was asked lately and has no key of that name.
	ErrUnknownKey = errors.New("unknown key")
	// ErrNotAllowed: the reference is no URL that the pin allows, or no kid that could be one. Nothing was fetched.
	ErrNotAllowed = errors.New("key reference not allowed")
	// ErrInvalidKey: what the reference names is there and must not be used: an expired or untrusted certificate, a
	// weak key, one for another purpose.
	ErrInvalidKey = errors.New("key not valid")
)

// fault is an error of one of the kinds above. The text never holds more than a piece of what a sender chose.
func fault(kind error, format string, args ...any) error {
	err := fmt.Errorf("sallyport: %w: %w", kind, fmt.Errorf(format, args...))
	if errors.Is(kind, ErrUnavailable) {
		return err
	}
	return refused{err}
}

// refused is a final judgement: a guard refuses the delivery, and does not ask for it again.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

func (refused) Is(target error) bool { return target == entry.ErrKeyRefused } // this is its Is

// quote makes what a sender chose fit for a log line.
func quote(ref string) string {
	const most = 120
	if len(ref) > most {
		return fmt.Sprintf("%q and %d bytes more", ref[:most], len(ref)-most)
	}
	return fmt.Sprintf("%q", ref)
}

// Fixed is a [Source] of keys that were given. It fetches nothing.
type Fixed struct{ set keySet }

// Static is a source of the given keys, by the reference that names them. Every mistake is reported: no keys, a private
// or a symmetric key, a weak one, a curve other than P-256 and Ed25519.
func Static(named map[string]crypto.PublicKey) (*Fixed, error) {
	if len(named) == 0 {
		return nil, errors.New("sallyport: keys: no key is given")
	}
	set := keySet{keys: make(map[string]crypto.PublicKey, len(named))}
	var mistakes []error
	for _, ref := range slices.Sorted(maps.Keys(named)) {
		key, err := accept(named[ref])
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("sallyport: keys: the key %s: %w", quote(ref), err))
			continue
		}
		set.keys[ref] = key
		set.only = key
	}
	if len(named) > 1 {
		set.only = nil
	}
	return &Fixed{set: set}, errors.Join(mistakes...)
}

// StaticJWKS is a source of the keys in a JSON Web Key Set that is at hand, judged as [JWKS] judges one it fetches.
func StaticJWKS(data []byte, algorithms ...string) (*Fixed, error) {
	allowed, err := algorithmsOf(algorithms)
	if err != nil {
		return nil, fmt.Errorf("sallyport: keys: %w", err)
	}
	set, err := parseJWKS(data, allowed)
	if err != nil {
		return nil, fmt.Errorf("sallyport: keys: %w", err)
	}
	return &Fixed{set: *set}, nil
}

// Key returns the key given under ref. It does not wait.
func (f *Fixed) Key(_ context.Context, ref string) (crypto.PublicKey, error) { return f.set.find(ref) }

// keySet is an immutable set of accepted keys.
type keySet struct {
	keys    map[string]crypto.PublicKey
	only    crypto.PublicKey // of a set that has just one
	refused map[string]error // why a key that has this kid is not used
}

func (s *keySet) has(ref string) bool {
	_, err := s.find(ref)
	return !errors.Is(err, ErrUnknownKey)
}

func (s *keySet) find(ref string) (crypto.PublicKey, error) {
	if key := s.keys[ref]; key != nil {
		return key, nil
	}
	if ref == "" && s.only != nil {
		return s.only, nil
	}
	if err := s.refused[ref]; err != nil {
		return nil, fault(ErrInvalidKey, "the key %s: %w", quote(ref), err)
	}
	return nil, fault(ErrUnknownKey, "none of the %d usable keys is called %s", len(s.keys), quote(ref))
}
