package core

import (
	"context"
	"crypto"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// compiledKeys are what the secrets of one list became.
type compiledKeys struct {
	source *SecretList
	list   []activeKey
	custom []any // what a custom mechanism made of them, by the index of list
}

// activeKey is one key, ready to judge signatures of its kind.
type activeKey struct {
	secret   Secret
	kind     int
	id       string // as the user configured it beside the key
	pool     *digestPool
	material []byte           // of a digest, where the secret is among the signed bytes
	public   crypto.PublicKey // nil: a secret
}

// kindsOf gives the kinds of keys that a scheme has.
func kindsOf(s *entry.Scheme) []entry.KeyKind {
	kinds := []entry.KeyKind{{Algorithm: s.Algorithm, Key: s.Key, Name: s.Signature.Name}}
	if s.Second != nil {
		kinds = append(kinds, *s.Second)
	}
	return kinds
}

func (v *verifier) compile(list *SecretList, m *mistakes) (*compiledKeys, []string) {
	kept, decoded, notes := v.rules.checkList(list, m)
	c := &compiledKeys{source: list}
	for i, d := range decoded {
		switch {
		case v.scheme.Custom != nil:
			c.list = append(c.list, activeKey{secret: kept[i]})
			c.custom = append(c.custom, d.custom)
		case d.public != nil:
			for n := range v.kinds {
				if n == d.kind || v.kinds[n].Key.Prefix == "" && v.kinds[d.kind].Key.Prefix == "" {
					c.list = append(c.list, v.publicKey(n, kept[i], d.public))
				}
			}
		default:
			c.list = append(c.list, v.secretKey(kept[i], &d))
		}
	}
	return c, notes
}

func (v *verifier) secretKey(s Secret, d *decodedKey) activeKey {
	k := activeKey{secret: s, kind: d.kind, id: d.id}
	if alg := v.kinds[d.kind].Algorithm; alg.Digest() {
		k.pool, k.material = newDigestPool(v.kinds[d.kind].newHash), d.bytes
	} else {
		k.pool = newHMACPool(alg, d.bytes)
	}
	return k
}

func (v *verifier) publicKey(kind int, s Secret, public crypto.PublicKey) activeKey {
	return activeKey{secret: s, kind: kind, public: public, pool: newDigestPool(v.kinds[kind].newHash)}
}

// current compiles again when the source gave another list. A list that does not hold up is refused whole.
func (v *verifier) current() (*compiledKeys, error) {
	if v.source == nil {
		return v.compiled.Load(), nil
	}
	list, err := lookupNow(context.Background(), v.source, "")
	if err != nil {
		return nil, err
	}
	if c := v.compiled.Load(); c != nil && c.source == list {
		return c, nil
	}
	var m mistakes
	c, _ := v.compile(list, &m)
	if err := m.err(); err != nil {
		return nil, err
	}
	v.compiled.Store(c)
	return c, nil
}

// publicSums keeps the hash of the signed bytes, or these themselves, while the keys of a kind judge: they do not
// depend on the key.
type publicSums struct {
	states [2]*digestState
	pools  [2]*digestPool
	sums   [2][]byte
}

func (s *publicSums) of(v *verifier, k *activeKey, r *http.Request, url string, body []byte, p *presented) []byte {
	if s.states[k.kind] == nil {
		st := k.pool.get()
		v.writeSigned(st, v.readings[0], k, r, url, body, p)
		s.states[k.kind], s.pools[k.kind], s.sums[k.kind] = st, k.pool, st.sum()
	}
	return s.sums[k.kind]
}

// sums is nil where the scheme has secrets only.
func (p *presented) sums(v *verifier) *publicSums {
	if v.mac >= 0 && len(v.kinds) == 1 {
		return nil
	}
	return &publicSums{}
}

func (s *publicSums) release() {
	if s == nil {
		return
	}
	for i, st := range s.states {
		if st != nil {
			s.pools[i].put(st)
		}
	}
}
