package signature

import (
	"context"
	"crypto"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Keys are the compiled keys of one list.
//
// A list never changes after it is compiled, except for LastMatch. Deliveries share it without a lock,
// and a renewed list is a new value. LastMatch is only a hint: a wrong one costs time and decides
// nothing.
type Keys struct {
	List      []activeKey
	custom    []any        // compiled by a custom mechanism, by the index of List
	all       []*activeKey // the list of such a mechanism's
	LastMatch atomic.Int32 // where to start: the key that matched last
}

// activeKey is one key, ready to verify signatures of its kind.
//
// The name says that it is usable, not that it is valid now. The caller must check ActiveAt for each
// delivery, because a list outlives its secrets' times.
type activeKey struct {
	secret   secrets.Secret
	use      *keyring.Usage // nil: a key that was fetched
	kind     int
	id       string // as it is configured in front of the key; empty: none is
	Pool     *digest.Pool
	material []byte           // of a digest, where the secret is among the signed bytes
	public   crypto.PublicKey // nil: a secret
}

// KindsOf returns the kinds of keys that a scheme has.
func KindsOf(s *entry.Scheme) []entry.KeyKind {
	kinds := []entry.KeyKind{{Algorithm: s.Algorithm, Key: s.Key, Name: s.Signature.Name}}
	if s.Second != nil {
		kinds = append(kinds, *s.Second)
	}
	return kinds
}

// makeKeys compiles the keys of a valid list.
func (v *Verifier) makeKeys(list []keyring.Checked) *Keys {
	c := &Keys{}
	for i := range list {
		s := &list[i]
		switch {
		case v.scheme.Custom != nil:
			c.List = append(c.List, activeKey{secret: s.Secret, use: s.Use})
			c.custom = append(c.custom, s.Custom)
		// A public key without a prefix serves every kind without one: its text does not say which.
		// Each use still needs a signature of that kind and a key of the right type.
		case s.Public != nil:
			for n := range v.kinds {
				if n == s.Kind || v.kinds[n].Key.Prefix == "" && v.kinds[s.Kind].Key.Prefix == "" {
					k := v.publicKey(n, s.Secret, s.Public)
					k.id, k.use = s.ID, s.Use
					c.List = append(c.List, k)
				}
			}
		default:
			c.List = append(c.List, v.secretKey(s))
		}
	}
	if v.scheme.Custom != nil {
		for i := range c.List {
			c.all = append(c.all, &c.List[i])
		}
	}
	return c
}

// customAt returns the keys of a custom mechanism that are valid now, compiled and as they are configured. Usually all
// of them are valid, and nothing is allocated.
//
// It fails closed: an expired key is not handed to the mechanism, which does not know the times. Both
// slices have the same indexes.
func (c *Keys) customAt(now time.Time) (keys []any, active []*activeKey) {
	if !slices.ContainsFunc(c.all, func(k *activeKey) bool { return !k.secret.ActiveAt(now) }) {
		return c.custom, c.all
	}
	for i, k := range c.all {
		if k.secret.ActiveAt(now) {
			keys, active = append(keys, c.custom[i]), append(active, k)
		}
	}
	return keys, active
}

// secretKey prepares a secret. The bytes of a plain hash stay in memory, because they are among what is
// hashed. A MAC's are in its pool alone.
func (v *Verifier) secretKey(s *keyring.Checked) activeKey {
	k := activeKey{secret: s.Secret, kind: s.Kind, id: s.ID, use: s.Use}
	if alg := v.kinds[s.Kind].Algorithm; alg.Digest() {
		k.Pool, k.material = digest.New(v.kinds[s.Kind].NewHash), s.Bytes
	} else {
		k.Pool = digest.NewHMAC(alg, s.Bytes)
	}
	return k
}

// publicKey prepares a public key. Whoever calls it must have checked that the key is fit for the
// kind's algorithm.
func (v *Verifier) publicKey(kind int, s secrets.Secret, public crypto.PublicKey) activeKey {
	return activeKey{secret: s, kind: kind, public: public, Pool: digest.New(v.kinds[kind].NewHash)}
}

// publicSums keeps the hash of the signed bytes, or these themselves, for all public keys of a kind: they do not depend
// on the key.
//
// It lives for one call of verifyOne. Without it an attacker who sends the largest body would have it
// hashed once for each key.
type publicSums struct {
	states [2]*digest.State
	pools  [2]*digest.Pool
	sums   [2][]byte
}

// of returns what the public keys of a kind verify. It must not be used for a plain hash, where the key
// is among the signed bytes.
func (s *publicSums) of(v *Verifier, k *activeKey, in *Input) []byte {
	if s.states[k.kind] == nil {
		st := k.Pool.Get()
		v.writeSigned(st, v.readings[0], k, in)
		s.states[k.kind], s.pools[k.kind], s.sums[k.kind] = st, k.Pool, st.Sum()
	}
	return s.sums[k.kind]
}

// sums returns where hashes are kept. nil: the scheme has secrets only.
func (p *Claims) sums(v *Verifier) *publicSums {
	if v.mac >= 0 && len(v.kinds) == 1 {
		return nil
	}
	return &publicSums{}
}

// release returns the states to their pools. It must run after the last verification: sums may point
// into the states.
func (s *publicSums) release() {
	if s == nil {
		return
	}
	for i, st := range s.states {
		if st != nil {
			s.pools[i].Put(st)
		}
	}
}

// SignText signs a text with the tenant's first keyed secret that is valid now, and returns the id of that key. Both
// are empty where there is none.
//
// It fails closed for an unknown tenant, which only has decoys. A plain hash signs nothing: its
// signature over a chosen text could be lengthened.
func (v *Verifier) SignText(
	ctx context.Context,
	text string,
	p *Claims,
	now time.Time,
) (signature, key string, f fault.Failure) {
	if v.Ring == nil || v.mac < 0 || v.scheme.Algorithm.Digest() {
		return "", "", fault.Failure{}
	}
	list, err := v.Ring.Current(ctx, p.Tenant, now)
	// A source that fails gives an empty signature. The caller must not answer with it as if it were
	// one.
	if err != nil {
		return "", "", fault.Failure{}
	}
	for n := range list.Keys.List {
		k := &list.Keys.List[n]
		if k.kind != v.mac || !k.secret.ActiveAt(now) {
			continue
		}
		if list.Unknown {
			return "", "", keyring.UnknownTenant(reason.BadSignature, p.TenantFault)
		}
		st := k.Pool.Get()
		st.WriteString(text)
		signature = v.scheme.Signature.Encoding.Encode(st.Sum())
		k.Pool.Put(st)
		return signature, k.id, fault.Failure{}
	}
	return "", "", fault.Failure{}
}
