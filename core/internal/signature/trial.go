package signature

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
//
// Both are in bytes hashed, and rough. They bound the work that a flood of refused deliveries can
// cause.
const (
	trialCost     = 512
	publicKeyCost = 64 << 10
)

// HasSecrets reports whether the scheme is data and its keys are configured: only then there is something to try.
func (v *Verifier) HasSecrets() bool { return !v.IsCustom() && v.Ring != nil }

// UsesMAC reports whether one of the scheme's kinds of keys is a secret.
func (v *Verifier) UsesMAC() bool { return v.mac >= 0 }

// AllKeys returns a tenant's keys as if all of them were valid now; nil for an unknown tenant. Public keys, which are
// expensive to try, are among them only on request.
//
// Expired keys are among them, so a match must never accept a delivery. It only explains the refusal. A
// source that fails gives none.
func (v *Verifier) AllKeys(ctx context.Context, tenant string, now time.Time, public bool) *Keys {
	list, err := v.Ring.Current(ctx, tenant, now)
	if err != nil || list.Unknown {
		return nil
	}
	// The clone matters: the times are cleared below, and the keyring's own keys must keep theirs.
	all := &Keys{List: slices.Clone(list.Keys.List)}
	if !public {
		all.List = slices.DeleteFunc(all.List, func(k activeKey) bool { return k.public != nil })
	}
	for i := range all.List {
		s := &all.List[i].secret
		*s = s.ValidFrom(time.Time{}).ValidUntil(time.Time{})
	}
	return all
}

// SecretsOf returns a tenant's secrets as they are configured, and the texts of its public keys only on request.
//
// The caller must not log or return them. They are for comparisons that find a mistake in how a secret
// was configured.
func (v *Verifier) SecretsOf(ctx context.Context, tenant string, now time.Time, public bool) (all []*secrets.Secret) {
	list, err := v.Ring.Current(ctx, tenant, now)
	if err != nil || list.Unknown {
		return nil
	}
	for i := range list.Keys.List {
		if k := &list.Keys.List[i]; public || k.public == nil {
			all = append(all, &k.secret)
		}
	}
	return all
}

// MACSecrets returns the secrets among keys.
func (v *Verifier) MACSecrets(keys *Keys) (all []secrets.Secret) {
	for i := range keys.List {
		if k := &keys.List[i]; k.kind == v.mac && k.public == nil {
			all = append(all, k.secret)
		}
	}
	return all
}

// WithBytes returns the key of a secret as if its bytes were raw.
func (v *Verifier) WithBytes(s secrets.Secret, raw []byte) *Keys {
	return &Keys{List: []activeKey{v.secretKey(&keyring.Checked{Secret: s, Key: keyring.Key{Kind: v.mac, Bytes: raw}})}}
}

// TrialCost returns what try costs, in bytes hashed, for a body and a URL of a size.
func (v *Verifier) TrialCost(keys *Keys, size int) (cost int64) {
	for i := range keys.List {
		if keys.List[i].public != nil {
			cost += publicKeyCost * maxPublicSignatures
		}
		cost += int64(len(v.readings)) * int64(size+trialCost)
	}
	return cost
}

// Try returns the label of the key that proves the input, whatever its time. The input has claims of its own, which are
// overwritten.
//
// It skips checkBoundary, CheckHost and the tenant. A true result is an explanation and not a proof.
func (v *Verifier) Try(keys *Keys, in *Input) (label string, ok bool) {
	p := in.Claims
	p.Lenient = true
	if v.CheckHead(in).Failed() || v.checkKind(in.Body).Failed() || v.fromBody(in).Failed() {
		return "", false
	}
	if p.items == nil {
		p.items = []Claims{*p}
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

// TimeOf returns the time that a delivery claims, signed or not.
//
// Nothing may be accepted because of it.
func (v *Verifier) TimeOf(p *Claims) (time.Time, bool) { return parseTimestamp(v.Unit, p.Timestamp) }

// ClaimedTime reads the text of the time that the input claims; read says that the body is known.
//
// Failures are ignored: the text is shown as a claim, and empty where nothing could be read.
func (v *Verifier) ClaimedTime(in *Input, read bool) string {
	in.Claims.Lenient = true
	_ = v.CheckHead(in)
	if v.readsBody && read {
		_ = v.fromBody(in)
	}
	return in.Claims.Timestamp
}

// ProofHeaders returns the headers that carry the proof, of the provider's usual family.
func (v *Verifier) ProofHeaders() []string {
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
