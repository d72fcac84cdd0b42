package signature

import (
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	needsKeys = "the provider publishes the key that its deliveries are signed with, and no source of keys is " +
		"configured; " +
		"use one of package keys, or give the key itself in Secrets"
	needsNoKeys = "a delivery of this provider names no key, and the provider publishes none; remove it"
	ownsKeys    = "deliveries of this provider bring their keys, which the provider's own settings vouch for; remove it"
)

// New compiles the scheme of an entry, with its secrets or its source of keys. It adds what is wrong with them to m.
// notes say which secrets were folded.
//
// Every mistake fails closed: v is then incomplete, m is not empty, and the caller must not make a
// guard of it.
func New(
	owner *keyring.Owner,
	e *entry.Entry,
	src secrets.Source,
	keySource entry.KeySource,
	rules keyring.Rules,
	m *fault.Mistakes,
) (v *Verifier, notes []string) {
	s := e.Scheme
	v = &Verifier{
		scheme: s, keySource: keySource, Unit: s.Timestamp.Unit, mac: -1,
		TryKey: publickey.Verify, noKeys: keyring.NewList(&Keys{}),
	}
	// A mechanism that is code states what it proves. The guard trusts these traits, because they
	// decide which replay protection it needs.
	if s.Custom != nil {
		v.custom = s.Custom.Traits()
		v.SignsTime, v.SignsBody, v.id, v.SignsURL = v.custom.Time, v.custom.Body || v.custom.Payload, v.custom.ID,
			v.custom.URL
		if own := s.OwnSource(); own != nil {
			if keySource != nil {
				m.Add("Keys", "", ownsKeys)
				return v, nil
			}
			keySource, v.keySource = own, own
		}
	} else if problem := v.compileScheme(); problem != "" {
		m.Add("Provider", "", "its entry %s", problem)
		return v, nil
	}
	// A keyless mechanism, a named key and a published key all need a source. Without one nothing could
	// ever be proved.
	v.compileTexts(e.Title)
	namesKey := v.namesKey() || v.custom.Keyless || s.Published
	switch {
	case src == nil && namesKey && keySource == nil:
		m.Add("Keys", "", needsKeys)
		return v, nil
	case src == nil && namesKey:
		return v, nil
	// A source that nothing uses is a mistake, and not ignored: the operator would assume that
	// deliveries are checked with it.
	case keySource != nil && !namesKey:
		m.Add("Keys", "", needsNoKeys)
		return v, nil
	case src == nil:
		m.Add("Secrets", "", "no secret is configured; %s", rules.Advice)
		return v, nil
	}
	v.Ring = keyring.New(owner, src, rules, v.makeKeys, v.decoys)
	return v, v.Ring.Open(m)
}

// namesKey reports whether a delivery names the key that it is signed with.
func (v *Verifier) namesKey() bool { return !isNowhere(&v.scheme.KeyRef) }

// isNowhere reports whether a field has no place in a delivery.
//
// The zero Field is nowhere. Its caller then neither reads the field nor demands it.
func isNowhere(f *entry.Field) bool {
	return len(f.Headers) == 0 && f.JSON == "" && f.Form == "" && f.Query == "" && f.Key == "" && !f.First
}

// compileScheme compiles the scheme, or returns what is wrong with it.
func (v *Verifier) compileScheme() (problem string) {
	s := v.scheme
	for i, k := range KindsOf(s) {
		method := digest.MethodOf(k.Algorithm)
		if method.Most == 0 {
			return "names an unknown algorithm"
		}
		v.kinds = append(v.kinds, kind{k, method})
		if k.Algorithm.PublicKey() {
			// Each reading would cost one verification for each key and signature. An unverified sender
			// could multiply that cost.
			if len(s.Also) > 0 {
				return "has several readings of what is signed, and public keys, whose signatures are expensive"
			}
			continue
		}
		// All candidates have the length of one MAC. Two kinds of secrets would let a signature of one
		// algorithm be tried with the other.
		if v.mac >= 0 {
			return "has two kinds of secrets; it takes two entries"
		}
		v.mac = i
	}
	if problem := v.compileParts(); problem != "" {
		return problem
	}
	// Identities of deliveries depend on this: bytes that the signature does not fix must not tell two
	// events apart.
	v.Decodes = decodes(s)
	v.inBody = s.Signature.JSON != "" || s.Signature.Form != ""
	v.moreHeaders = httpfield.CanonicalNames(s.Signature.Further)
	v.newerHeaders = httpfield.CanonicalNames(s.Signature.Newer)
	v.compilePacked()
	if problem := v.compileQuery(); problem != "" {
		return problem
	}
	// Where the signature is in the body, one family of headers may hold the rest.
	for family := range max(1, len(s.Signature.Headers)) {
		names := make([]string, fieldCount)
		for f := range fieldCount {
			if h := v.field(f).Headers; len(h) > 0 {
				names[f] = http.CanonicalHeaderKey(h[min(family, len(h)-1)])
			}
		}
		v.headers = append(v.headers, names)
	}
	// A time is only read from the body where it is signed. An unsigned one decides nothing.
	v.timeInBody = v.SignsTime && (s.Timestamp.JSON != "" || s.Timestamp.Form != "")
	v.scansJSON = s.Signature.JSON != "" || v.timeInBody || s.ID.JSON != "" || s.KeyRef.JSON != "" ||
		slices.ContainsFunc(v.values, func(want valueOf) bool { return want.path >= 0 })
	v.readsBody = v.scansJSON || v.fromForm || v.sortedForm != nil || v.payloadField != ""
	return ""
}
