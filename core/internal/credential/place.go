// Package credential checks the secrets that a sender presents as they are: in a header, the query, the path or the
// body. What they are compared with never leaves it.
package credential

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// maxBytes bounds a presented credential, and with it what an unverified sender can make the guard hash.
//
// It is in bytes of what came, before anything is decoded.
const maxBytes = 4096

// params reads the parameters of a route: see adapter.Params.
type params interface{ Param(name string) string }

// Input is the request whose credentials are checked. It stands on the stack of whoever checks.
//
// Everything in it but Now and Matches is the sender's claim. Where each tenant has its own values, an
// empty tenant is checked with decoys.
type Input struct {
	Request     *http.Request
	Params      params           // of the route; nil: the request's own
	Tenant      string           // that the request names
	TenantFault string           // why it names none that is usable
	Now         time.Time        // by the guard's clock
	Matches     *keyring.Matches // of the delivery; nil: matches are not counted
}

// param returns a parameter of the route, decoded by the router. Routers that are not net/http's hand
// over their own function.
func (in *Input) param(name string) string {
	if in.Params != nil {
		return in.Params.Param(name)
	}
	return in.Request.PathValue(name)
}

// Place is one place where a credential is required: the Authorization header, one header, one parameter, one member of
// the body. Any accepted value of any of its lists lets a delivery through.
//
// It does not change once the endpoint is configured, so deliveries share it without a lock. Exactly
// one of header, query, path and member is set.
type Place struct {
	header string // canonical; empty: not a header
	query  string
	path   string
	member *jsonscan.Paths // of the JSON in the body, or of each item of the list at items
	items  *jsonscan.Paths
	basic  *Values
	bearer *Values
	plain  *Values // of every place but the Authorization header
	texts  texts
}

// texts are the details of refusals at a header. They are made once: a flood of refusals allocates none.
type texts struct{ missing, repeated, tooLong, empty string }

func textsOf(header string) texts {
	return texts{
		missing: "no " + header +
			" header, which carries the credential: give the provider the credential, or find the proxy that strips it",
		repeated: "the header " + header + " came more than once: find the proxy that adds one",
		tooLong:  "the header " + header + " is longer than any credential (" + strconv.Itoa(maxBytes) + " bytes)",
		empty:    "the header " + header + " is empty: give the provider the credential",
	}
}

// NewPlace returns the place of a kind of credential, without accepted values, and how refusals name the credential.
// The mistake says what is wrong with the name; its field is empty or follows the credential's own.
//
// It fails closed: an unknown kind, or a place without a name, is a mistake. Such a place could never
// hold a credential, or always an empty one.
func NewPlace(kind entry.CredentialKind, name, items string) (p *Place, what string, mistake *fault.Mistake) {
	p = &Place{}
	switch kind {
	case entry.Basic:
		p.header, what = "Authorization", "the Basic credential"
	case entry.Bearer:
		p.header, what = "Authorization", "the Bearer token"
	case entry.HeaderToken:
		if !httpfield.ValidName(name) {
			return nil, "", &fault.Mistake{
				Field:  ".Name",
				Value:  strconv.Quote(name),
				Reason: "not the name of a header",
			}
		}
		if !entry.PassedOn(name) {
			return nil, "", &fault.Mistake{
				Field: ".Name", Value: strconv.Quote(name), Reason: "no server passes on this header to a handler",
			}
		}
		p.header = http.CanonicalHeaderKey(name)
		what = "the header " + p.header
	case entry.QueryToken:
		p.query, what = name, "the token in the URL's query"
	case entry.PathToken:
		p.path, what = name, "the token in the URL's path"
	case entry.BodyToken:
		p.member, what = jsonscan.Compile(name), "the token in the body"
		if items != "" {
			p.items = jsonscan.Compile(items)
		}
	default:
		const reason = "not a credential; make it with BasicAuth, BearerToken, HeaderToken, QueryToken or PathToken"
		return nil, "", &fault.Mistake{Reason: reason}
	}
	if p.header == "" && name == "" {
		return nil, "", &fault.Mistake{Field: ".Name", Reason: "the parameter has no name"}
	}
	p.texts = textsOf(p.header)
	return p, what, nil
}

// Or adds the pointer to a token in the body that stands there where there is none at the place's own pointer.
//
// Both are looked for in one strict pass. A body that names either twice is refused.
func (p *Place) Or(name, other string) {
	if other != "" {
		p.member = jsonscan.Compile(name, other)
	}
}

// InBody reports whether the body holds the credential.
func (p *Place) InBody() bool { return p.member != nil }

// Header returns the canonical name of the header that holds the credential; empty: none does.
func (p *Place) Header() string { return p.header }

// Query returns the parameter of the query that holds the credential; empty: none does.
func (p *Place) Query() string { return p.query }

// Path returns the parameter of the route that holds the credential; empty: none does.
func (p *Place) Path() string { return p.path }

// TakesBasic reports whether a Basic credential is accepted at the place.
//
// The accepted pair may then be part of a signed URL, see signature.SignedURL.
func (p *Place) TakesBasic() bool { return p.basic != nil }

// Check checks the credential of a request, and returns the label of the one that matched. The label's list is shared
// and must not be changed. It fails closed.
func (p *Place) Check(in *Input) (labels []string, f fault.Failure) {
	switch {
	case p.query != "":
		return p.checkQuery(in)
	case p.path != "":
		return p.checkPath(in)
	}
	values := in.Request.Header[p.header]
	if len(values) == 0 {
		return nil, fault.New(reason.MissingCredential, p.texts.missing)
	}
	// Fails closed: the guard and a proxy could read different ones of two headers.
	if len(values) > 1 {
		return nil, fault.New(reason.RepeatedHeader, p.texts.repeated)
	}
	value := values[0]
	// The limit comes before the hash, because the sender chooses the length.
	if len(value) > maxBytes {
		return nil, fault.New(reason.HeaderTooLarge, p.texts.tooLong)
	}
	if p.plain == nil {
		return p.checkAuthorization(in, value)
	}
	if value == "" {
		return nil, fault.New(reason.MissingCredential, p.texts.empty)
	}
	return p.plain.Check(in.Request.Context(), value, in)
}

const atProvider = ": see the URL that is registered at the provider"

// checkQuery checks a token in the query. It fails closed for a parameter that repeats. Refusals name
// the parameter and never its value: URLs get into the logs of every proxy as it is.
func (p *Place) checkQuery(in *Input) ([]string, fault.Failure) {
	value, n, err := httpfield.QueryValue(in.Request.URL.RawQuery, p.query)
	switch {
	case err != nil || n > 1:
		return nil, fault.New(reason.BadCredential,
			"the query holds the parameter "+p.query+" more than once, or is malformed"+atProvider)
	case value == "":
		return nil, fault.New(reason.MissingCredential,
			"the URL has no token in the parameter "+p.query+" of its query: add it to the URL that is registered "+
				"at the provider")
	case len(value) > maxBytes:
		return nil, fault.New(reason.BadCredential,
			"the token in the parameter "+p.query+" is longer than any credential"+atProvider)
	}
	return p.plain.Check(in.Request.Context(), value, in)
}

// checkPath checks a token in the path. An empty parameter usually means that the guard is not mounted
// on the route: it fails closed.
func (p *Place) checkPath(in *Input) ([]string, fault.Failure) {
	value := in.param(p.path)
	switch {
	case value == "":
		return nil, fault.New(reason.MissingCredential, "the route has no parameter "+p.path+
			", which holds the token, or it is empty: mount the guard on the route itself")
	case len(value) > maxBytes:
		return nil, fault.New(reason.BadCredential,
			"the token in the route's parameter "+p.path+" is longer than any credential"+atProvider)
	}
	return p.plain.Check(in.Request.Context(), value, in)
}

const (
	badBasic = "the Authorization header is not a well-formed Basic credential, which is base64 of user:password " +
		"(RFC 7617)"
	badBearer = "the Authorization header is not a well-formed Bearer credential, which is one word (RFC 6750)"
)

// checkAuthorization checks the Authorization header. The name of the scheme is case-insensitive (RFC
// 9110, section 11.1), and chooses one list: a Bearer token is never compared with Basic pairs.
func (p *Place) checkAuthorization(in *Input, value string) ([]string, fault.Failure) {
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case p.basic != nil && strings.EqualFold(scheme, "Basic"): //lint:notsecret the scheme's name is public
		var room [256]byte // more than most pairs need
		pair, ok := decodeBasic(room[:0], rest)
		if !ok {
			return nil, fault.New(reason.BadCredential, badBasic)
		}
		return p.basic.checkSum(in.Request.Context(), p.basic.ring.SumOfBytes(pair), in)
	case p.bearer != nil && strings.EqualFold(scheme, "Bearer"): //lint:notsecret the scheme's name is public
		// A comma would make it a list of credentials (RFC 9110, section 11.2), of which a proxy may
		// read another one.
		if rest == "" || strings.ContainsAny(rest, " \t,") {
			return nil, fault.New(reason.BadCredential, badBearer)
		}
		return p.bearer.Check(in.Request.Context(), rest, in)
	}
	return nil, fault.New(reason.BadCredential, p.otherScheme(scheme))
}

// otherScheme returns the detail of a refusal where the Authorization header is of another scheme. Its first word is
// quoted only where it is the name of a scheme: it may be the credential itself.
func (p *Place) otherScheme(came string) string {
	want := "Basic"
	if p.basic == nil {
		want = "Bearer"
	} else if p.bearer != nil {
		want = "Basic or Bearer"
	}
	for _, name := range [...]string{
		"Basic", "Bearer", "Digest", "Negotiate", "NTLM", "AWS4-HMAC-SHA256", "HMAC", "Token", "ApiKey",
	} {
		if strings.EqualFold(came, name) { //lint:notsecret the scheme's name is public
			return "the Authorization header is of the scheme " + name + ", and the endpoint expects " + want +
				": change the credential at the provider, or Credentials"
		}
	}
	return "the Authorization header names no scheme that is known, and the endpoint expects " + want +
		" and a credential behind it: change the credential at the provider, or Credentials"
}

// Remedy returns how a provider is given the credential of a header.
func (p *Place) Remedy() string {
	switch {
	case p.basic != nil:
		return "register the URL at the provider as https://user:password@host/path, or fill in its fields for " +
			"Basic authentication; " +
			"or remove the credential from Credentials"
	case p.bearer != nil:
		return "give the provider the token for its Authorization header, or remove it from Credentials"
	}
	return "let the provider send the header " + p.header + " with the token, or remove it from Credentials"
}
