package core

import (
	"time"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// publishedKey is a secret that a provider publishes, compiled. It proves nothing but a test of the provider's:
// everybody can sign with it.
type publishedKey struct {
	verifier *verifier
	keys     *compiledKeys
}

// publishedWindow is how far from now a published test may be dated. Its time decides nothing.
const publishedWindow = 24 * time.Hour

// newPublishedKey compiles a published secret; nil: there is none, or the scheme has no secrets.
func newPublishedKey(e *entry.Entry, text string) *publishedKey {
	if text == "" || e.Scheme == nil || e.Scheme.Custom != nil {
		return nil
	}
	v := &verifier{
		scheme: e.Scheme, unit: e.Scheme.Timestamp.Unit, mac: -1, tryKey: publickey.Verify, past: publishedWindow, future: publishedWindow,
	}
	if problem := v.compileScheme(); problem != "" || v.mac < 0 {
		return nil
	}
	rules := keyring.Rules{Kinds: kindsOf(e.Scheme), WeakOK: true, Min: 1}
	key, problem := rules.Decode(text)
	if problem != "" {
		return nil
	}
	secret := secrets.New("published", text)
	return &publishedKey{v, v.makeKeys([]keyring.Checked{{Secret: secret, Key: key, Use: &keyring.Usage{}}})}
}

// signsURL reports whether the URL, or its path, is signed.
func (k *publishedKey) signsURL() bool { return k.verifier.signsRoute || k.verifier.signsPath }

// signs reports whether the request is signed with the secret. The input has claims of its own, which are overwritten.
func (k *publishedKey) signs(in *Input) bool {
	in.Claims.lenient = true
	if k.verifier.judgeHead(in).Failed() || k.verifier.judgeKind(in.Body).Failed() ||
		k.verifier.fromBody(in).Failed() || in.Claims.items != nil {
		return false
	}
	_, f := k.verifier.verifyOne(k.keys, in)
	return !f.Failed()
}
