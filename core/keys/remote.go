package keys

import (
	"context"
	"crypto"
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/fetch"
)

// Remote is a [Source] that fetches. Without Prefetch the first delivery that needs a key waits for its fetch. To find
// out at start whether the host can be reached, call Key then.
type Remote struct {
	key      func(ctx context.Context, ref string) (crypto.PublicKey, error)
	prefetch func(refs []string) error
	close    func()
}

// Key returns the key that ref names, from memory or fetched now.
func (r *Remote) Key(ctx context.Context, ref string) (crypto.PublicKey, error) {
	return r.key(ctx, ref)
}

// Prefetch starts to fetch the keys that refs name, and returns at once. Without refs it fetches the document of a
// source that has only one URL, and does nothing for other sources. core.New calls it without refs. Call it yourself
// for the names that you know, such as the URL of the certificate that PayPal uses now: a key that is there needs no
// fetch that unverified senders could get in the way of.
//
// A failure is not remembered: the first delivery tries again. The error joins the refs that are not allowed.
func (r *Remote) Prefetch(refs ...string) error { return r.prefetch(refs) }

// Close ends fetches under way and waits for them; after it, Key returns [ErrUnavailable]. A program whose source lives
// as long as itself need not call it. Close returns nil.
func (r *Remote) Close() error {
	r.close()
	return nil
}

// JWKS is the JSON Web Key Set (RFC 7517) at one URL; references are kids. Its keys are of the types RSA, EC on P-256
// and OKP on Ed25519, and are used only if they are meant for signatures with one of the algorithms, which are those of
// RFC 7518 and 8037: RS256, RS384, RS512, PS256, PS384, PS512, ES256, EdDSA; of two keys with one kid, neither is.
//
// A kid that the set does not have makes it fetched again, at most once in [Options.MinInterval]; within that time
// after a fetch, the kid is [ErrUnknownKey]. A key without a kid is found only by the empty reference, and only if the
// set has no other.
//
// Whatever is wrong with the document is [ErrUnavailable]: no delivery can have caused it.
func JWKS(url string, algorithms []string, o Options) (*Remote, error) {
	exact, err := exactly(url)
	if err != nil {
		return nil, err
	}
	pin, pinErr := exact.compile()
	o, optErr := o.withDefaults()
	allowed, algErr := algorithmsOf(algorithms)
	if err := errors.Join(pinErr, optErr, algErr); err != nil {
		return nil, err
	}
	if _, err := pin.allow(url); err != nil {
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
	return &Remote{close: c.close, prefetch: c.prefetchFixed,
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

// Certificates are X.509 certificates in PEM, the leaf first; references are URLs that the pin allows, or empty where
// it allows only one. A certificate counts if its chain leads to a trusted root, it bears the name that the pin wants
// and is for signatures, and all of the chain is valid now. Revocation lists are not asked.
func Certificates(p Pin, o Options) (*Remote, error) {
	pin, pinErr := p.compile()
	o, optErr := o.withDefaults()
	if err := errors.Join(pinErr, optErr); err != nil {
		return nil, err
	}
	return byURL(pin, o, "application/pem-certificate-chain, application/x-pem-file, */*",
		func(d *fetch.Response, h Host) (certified, error) {
			return pin.judge(d, h, o.Roots, o.Now())
		}), nil
}

// PEM is public keys in PEM blocks "PUBLIC KEY", one a file; references are URLs that the pin allows, or empty where it
// allows only one.
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
			// Before the cache, which thereby knows nothing but URLs that may be fetched.
			if _, err := pin.allow(ref); err != nil {
				return nil, err
			}
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
