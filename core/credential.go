package core

import (
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
	place, what, mistake := credential.NewPlace(c.kind, c.name, c.items)
	if mistake != nil {
		m.Add(field+mistake.Field, mistake.Value, "%s", mistake.Reason)
		return nil
	}
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
		Request: r, Param: i.param, Tenant: i.claims.Tenant, TenantFault: i.claims.TenantFault,
		Now: i.now, Matches: &i.match,
	}
}
