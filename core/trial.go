package core

import (
	"context"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// What finds out why a delivery was refused tries it in other forms. Nothing here decides whether one is accepted.

// What a trial costs in addition to the bytes it hashes: key schedules, and a verification with a public key.
const (
	trialCost     = 512
	publicKeyCost = 64 << 10
)

// hasSecrets reports whether the scheme is data and its keys are configured: only then there is something to try.
func (v *verifier) hasSecrets() bool { return !v.isCustom() && v.ring != nil }

// usesMAC reports whether one of the scheme's kinds of keys is a secret.
func (v *verifier) usesMAC() bool { return v.mac >= 0 }

// allKeys returns a tenant's keys as if all of them were valid now; nil for an unknown tenant. Public keys, which are
// expensive to try, are among them only on request.
func (v *verifier) allKeys(ctx context.Context, tenant string, now time.Time, public bool) *compiledKeys {
	list, err := v.ring.Current(ctx, tenant, now)
	if err != nil || list.Unknown {
		return nil
	}
	all := &compiledKeys{list: slices.Clone(list.Keys.list)}
	if !public {
		all.list = slices.DeleteFunc(all.list, func(k activeKey) bool { return k.public != nil })
	}
	for i := range all.list {
		s := &all.list[i].secret
		*s = s.ValidFrom(time.Time{}).ValidUntil(time.Time{})
	}
	return all
}

// secretsOf returns a tenant's secrets as they are configured, and the texts of its public keys only on request.
func (v *verifier) secretsOf(ctx context.Context, tenant string, now time.Time, public bool) (all []*secrets.Secret) {
	list, err := v.ring.Current(ctx, tenant, now)
	if err != nil || list.Unknown {
		return nil
	}
	for i := range list.Keys.list {
		if k := &list.Keys.list[i]; public || k.public == nil {
			all = append(all, &k.secret)
		}
	}
	return all
}

// macSecrets returns the secrets among keys.
func (v *verifier) macSecrets(keys *compiledKeys) (all []secrets.Secret) {
	for i := range keys.list {
		if k := &keys.list[i]; k.kind == v.mac && k.public == nil {
			all = append(all, k.secret)
		}
	}
	return all
}

// respelled returns a secret as if its bytes were others.
func (v *verifier) respelled(s secrets.Secret, raw []byte) *compiledKeys {
	return &compiledKeys{list: []activeKey{v.secretKey(&keyring.Checked{Secret: s, Key: keyring.Key{Kind: v.mac, Bytes: raw}})}}
}

// trialCost returns what try costs, in bytes hashed, for a body and a URL of a size.
func (v *verifier) trialCost(keys *compiledKeys, size int) (cost int64) {
	for i := range keys.list {
		if keys.list[i].public != nil {
			cost += publicKeyCost * maxPublicSignatures
		}
		cost += int64(len(v.readings)) * int64(size+trialCost)
	}
	return cost
}

// try returns the label of the key that proves the input, whatever its time. The input has claims of its own, which are
// overwritten.
func (v *verifier) try(keys *compiledKeys, in *Input) (label string, ok bool) {
	p := in.Claims
	p.lenient = true
	if v.judgeHead(in).Failed() || v.judgeKind(in.Body).Failed() || v.fromBody(in).Failed() {
		return "", false
	}
	if p.items == nil {
		p.items = []presented{*p}
	}
	for i := range p.items {
		item := in.with(&p.items[i])
		k, f := v.verifyOne(keys, &item)
		if f.Failed() {
			return "", false
		}
		label = k.secret.Label()
	}
	return label, !v.checkBodyDigest(in).Failed()
}

// timeOf returns the time that a delivery claims, signed or not.
func (v *verifier) timeOf(p *presented) (time.Time, bool) { return parseTimestamp(v.unit, p.timestamp) }

// claimedTime reads the text of the time that the input claims; read says that the body is known.
func (v *verifier) claimedTime(in *Input, read bool) string {
	in.Claims.lenient = true
	_ = v.judgeHead(in)
	if v.readsBody && read {
		_ = v.fromBody(in)
	}
	return in.Claims.timestamp
}

// proofHeaders returns the headers that carry the proof, of the provider's usual family.
func (v *verifier) proofHeaders() []string {
	if len(v.headers) == 0 {
		return httpfield.CanonicalNames(v.custom.Headers)
	}
	var names []string
	for _, name := range v.headers[0] {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
