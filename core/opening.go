package core

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/sealed"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// opening is how an endpoint decrypts what its provider encrypts. The zero value decrypts nothing.
type opening struct {
	opener *sealed.Opener // nil: the provider encrypts nothing
	ring   *keyring.Ring[[]openingKey]
}

// openingKey is an accepted decryption key.
type openingKey struct {
	keyring.Checked
	key *sealed.Key
}

// ackKeys are the keys of one delivery, under which its acknowledgement is encrypted and signed.
type ackKeys struct {
	proof any // what the mechanism made of the key that proved the delivery
	key   *sealed.Key
}

// configureSealed compiles the decryption keys. It fails closed: without a key, New refuses the config.
func (g *Guard) configureSealed(c *Config, m *fault.Mistakes) (notes []string) {
	spec := g.entry.Event.Sealed
	if spec == nil || g.unknown {
		return nil
	}
	src := spec.Keys
	if spec.OwnSecret {
		src, m = c.Secrets, &fault.Mistakes{} // what is wrong with them was reported before
	}
	if src == nil || isTypedNil(src) {
		if !spec.OwnSecret {
			m.Add(spec.Setting, "", noOpeningKeys, g.entry.Title, spec.KeyFrom)
		}
		return nil
	}
	g.opening.opener = sealed.New(spec)
	rules := keyring.Rules{
		Field: spec.Setting, Min: keyring.MinSecretBytes, WeakOK: c.DangerouslyAllowWeakSecrets,
		Custom: g.opening.opener, Advice: "copy it from " + spec.KeyFrom,
		ProvesNothing: true, // whoever has the key alone has proved nothing
	}
	none := func() []keyring.Checked { return nil } // an unknown tenant's delivery is refused before it is decrypted
	g.opening.ring = keyring.New(g.tenants.owner, src, rules, openingKeys, none)
	notes = g.opening.ring.Open(m)
	if spec.OwnSecret {
		return nil
	}
	g.tenants.rings = append(g.tenants.rings, g.opening.ring)
	return notes
}

func openingKeys(list []keyring.Checked) []openingKey {
	keys := make([]openingKey, len(list))
	for i := range list {
		keys[i].Checked = list[i]
		keys[i].key, _ = list[i].Custom.(*sealed.Key)
	}
	return keys
}

const (
	noOpeningKeys = "%s encrypts its deliveries, and no key to decrypt them with is configured: copy it from %s"
	notOpened     = "the delivery is genuine, and is encrypted for somebody else: compare the decryption key and the " +
		"receiver with what the provider shows"
	noOpeningKey = "no decryption key is valid now: see "
)

// open decrypts a proved delivery, where the provider encrypts. It must be called after the proof: what anybody may
// have sent is never decrypted here, so that there is no oracle. It fails closed, and in one way whatever is wrong with
// the ciphertext.
func (g *Guard) open(r *http.Request, i *inspection) fault.Failure {
	get := r.Method == http.MethodGet
	plain, key, f := g.opened(r.Context(), &openRequest{
		get: get, query: r.URL.RawQuery, body: i.body, tenant: i.claims.Tenant, now: i.now, match: &i.matches,
	})
	if f.Failed() {
		return f
	}
	i.opened = plain
	if g.entry.AckSealed {
		i.ack = &ackKeys{proof: i.claims.Key, key: key}
	}
	return fault.Failure{}
}

// openRequest is what is to be decrypted.
type openRequest struct {
	get    bool
	query  string
	body   []byte
	tenant string
	now    time.Time
	match  *keyring.Matches // records the key that fits; nil: nothing does
}

// opened returns the plaintext, as events are read from it, and the key that fits.
func (g *Guard) opened(ctx context.Context, o *openRequest) (plain []byte, key *sealed.Key, f fault.Failure) {
	list, err := g.opening.ring.Current(ctx, o.tenant, o.now)
	if err != nil {
		return nil, nil, keyring.Unavailable(err)
	}
	box, ok := g.opening.opener.Find(o.get, o.query, o.body)
	if !ok {
		return nil, nil, fault.New(reason.WrongRecipient, notOpened)
	}
	active := 0
	for n := range list.Keys {
		k := &list.Keys[n]
		if !k.ActiveAt(o.now) {
			continue
		}
		active++
		plain, ok := g.opening.opener.Open(k.key, box, !o.get)
		if !ok {
			continue
		}
		if o.match != nil && !g.entry.Event.Sealed.OwnSecret { // the signature's list has counted such a one
			list.Matched(o.match, k.Use, &k.Secret, o.now)
		}
		if !o.get {
			plain = g.readable(plain)
		}
		return plain, k.key, fault.Failure{}
	}
	if active == 0 && !list.Unknown {
		return nil, nil, fault.New(reason.NoActiveSecret, noOpeningKey+g.entry.Event.Sealed.Setting)
	}
	return nil, nil, fault.New(reason.WrongRecipient, notOpened)
}

// readable returns XML as JSON. What is not plain XML stays as it is: after the proof nothing that is merely unexpected
// loses a delivery.
func (g *Guard) readable(plain []byte) []byte {
	if g.entry.Event.Sealed.XML {
		if object, ok := sealed.JSON(plain); ok {
			return object
		}
	}
	return plain
}

// openUnsigned decrypts a request that carries no signature, for the handshake of a provider that encrypts and does not
// sign it. The caller must answer alike whatever fails from here on.
func (g *Guard) openUnsigned(r *http.Request, i *inspection, body []byte) []byte {
	if !g.entry.Event.Sealed.OwnSecret {
		return nil
	}
	plain, _, f := g.opened(r.Context(), &openRequest{body: body, tenant: i.claims.Tenant, now: i.now})
	if f.Failed() {
		return nil
	}
	return plain
}

// acknowledgement returns the body that the provider wants in the answer to a delivery. One that is encrypted is made
// for this delivery, with its keys: nothing but the entry's fixed text is ever encrypted.
func (g *Guard) acknowledgement(f *facts) (contentType string, body []byte) {
	answerer, ok := customOf(g.entry).(entry.CustomAnswerer)
	if f.ack == nil || !ok {
		return "text/plain; charset=utf-8", []byte(g.entry.AckBody)
	}
	text := g.opening.opener.Seal(f.ack.key, g.entry.AckBody)
	return "application/json", answerer.Answer(f.ack.proof, text, g.clock(time.Now()))
}

func customOf(e *entry.Entry) entry.Custom {
	if e.Scheme == nil {
		return nil
	}
	return e.Scheme.Custom
}

// proofInURL returns the parameters of the URL that carry the signature.
func proofInURL(e *entry.Entry) []string {
	switch custom := customOf(e); {
	case custom != nil:
		return custom.Traits().Parameters
	case e.Scheme != nil && e.Scheme.Signature.Query != "":
		return []string{e.Scheme.Signature.Query}
	default:
		return nil
	}
}

// ackReply returns the answer to a delivery that was accepted.
func (g *Guard) ackReply(f *facts) *Reply {
	if f.ack == nil {
		return textReply(http.StatusOK, g.entry.AckBody)
	}
	contentType, body := g.acknowledgement(f)
	reply := textReply(http.StatusOK, string(body))
	reply.set("Content-Type", contentType)
	return reply
}

// Acknowledgement returns the body that the provider insists on in a successful answer to the delivery, and its type.
// Signals answer with it by themselves: it is for a handler that writes its own answer. ok is false where any success
// will do.
func (d *Delivery) Acknowledgement() (contentType string, body []byte, ok bool) {
	d = d.self()
	if d.guard.entry.AckBody == "" {
		return "", nil, false
	}
	contentType, body = d.guard.acknowledgement(&d.facts)
	return contentType, body, true
}
