package signature

import (
	"time"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// PublishedKey is a secret that a provider publishes, compiled. It proves nothing but a test of the provider's:
// everybody can sign with it.
//
// It is kept apart from the endpoint's own keys for that reason. In their list it would let everybody
// in.
type PublishedKey struct {
	verifier *Verifier
	keys     *Keys
}

// publishedWindow is how far from now a published test may be dated. Its time decides nothing.
//
// Signs is lenient: a time outside of the window is only noted. A replay of a test is worth nothing to
// an attacker.
const publishedWindow = 24 * time.Hour

// NewPublishedKey compiles a published secret; nil: there is none, or the scheme has no secrets.
//
// A secret that is weak by the rules is accepted here: it is public anyway.
func NewPublishedKey(e *entry.Entry, text string) *PublishedKey {
	if text == "" || e.Scheme == nil || e.Scheme.Custom != nil {
		return nil
	}
	v := &Verifier{
		scheme: e.Scheme, Unit: e.Scheme.Timestamp.Unit, mac: -1, TryKey: publickey.Verify,
		Past: publishedWindow, Future: publishedWindow,
	}
	if problem := v.compileScheme(); problem != "" || v.mac < 0 {
		return nil
	}
	rules := keyring.Rules{Kinds: KindsOf(e.Scheme), WeakOK: true, Min: 1}
	key, problem := rules.Decode(text)
	if problem != "" {
		return nil
	}
	secret := secrets.New("published", text)
	return &PublishedKey{v, v.makeKeys([]keyring.Checked{{Secret: secret, Key: key, Use: &keyring.Usage{}}})}
}

// SignsURL reports whether the URL, or its path, is signed.
func (k *PublishedKey) SignsURL() bool { return k.verifier.SignsURL || k.verifier.SignsPath }

// Signs reports whether the request is signed with the secret. The input has claims of its own, which are overwritten.
//
// It fails closed for lists of items and for everything malformed: false means an ordinary delivery,
// which is verified in full. True must never be treated as a proof.
func (k *PublishedKey) Signs(in *Input) bool {
	in.Claims.Lenient = true
	if k.verifier.CheckHead(in).Failed() || k.verifier.checkKind(in.Body).Failed() ||
		k.verifier.fromBody(in).Failed() || in.Claims.items != nil {
		return false
	}
	_, f := k.verifier.verifyOne(k.keys, in)
	return !f.Failed()
}
