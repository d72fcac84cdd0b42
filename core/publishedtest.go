package core

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/publickey"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxTestBody is the longest body of a request that is signed with a published secret, and answered.
const maxTestBody = 4 << 10

// publishedKey is a secret that a provider publishes, compiled. It proves nothing but a test of the provider's:
// everybody can sign with it.
type publishedKey struct {
	verifier *verifier
	keys     *compiledKeys
}

// newPublishedKey compiles a published secret; nil: there is none, or the scheme has no secrets.
func newPublishedKey(e *entry.Entry, text string) *publishedKey {
	if text == "" || e.Scheme == nil || e.Scheme.Custom != nil {
		return nil
	}
	v := &verifier{
		scheme: e.Scheme, unit: e.Scheme.Timestamp.Unit, mac: -1, tryKey: publickey.Verify, past: maxTolerance, future: maxTolerance,
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

// signs reports whether the request is signed with the secret.
func (k *publishedKey) signs(g *Guard, r *http.Request, i *inspection, body []byte) bool {
	p := presented{claims: claims{lenient: true}}
	url := g.publishedURL(r, k.verifier, i)
	if k.verifier.judgeHead(r, url, &p, i.now).Failed() || k.verifier.judgeKind(body).Failed() ||
		k.verifier.fromBody(r, body, &p).Failed() || p.items != nil {
		return false
	}
	_, f := k.verifier.verifyOne(k.keys, r, url, body, &p, i.now)
	return !f.Failed()
}

// publishedURL is the URL that is signed; empty where none is.
func (g *Guard) publishedURL(r *http.Request, v *verifier, i *inspection) string {
	if g.verifier == nil || !v.signsRoute && !v.signsPath {
		return ""
	}
	return g.signedURL(r, i)
}

// publishedTest answers a test that is signed with a published secret, where the body is that test and no event.
// Anything else under such a secret stays refused, and the detail says why. It fails closed: f is what refused the
// delivery.
func (g *Guard) publishedTest(r *http.Request, i *inspection, f fault.Failure) (*Reply, fault.Failure) {
	if f.Reason != reason.BadSignature || len(i.body) > maxTestBody {
		return nil, f
	}
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if h.published != nil && h.Method == r.Method && h.isTest(i.body) && h.published.signs(g, r, i, i.body) {
			i.note = h.Note
			return fixed(h.Handshake), fault.Failure{}
		}
	}
	for _, k := range g.published {
		if k.signs(g, r, i, i.body) {
			f.Detail = "the delivery is signed with the test secret that " + g.entry.Title + " publishes" + testedTooEarly
			break
		}
	}
	return nil, f
}

const testedTooEarly = ", with which anybody can sign: test the webhook once it exists, with its own secret"

// isTest reports whether a body is the handshake's and no event's.
func (h *handshake) isTest(body []byte) bool {
	var raw [3][]byte
	return h.challenge.Find(body, raw[:]) == nil && h.marked(&raw)
}

// awaitedTest answers a published test while no secret is configured; nil: the request is none.
func (g *Guard) awaitedTest(r *http.Request, i *inspection) *Reply {
	for n := range g.handshakes {
		h := &g.handshakes[n]
		if h.published == nil || h.Method != r.Method || r.ContentLength <= 0 || r.ContentLength > maxTestBody {
			continue
		}
		body, f := g.takeBody(r, i)
		if f.Failed() {
			return nil
		}
		if h.isTest(body) && h.published.signs(g, r, i, body) {
			i.note = h.Note
			return fixed(h.Handshake)
		}
		return nil
	}
	return nil
}

// compilePublished compiles the published secrets that prove no handshake. They only explain a refusal.
func compilePublished(e *entry.Entry) (all []*publishedKey) {
	for _, text := range e.PublishedSecrets {
		if k := newPublishedKey(e, text); k != nil {
			all = append(all, k)
		}
	}
	return all
}
