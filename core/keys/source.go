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

// Source returns public keys. It must be safe for concurrent use.
type Source interface {
	// Key returns the key that ref names: an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey. The caller
	// must not change it. The empty ref names the only key of a source that has just one. Key waits no longer than ctx
	// allows. Its errors match [ErrUnavailable], [ErrUnknownKey], [ErrNotAllowed] or [ErrInvalidKey].
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// Errors of [Source.Key], for errors.Is.
var (
	// ErrUnavailable: the key is unavailable now. The host is down, slow, limits requests or serves a faulty document,
	// or too many fetches were caused. The delivery is answered 503, so that the provider sends it again.
	ErrUnavailable = errors.New("keys unavailable")
	// ErrUnknownKey: the source was fetched lately and has no key of that name.
	ErrUnknownKey = errors.New("unknown key")
	// ErrNotAllowed: the reference is not a URL that the pin allows, or does not have the form of a kid. Nothing was
	// fetched.
	ErrNotAllowed = errors.New("key reference not allowed")
	// ErrInvalidKey: the key exists and must not be used: an expired or untrusted certificate, a weak key, or one for
	// another purpose.
	ErrInvalidKey = errors.New("key not valid")
)

// fault returns an error of one of the kinds above. The caller must pass text from a sender through quote. Every kind
// but ErrUnavailable is final: it fails closed with a refusal that the provider need not repeat.
func fault(kind error, format string, args ...any) error {
	err := fmt.Errorf("sallyport: %w: %w", kind, fmt.Errorf(format, args...))
	if errors.Is(kind, ErrUnavailable) {
		return err
	}
	return refused{err}
}

// refused marks an error as final. A guard then refuses the delivery, and does not answer 503.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Is reports whether target is entry.ErrKeyRefused. The comparison is with ==, because errors.Is would call Is again.
func (refused) Is(target error) bool { return target == entry.ErrKeyRefused }

// quote returns text from a sender in a form that is safe in a log line: quoted, and at most 120 bytes of it.
func quote(ref string) string {
	const most = 120
	if len(ref) > most {
		return fmt.Sprintf("%q and %d bytes more", ref[:most], len(ref)-most)
	}
	return fmt.Sprintf("%q", ref)
}

// Fixed is a [Source] of keys that the program was given. It fetches nothing. Make it with [Static] or [StaticJWKS].
type Fixed struct{ set keySet }

// Static returns a source of the given keys, by the reference that names each. It copies the keys. The error joins
// every mistake: no keys, a private or a symmetric key, a weak key, a curve other than P-256, P-521 and Ed25519.
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
		set.usable = append(set.usable, key)
	}
	// With several keys the empty reference names none: which one it means would depend on the order of a map.
	if len(named) > 1 {
		set.only = nil
	}
	return &Fixed{set: set}, errors.Join(mistakes...)
}

// StaticJWKS returns a source of the keys in the JSON Web Key Set data. It checks them as [JWKS] checks fetched ones.
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

// Candidates returns the keys of the set data that were not tried, for deliveries that do not name theirs. It does not
// wait.
func (f *Fixed) Candidates(_ context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error) {
	return f.set.others(tried)
}

// keySet is a set of accepted keys. It does not change after it was built.
type keySet struct {
	keys    map[string]crypto.PublicKey // by reference; nil: two keys share it, and neither is used
	only    crypto.PublicKey            // the key of a set that has just one
	usable  []crypto.PublicKey          // all of them, in their order
	refused map[string]error            // by kid: why a key is not used
}

// maxCandidates bounds how many keys a delivery that names none is verified with: each costs a verification, which
// anybody can cause.
const maxCandidates = 4

// others returns the keys that are not among those that were tried. It fails closed on a set of too many keys: which of
// them count would depend on their order.
func (s *keySet) others(tried []crypto.PublicKey) ([]crypto.PublicKey, error) {
	if len(s.usable) > maxCandidates {
		return nil, fault(ErrInvalidKey, "the set has %d keys, and deliveries name none; at most %d are tried",
			len(s.usable), maxCandidates)
	}
	return slices.DeleteFunc(slices.Clone(s.usable), func(key crypto.PublicKey) bool {
		return slices.ContainsFunc(tried, func(k crypto.PublicKey) bool { return same(k, key) })
	}), nil
}

// has reports whether the set knows ref, as a usable key or as a refused one. Only an unknown ref is worth a fetch.
func (s *keySet) has(ref string) bool {
	_, err := s.find(ref)
	return !errors.Is(err, ErrUnknownKey)
}

// find returns the key of ref. It fails closed: there is no default key for an unknown ref, except that the empty ref
// names the only key.
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
