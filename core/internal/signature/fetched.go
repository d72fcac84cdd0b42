package signature

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// keyTimeout bounds how long a delivery waits for a key that is fetched.
//
// The source may need a request to the provider. Without the bound a slow host would hold every
// delivery that names a new key, and with each one a body in memory.
const keyTimeout = 5 * time.Second

// keysFor returns the configured keys, or else the one that the delivery names. It fails closed.
func (v *Verifier) keysFor(ctx context.Context, p *Claims, now time.Time) (*keyring.List[*Keys], fault.Failure) {
	if v.Ring != nil {
		list, err := v.Ring.Current(ctx, p.Tenant, now)
		if err != nil {
			return nil, keyring.Unavailable(err)
		}
		return list, fault.Failure{}
	}
	// Fails closed. The reference is the sender's claim: it only chooses among keys that the source
	// vouches for.
	if p.keyRef == "" && !v.scheme.Published {
		return nil, fault.New(reason.MissingSignature, "the delivery does not name the key it is signed with")
	}
	// The budget of the sender pays for the fetch. A flood of invented references exhausts that budget
	// and nobody else's.
	ctx, cancel := context.WithTimeout(sender.With(ctx, p.From), keyTimeout)
	defer cancel()
	public, err := v.keySource.Key(ctx, p.keyRef)
	switch {
	// The two failures are kept apart: a key that is not the provider's is a forgery, and another
	// attempt does not help. A key that is unavailable is our trouble, and the provider should send the
	// event again.
	case errors.Is(err, entry.ErrKeyRefused):
		return nil, fault.New(reason.BadSignature,
			"the delivery names a key that is not one of the provider's: "+err.Error())
	case err != nil:
		return nil, fault.New(reason.KeysUnavailable,
			"the key that the delivery names is not available now: "+err.Error())
	}
	// The cache holds one key and is compared by the key itself, not by its reference. A reference that
	// names another key later cannot get the old one's trust.
	if f := v.fetched.Load(); f != nil && samePublicKey(f.public, public) {
		return f.list, fault.Failure{}
	}
	list, problem := v.compileFetched(public)
	if problem != "" {
		return nil, fault.New(reason.BadSignature, "the key that the delivery names is unfit: "+problem)
	}
	v.fetched.Store(&fetchedKey{public, list})
	return list, fault.Failure{}
}

// fetchedKey is the key that a source gave last, compiled: a provider signs one delivery after another with the same.
//
// It is immutable once stored: deliveries share it without a lock. Two that store at the same time
// overwrite each other, which costs one compilation.
type fetchedKey struct {
	public crypto.PublicKey
	list   *keyring.List[*Keys]
}

// compileFetched compiles a key that was fetched, or says why it is not fit.
func (v *Verifier) compileFetched(public crypto.PublicKey) (list *keyring.List[*Keys], problem string) {
	list = keyring.NewList(&Keys{})
	for i := range v.kinds {
		k := &v.kinds[i]
		// A key from the network is checked as a configured one is: its type must be that of the
		// algorithm. Otherwise an attacker who controls the source's answer could choose a weaker one.
		if problem := publickey.Check(k.Algorithm, &k.Key, public); problem != "" {
			return nil, problem
		}
		list.Keys.List = append(list.Keys.List, v.publicKey(i, secrets.New("fetched", ""), public))
	}
	return list, ""
}

// samePublicKey reports whether two keys are equal. All types of the standard library have Equal; others are not equal.
func samePublicKey(a, b crypto.PublicKey) bool {
	// Public keys are not secrets, so the time of this comparison shows nothing.
	x, ok := a.(interface{ Equal(x crypto.PublicKey) bool })
	return ok && x.Equal(b)
}
