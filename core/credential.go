package core

import (
	"context"
	"crypto"
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Credential is a shared secret that the sender presents as it is. Make one with [BasicAuth], [BearerToken],
// [HeaderToken], [QueryToken] or [PathToken]; each takes the list of values that are accepted.
type Credential struct {
	kind   entry.CredentialKind // where it stands; the zero Credential has no source, and New refuses it
	name   string               // of the header or parameter; empty for Basic and Bearer
	or     string               // entry.BodyToken: where it stands otherwise
	items  string               // entry.BodyToken
	source secrets.Source       // the accepted values
}

// BasicAuth accepts HTTP Basic authentication (RFC 7617) with any of the pairs "user:password", each matched as a
// whole. The password may hold colons.
func BasicAuth(pairs secrets.Source) Credential {
	return Credential{kind: entry.Basic, source: pairs}
}

// BearerToken accepts "Authorization: Bearer" with any of the tokens. Next to [BasicAuth] it is an alternative,
// because a request has one Authorization header.
func BearerToken(tokens secrets.Source) Credential {
	return Credential{kind: entry.Bearer, source: tokens}
}

// HeaderToken accepts a header that equals any of the tokens. The comparison takes constant time.
func HeaderToken(name string, tokens secrets.Source) Credential {
	return Credential{kind: entry.HeaderToken, name: name, source: tokens}
}

// QueryToken accepts a parameter of the URL's query that equals any of the tokens. It is removed from the request
// after the check; access logs that were written before the guard hold it, so prefer a header where there is a choice.
func QueryToken(parameter string, tokens secrets.Source) Credential {
	return Credential{kind: entry.QueryToken, name: parameter, source: tokens}
}

// PathToken accepts a parameter of the route ("/hooks/{token}") that equals any of the tokens. It is removed from the
// request's URL after the check. Mount the guard on the route itself: before routing there is no parameter.
func PathToken(parameter string, tokens secrets.Source) Credential {
	return Credential{kind: entry.PathToken, name: parameter, source: tokens}
}

// twicePlaced is the mistake of two lists for one place of a request.
const twicePlaced = "this place of a request is configured twice; put all accepted values into one list"

// addCredential compiles a credential of the config. own says that it is the provider's, whose values stand in Secrets.
func (g *Guard) addCredential(
	field string, c Credential, rules keyring.Rules, own bool, m *fault.Mistakes,
) (notes []string) {
	if c.source == nil { // fails closed: a credential that is configured and checks nothing would look like a check
		m.Add(field, "", "the credential has no list of accepted values; use secrets.Static or secrets.FromEnv")
		return nil
	}
	if why := unusable(c.source); why != "" {
		m.Add(field, "", "%s", why)
		return nil
	}
	place, what, mistake := credential.NewPlace(c.kind, c.name, c.items)
	if mistake != nil {
		m.Add(field+mistake.Field, mistake.Value, "%s", mistake.Reason)
		return nil
	}
	place.Or(c.name, c.or)
	rules.Field, rules.Pair = field, c.kind == entry.Basic
	rules.Advice = advice(g.entry, rules.Pair)
	if !own { // the form of a signing secret says nothing of a credential
		rules.Min, rules.Advice = keyring.MinSecretBytes, freshAdvice(rules.Pair)
		rules.Kinds, rules.Custom, rules.Refuses = nil, nil, nil
	}
	values, notes := g.acceptedValues(c.source, rules, what, m)
	// Fails closed: with two lists for one place it would be open whether a value must be in one or in both.
	if !g.credentials.Add(place, c.kind, values) {
		m.Add(field, "", twicePlaced)
	}
	return notes
}

// acceptedValues compiles the values that a source gives. Its ring is noted, because rotation and health look at the
// rings of all lists.
func (g *Guard) acceptedValues(
	src secrets.Source, rules keyring.Rules, what string, m *fault.Mistakes,
) (values *credential.Values, notes []string) {
	values, notes = credential.NewValues(g.tenants.owner, src, rules, what, m)
	g.tenants.rings = append(g.tenants.rings, values.Ring())
	return values, notes
}

// credentialInput returns what credentials are checked for. A tenant that cannot be known goes along as its fault: the
// check must then refuse, after as much work as a wrong value costs.
func (i *inspection) credentialInput(r *http.Request) credential.Input {
	return credential.Input{
		Request: r, Params: i.params, Tenant: i.claims.Tenant, TenantFault: i.claims.TenantFault,
		Now: i.now, Matches: &i.matches,
	}
}

// Provider holds the facts of one sender of webhooks: how it signs, how fresh its deliveries are, what names an event,
// how long it retries. It is opaque and immutable. Package provider has one function for each sender, and provider.HMAC
// and others for senders of your own. Its method Name returns the name in configurations, logs and metrics.
type Provider = entry.Provider

// KeySource gives the public key that a delivery names, by the URL of its certificate or by its id, for providers that
// publish their keys. Package core/keys has sources that fetch.
//
// The guard calls it after every cheap check and before anything is proved, with a text that anybody may have written:
// it must refuse what is not the provider's, bound what it fetches, and remember it. It must be safe for concurrent
// use. A source that wraps another one hands its context on: the wrapped source counts by the sender that the context
// carries.
//
// [New] calls the method Prefetch(refs ...string) error of a source that has one, without refs, so that keys with a
// fixed URL are there before the first delivery. It must return at once.
type KeySource interface {
	// Key returns an ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey, which must not be changed from then on. An
	// error that wraps [ErrKeyRefused] is final: the delivery is refused as a forged one is. Any other error is a 503:
	// the provider sends the delivery again.
	Key(ctx context.Context, ref string) (crypto.PublicKey, error)
}

// prefetcher is a [KeySource] that can start to fetch before a delivery needs it.
type prefetcher interface {
	Prefetch(refs ...string) error
}

// ErrKeyRefused is wrapped by a [KeySource]'s error where the key that a delivery names is none of the provider's.
//
//lint:immutable an error value
var ErrKeyRefused = entry.ErrKeyRefused
