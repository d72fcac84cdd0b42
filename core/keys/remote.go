package keys

import (
	"context"
	"crypto"
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// Remote is a [Source] that fetches. Make it with one of the functions of this package. Without Prefetch, the first
// delivery that needs a key waits for the fetch. To find out at start whether the host can be reached, call Key then.
type Remote struct {
	key      func(ctx context.Context, ref string) (crypto.PublicKey, error)
	prefetch func(refs []string) error
	close    func()
	several  func(ctx context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error) // nil: not of a key set
}

// Key returns the key that ref names, from memory or fetched now.
func (r *Remote) Key(ctx context.Context, ref string) (crypto.PublicKey, error) {
	return r.key(ctx, ref)
}

// Candidates returns the keys of a [JWKS] source that were not tried, for deliveries that do not name theirs. Where
// none is left, the set is fetched again, at most once in [Options.MinInterval]. A set of more than four keys is
// [ErrInvalidKey], as is another source.
func (r *Remote) Candidates(ctx context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error) {
	if r.several == nil {
		return nil, fault(ErrInvalidKey, "the source has no set of keys, and the delivery names none")
	}
	return r.several(ctx, tried)
}

// Prefetch starts to fetch the keys that refs name, and returns at once. Without refs it fetches the document of a
// source that has only one URL, and does nothing for other sources.
//
// core.New calls it without refs. Call it yourself for the names that you know, such as the URL of the certificate that
// PayPal uses now. A key in memory needs no fetch, so unverified senders cannot delay it.
//
// A failure is not remembered: the first delivery tries again. The error joins the refs that are not allowed.
func (r *Remote) Prefetch(refs ...string) error { return r.prefetch(refs) }

// Close cancels fetches under way and waits for them. After it, Key returns [ErrUnavailable]. A source that is used
// until the program exits need not be closed. Close returns nil.
func (r *Remote) Close() error {
	r.close()
	return nil
}

// JWKS returns the source of the JSON Web Key Set (RFC 7517) at one URL. References are kids.
//
// Its keys are of the types RSA, EC on P-256 or P-521 and OKP on Ed25519. A key is used only if it is meant for
// signatures with one of the algorithms: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES512, EdDSA or Ed25519. Of
// two different keys with one kid, neither is used.
//
// A kid that the set does not have causes another fetch, at most once in [Options.MinInterval]. Within that time after
// a fetch, the kid is [ErrUnknownKey]. A key without a kid is found only by the empty reference, and only if the set
// has no other.
//
// Every fault of the document is [ErrUnavailable]: no delivery can have caused it.
func JWKS(url string, algorithms []string, o Options) (*Remote, error) {
	allowed, algErr := algorithmsOf(algorithms)
	o, err := atOneURL(url, o, algErr)
	if err != nil {
		return nil, err
	}
	f := newFetcher(o)
	c := newCache(o, url, func(ctx context.Context, url string) (*keySet, error) {
		d, err := f.get(ctx, url, "application/jwk-set+json, application/json")
		if err != nil {
			return nil, asUnavailable(err)
		}
		set, err := parseJWKS(d.Body, allowed)
		if err != nil {
			return nil, fault(ErrUnavailable, "the key set at %s: %w", quote(url), err)
		}
		return set, nil
	})
	several := func(ctx context.Context, tried []crypto.PublicKey) ([]crypto.PublicKey, error) {
		set, err := c.get(ctx, url, func(s *keySet) bool {
			others, err := s.others(tried)
			return err != nil || len(others) > 0
		})
		if err != nil {
			return nil, err
		}
		return set.others(tried)
	}
	return &Remote{close: c.close, prefetch: c.prefetchFixed, several: several,
		key: func(ctx context.Context, kid string) (crypto.PublicKey, error) {
			if len(kid) > maxKidBytes {
				return nil, fault(ErrNotAllowed, "a kid of %d bytes", len(kid))
			}
			set, err := c.get(ctx, url, func(s *keySet) bool { return s.has(kid) })
			if err != nil {
				return nil, err
			}
			return set.find(kid)
		}}, nil
}

// atOneURL checks the URL of a source that has no other, and returns the options with their defaults. It adds a mistake
// that the caller has found.
func atOneURL(url string, o Options, mistake error) (Options, error) {
	exact, err := exactly(url)
	if err != nil {
		return o, err
	}
	pin, pinErr := exact.compile()
	o, optErr := o.withDefaults()
	if err := errors.Join(pinErr, optErr, mistake); err != nil {
		return o, err
	}
	_, err = pin.allow(url)
	return o, err
}

// Certificates returns a source of keys in X.509 certificates, in PEM with the leaf first. References are URLs that the
// pin allows, or empty where it allows only one.
//
// A certificate counts if its chain leads to a trusted root and all of the chain is valid now. It must have a name that
// the pin lists, and be for signatures. Revocation is not checked, which fails open for a revoked certificate until it
// expires or is no longer served.
func Certificates(p Pin, o Options) (*Remote, error) {
	pin, pinErr := p.compile()
	o, optErr := o.withDefaults()
	if err := errors.Join(pinErr, optErr); err != nil {
		return nil, err
	}
	return byURL(pin, o, "application/pem-certificate-chain, application/x-pem-file, */*",
		func(d *fetch.Response, h Host) (certified, error) {
			return pin.verify(d, h, o.Roots, o.Now())
		}), nil
}

// PEM returns a source of public keys in PEM blocks "PUBLIC KEY", one a file. References are URLs that the pin allows,
// or empty where it allows only one.
func PEM(p Pin, o Options) (*Remote, error) {
	pin, pinErr := p.compile()
	o, optErr := o.withDefaults()
	if err := errors.Join(pinErr, optErr); err != nil {
		return nil, err
	}
	return byURL(pin, o, "application/x-pem-file, */*", func(d *fetch.Response, _ Host) (certified, error) {
		key, err := parsePublicPEM(d.Body)
		return certified{key: key}, err
	}), nil
}

// byURL returns a source in which a reference is the URL of a document with one key. accepts is the Accept header.
func byURL(pin *Pin, o Options, accepts string, parse func(*fetch.Response, Host) (certified, error)) *Remote {
	f := newFetcher(o)
	only, _ := pin.fixed()
	c := newCache(o, only, func(ctx context.Context, url string) (certified, error) {
		host, err := pin.allow(url)
		if err != nil {
			return certified{}, err
		}
		d, err := f.get(ctx, url, accepts)
		if err != nil {
			return certified{}, err
		}
		got, err := parse(d, host)
		if err != nil {
			return certified{}, fault(ErrInvalidKey, "%s: %w", quote(url), err)
		}
		return got, nil
	})
	prefetch := func(refs []string) error {
		return c.prefetchAll(refs, only, func(ref string) error {
			_, err := pin.allow(ref)
			return err
		})
	}
	return &Remote{close: c.close, prefetch: prefetch,
		key: func(ctx context.Context, ref string) (crypto.PublicKey, error) {
			if fixed, ok := pin.fixed(); ok && ref == "" {
				ref = fixed
			}
			// Checked before the cache, so the cache holds only URLs that may be fetched.
			if _, err := pin.allow(ref); err != nil {
				return nil, err
			}
			// An expired certificate is fetched again, because the provider may have renewed it. If it has not, the
			// delivery is refused, which fails closed.
			current := func(c certified) bool { return c.notAfter.IsZero() || c.validAt(o.Now()) }
			got, err := c.get(ctx, ref, current)
			if err != nil {
				return nil, err
			}
			if !current(got) {
				return nil, fault(ErrInvalidKey, "%s: the certificate is valid from %v to %v only", quote(ref),
					got.notBefore, got.notAfter)
			}
			return got.key, nil
		}}
}
