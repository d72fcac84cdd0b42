package core

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Credential is a shared secret that the sender presents as it is. Make one with [BasicAuth], [BearerToken],
// [HeaderToken], [QueryToken] or [PathToken]; each takes the list of values that are accepted.
type Credential struct {
	kind   entry.CredentialKind
	name   string
	items  string // entry.BodyToken
	source SecretSource
}

// BasicAuth accepts HTTP Basic authentication (RFC 7617) with any of the pairs "user:password", each matched as a
// whole. The password may hold colons.
func BasicAuth(pairs SecretSource) Credential {
	return Credential{kind: entry.Basic, source: pairs}
}

// BearerToken accepts "Authorization: Bearer" with any of the tokens. Beside [BasicAuth] it is an alternative, since
// a request has one Authorization header.
func BearerToken(tokens SecretSource) Credential {
	return Credential{kind: entry.Bearer, source: tokens}
}

// HeaderToken accepts a header that equals any of the tokens.
func HeaderToken(name string, tokens SecretSource) Credential {
	return Credential{kind: entry.HeaderToken, name: name, source: tokens}
}

// QueryToken accepts a parameter of the URL's query that equals any of the tokens. It is removed from the request
// after the check; access logs that were written before the guard hold it, so prefer a header where there is a choice.
func QueryToken(parameter string, tokens SecretSource) Credential {
	return Credential{kind: entry.QueryToken, name: parameter, source: tokens}
}

// PathToken accepts a parameter of the route ("/hooks/{token}") that equals any of the tokens. It is removed from the
// request's URL after the check. Mount the guard on the route itself: before routing there is no parameter.
func PathToken(parameter string, tokens SecretSource) Credential {
	return Credential{kind: entry.PathToken, name: parameter, source: tokens}
}

// gate is one place where a credential is required: the Authorization header, one header, one parameter. Every gate
// has to be passed; within a gate any secret of any of its lists lets the delivery in.
type gate struct {
	header string // canonical, for Authorization and named headers
	query  string
	path   string
	member *jsonscan.Paths // of the JSON in the body, or of each item of the list at items
	items  *jsonscan.Paths
	basic  *credentialList
	bearer *credentialList
	plain  *credentialList
}

const maxCredentialBytes = 4096

// credentialList compares a presented credential with every accepted one, in time that does not depend on which
// matches: the presented bytes are hashed once with a key of this process and the hashes compared.
type credentialList struct {
	ring *keyring[[]checkedSecret]
}

func newCredentialList(g *Guard, src SecretSource, rules secretRules, m *mistakes) (*credentialList, []string) {
	c := &credentialList{newKeyring(g, src, rules, func(list []checkedSecret) []checkedSecret {
		for i := range list {
			list[i].decodedKey = decodedKey{} // the hash is all that is compared
		}
		return list
	}, func() []checkedSecret {
		decoy := checkedSecret{Secret: NewSecret("", "")}
		_, _ = rand.Read(decoy.sum[:])
		return []checkedSecret{decoy}
	})}
	return c, c.ring.open(m)
}

// judge gives the label of the secret that equals the presented text, which what names in a refusal.
func (c *credentialList) judge(ctx context.Context, text string, i *inspection, what string, notes *matchNotes) (label string, f failure) {
	list, err := c.ring.current(ctx, i.presented.tenant, i.now)
	if err != nil {
		return "", noSecrets(err)
	}
	sum := c.ring.sumOf(text)
	var match *checkedSecret
	active := 0
	// No early exit: the time must not tell which one matched.
	for n := range list.keys {
		s := &list.keys[n]
		if !s.activeAt(i.now) {
			continue
		}
		active++
		if hmac.Equal(sum[:], s.sum[:]) && match == nil {
			match = s
		}
	}
	setting := c.ring.rules.field
	switch {
	case list.unknown:
		return "", unknownTenant(ReasonBadCredential, i.presented.tenantFault)
	case active == 0:
		return "", failure{ReasonNoActiveSecret, "no accepted credential is valid now: check their validity and " + setting}
	case match == nil:
		return "", failure{ReasonBadCredential, what + " matches none that are accepted: compare " + setting + " with what the provider was given"}
	}
	if notes != nil {
		list.note(notes, match.use, &match.Secret, i.now)
	}
	return match.label, failure{}
}

// check judges the request's credential at this gate.
func (g *gate) check(r *http.Request, i *inspection) (label string, f failure) {
	judge := func(list *credentialList, text, what string) (string, failure) {
		return list.judge(r.Context(), text, i, what, &i.match)
	}
	switch {
	case g.query != "":
		values, err := queryValues(r.URL.RawQuery, g.query)
		if err != nil || len(values) > 1 {
			return "", failure{ReasonBadCredential, "the query holds the token's parameter more than once, or is malformed"}
		}
		if len(values) == 0 || values[0] == "" {
			return "", failure{ReasonMissingCredential, "the URL carries no token in its query: check the URL registered at the provider"}
		}
		if len(values[0]) > maxCredentialBytes {
			return "", failure{ReasonBadCredential, "the token in the URL's query is longer than any credential"}
		}
		return judge(g.plain, values[0], "the token in the URL's query")
	case g.path != "":
		value := i.in.param(r, g.path)
		if value == "" {
			return "", failure{ReasonMissingCredential, "the route has no parameter of the token's name, or it is empty: mount the guard on the route itself"}
		}
		if len(value) > maxCredentialBytes {
			return "", failure{ReasonBadCredential, "the token in the URL's path is longer than any credential"}
		}
		return judge(g.plain, value, "the token in the URL's path")
	}
	values := r.Header[g.header]
	if len(values) == 0 {
		return "", failure{ReasonMissingCredential, "no " + g.header + " header: a proxy may strip it, or the provider was not given the credential"}
	}
	if len(values) > 1 {
		return "", failure{ReasonRepeatedHeader, "the header " + g.header + " came more than once"}
	}
	value := values[0]
	if len(value) > maxCredentialBytes {
		return "", failure{ReasonHeaderTooLarge, "the header " + g.header + " is longer than any credential"}
	}
	if g.plain != nil {
		if value == "" {
			return "", failure{ReasonMissingCredential, "the header " + g.header + " is empty"}
		}
		return judge(g.plain, value, "the header "+g.header)
	}
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case g.basic != nil && strings.EqualFold(scheme, "Basic"): //lint:notsecret the scheme's name is public
		pair, ok := decodeBasic(rest)
		if !ok {
			return "", failure{ReasonBadCredential, "the Authorization header is not a well-formed Basic credential (RFC 7617)"}
		}
		return judge(g.basic, pair, "the Basic credential")
	case g.bearer != nil && strings.EqualFold(scheme, "Bearer"): //lint:notsecret the scheme's name is public
		if rest == "" || strings.ContainsAny(rest, " \t,") {
			return "", failure{ReasonBadCredential, "the Authorization header is not a well-formed Bearer credential (RFC 6750)"}
		}
		return judge(g.bearer, rest, "the Bearer token")
	}
	return "", failure{ReasonBadCredential, "the Authorization header names another scheme than the one configured"}
}

// decodeBasic is strict: one base64 word with padding and no stray bits, a colon, no control characters.
func decodeBasic(word string) (pair string, ok bool) {
	if strings.ContainsAny(word, " \r\n") {
		return "", false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(word)
	if err != nil {
		return "", false
	}
	colon := false
	for _, b := range raw {
		if b < 0x20 || b == 0x7f {
			return "", false
		}
		colon = colon || b == ':'
	}
	return string(raw), colon
}

// maxQueryBytes is the longest query that is parsed: net/http lets one of a megabyte through, and nobody is proved yet.
const maxQueryBytes = 16 << 10

// queryValues returns every value of one parameter. Semicolons and malformed escapes in the whole query are errors, and
// so is a query that is longer than any provider's.
func queryValues(rawQuery, name string) ([]string, error) {
	if len(rawQuery) > maxQueryBytes {
		return nil, errors.New("the query is too long")
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	return values[name], nil
}
