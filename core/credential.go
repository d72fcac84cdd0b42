package core

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Credential is a shared secret that the sender presents as it is. Make one with [BasicAuth], [BearerToken],
// [HeaderToken], [QueryToken] or [PathToken]; each takes the list of values that are accepted.
type Credential struct {
	kind   entry.CredentialKind
	name   string
	items  string // entry.BodyToken
	source secrets.Source
}

// BasicAuth accepts HTTP Basic authentication (RFC 7617) with any of the pairs "user:password", each matched as a
// whole. The password may hold colons.
func BasicAuth(pairs secrets.Source) Credential {
	return Credential{kind: entry.Basic, source: pairs}
}

// BearerToken accepts "Authorization: Bearer" with any of the tokens. Beside [BasicAuth] it is an alternative, since
// a request has one Authorization header.
func BearerToken(tokens secrets.Source) Credential {
	return Credential{kind: entry.Bearer, source: tokens}
}

// HeaderToken accepts a header that equals any of the tokens.
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
	says   gateTexts
}

// gateTexts are what the refusals of a header's gate say. They are made once: a flood of them should not cost a text
// each.
type gateTexts struct{ missing, repeated, tooLong, empty string }

func textsOf(header string) gateTexts {
	return gateTexts{
		missing:  "no " + header + " header, which carries the credential: give the provider the credential, or find the proxy that strips it",
		repeated: "the header " + header + " came more than once: find the proxy that adds one",
		tooLong:  "the header " + header + " is longer than any credential (" + strconv.Itoa(maxCredentialBytes) + " bytes)",
		empty:    "the header " + header + " is empty: give the provider the credential",
	}
}

const maxCredentialBytes = 4096

// credentialList compares a presented credential with every accepted one, in time that does not depend on which
// matches: the presented bytes are hashed once with a key of this process and the hashes compared.
type credentialList struct {
	ring *keyring.Ring[[]acceptedSecret]
	// What refusals say: that none matches, and that none is valid now.
	mismatch string
	inactive string
}

// acceptedSecret is a credential that is accepted. Of itself only its hash is kept.
type acceptedSecret struct {
	keyring.Checked
	labels []string // its label alone; never changed
}

// newCredentialList compiles a list; what is presented is called so in refusals.
func newCredentialList(g *Guard, src secrets.Source, rules keyring.Rules, what string, m *fault.Mistakes) (*credentialList, []string) {
	c := &credentialList{
		mismatch: what + " matches none that are accepted: compare " + rules.Field + " with what the provider was given",
		inactive: "no accepted credential is valid now: check their validity and " + rules.Field,
	}
	c.ring = keyring.New(g.owner, src, rules, func(list []keyring.Checked) []acceptedSecret {
		out := make([]acceptedSecret, len(list))
		for i := range list {
			list[i].Key = keyring.Key{} // the hash is all that is compared
			out[i] = acceptedSecret{list[i], []string{list[i].Label()}}
		}
		return out
	}, func() []keyring.Checked {
		decoy := keyring.Checked{Secret: secrets.New("", "")}
		_, _ = rand.Read(decoy.Sum[:])
		return []keyring.Checked{decoy}
	})
	g.rings = append(g.rings, c.ring)
	return c, c.ring.Open(m)
}

// check returns the label of the secret that equals the presented text.
func (c *credentialList) check(ctx context.Context, text string, i *inspection, notes *keyring.Matches) (labels []string, f fault.Failure) {
	return c.checkSum(ctx, c.ring.SumOf(text), i, notes)
}

func (c *credentialList) checkSum(ctx context.Context, sum [sha256.Size]byte, i *inspection, notes *keyring.Matches) (labels []string, f fault.Failure) {
	list, err := c.ring.Current(ctx, i.presented.Tenant, i.now)
	if err != nil {
		return nil, keyring.Unavailable(err)
	}
	var match *acceptedSecret
	active := 0
	// No early exit: the time must not tell which one matched.
	for n := range list.Keys {
		s := &list.Keys[n]
		if !s.ActiveAt(i.now) {
			continue
		}
		active++
		if hmac.Equal(sum[:], s.Sum[:]) && match == nil {
			match = s
		}
	}
	switch {
	case list.Unknown:
		return nil, keyring.UnknownTenant(reason.BadCredential, i.presented.TenantFault)
	case active == 0:
		return nil, fault.New(reason.NoActiveSecret, c.inactive)
	case match == nil:
		return nil, fault.New(reason.BadCredential, c.mismatch)
	}
	if notes != nil {
		list.Note(notes, match.Use, &match.Secret, i.now)
	}
	return match.labels, fault.Failure{}
}

// check judges the request's credential at this gate, and gives the label of the one that matched.
func (g *gate) check(r *http.Request, i *inspection) (labels []string, f fault.Failure) {
	switch {
	case g.query != "":
		value, n, err := httpfield.QueryValue(r.URL.RawQuery, g.query)
		if err != nil || n > 1 {
			return nil, fault.New(reason.BadCredential, "the query holds the parameter "+g.query+" more than once, or is malformed: see the URL that is registered at the provider")
		}
		if value == "" {
			return nil, fault.New(reason.MissingCredential, "the URL has no token in the parameter "+g.query+" of its query: add it to the URL that is registered at the provider")
		}
		if len(value) > maxCredentialBytes {
			return nil, fault.New(reason.BadCredential, "the token in the parameter "+g.query+" is longer than any credential: see the URL that is registered at the provider")
		}
		return g.plain.check(r.Context(), value, i, &i.match)
	case g.path != "":
		value := i.pathValue(r, g.path)
		if value == "" {
			return nil, fault.New(reason.MissingCredential, "the route has no parameter "+g.path+", which holds the token, or it is empty: mount the guard on the route itself")
		}
		if len(value) > maxCredentialBytes {
			return nil, fault.New(reason.BadCredential, "the token in the route's parameter "+g.path+" is longer than any credential: see the URL that is registered at the provider")
		}
		return g.plain.check(r.Context(), value, i, &i.match)
	}
	values := r.Header[g.header]
	if len(values) == 0 {
		return nil, fault.New(reason.MissingCredential, g.says.missing)
	}
	if len(values) > 1 {
		return nil, fault.New(reason.RepeatedHeader, g.says.repeated)
	}
	value := values[0]
	if len(value) > maxCredentialBytes {
		return nil, fault.New(reason.HeaderTooLarge, g.says.tooLong)
	}
	if g.plain != nil {
		if value == "" {
			return nil, fault.New(reason.MissingCredential, g.says.empty)
		}
		return g.plain.check(r.Context(), value, i, &i.match)
	}
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case g.basic != nil && strings.EqualFold(scheme, "Basic"): //lint:notsecret the scheme's name is public
		var room [256]byte // more than most pairs need
		pair, ok := decodeBasic(room[:0], rest)
		if !ok {
			return nil, fault.New(reason.BadCredential, "the Authorization header is not a well-formed Basic credential, which is base64 of user:password (RFC 7617)")
		}
		return g.basic.checkSum(r.Context(), g.basic.ring.SumOfBytes(pair), i, &i.match)
	case g.bearer != nil && strings.EqualFold(scheme, "Bearer"): //lint:notsecret the scheme's name is public
		if rest == "" || strings.ContainsAny(rest, " \t,") {
			return nil, fault.New(reason.BadCredential, "the Authorization header is not a well-formed Bearer credential, which is one word (RFC 6750)")
		}
		return g.bearer.check(r.Context(), rest, i, &i.match)
	}
	return nil, fault.New(reason.BadCredential, g.otherScheme(scheme))
}

// decodeBasic is strict: one base64 word with padding and no stray bits, a colon, no control characters. What fits
// stands in the room.
func decodeBasic(room []byte, word string) (pair []byte, ok bool) {
	if strings.ContainsAny(word, " \r\n") {
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(room, []byte(word))
	if err != nil {
		return nil, false
	}
	colon := false
	for _, b := range raw {
		if b < 0x20 || b == 0x7f {
			return nil, false
		}
		colon = colon || b == ':'
	}
	return raw, colon
}
