package interop_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/sallyport-go/sallyport/core"
)

// bearer is a sender's token, as its documentation tells users of a JWT library to check it.
type bearer struct {
	provider  core.Provider
	header    string
	scheme    string // before the token
	algorithm jwa.SignatureAlgorithm
	url       string
	covers    bool // the body

	claims  func(body []byte, at time.Time) map[string]any // as the sender makes them
	options []jwt.ValidateOption                           // as the documentation has them checked
	check   func(c jwt.Token, body []byte) bool            // what no option of the library checks; nil: nothing

	differences []difference
}

func (b bearer) peer() peer {
	keys := sampleSecrets()
	if b.pair() {
		keys = keyPairs(b.provider)
	}
	return peer{
		name: "jwx Parse for " + b.provider.Name(), provider: b.provider, url: b.url, keys: keys,
		unsignedBody: !b.covers,
		verify:       b.verify,
		sign: func(r *http.Request, body []byte, secret string, at time.Time) error {
			claims, err := json.Marshal(b.claims(body, at))
			if err != nil {
				return err
			}
			text, err := b.token(b.algorithm, secret, claims, nil)
			r.Header.Set(b.header, b.scheme+text)
			return err
		},
		changes: b.forgeries(keys[0]), differences: slices.Concat(b.usual(), b.differences),
	}
}

func (b bearer) verify(r *http.Request, body []byte, secret string) error {
	text, ok := strings.CutPrefix(r.Header.Get(b.header), b.scheme)
	if !ok {
		return errRefused
	}
	key, err := b.key(b.algorithm, secret)
	if err != nil {
		return err
	}
	options := []jwt.ParseOption{jwt.WithKey(b.algorithm, key), jwt.WithAcceptableSkew(30 * time.Second)}
	for _, o := range b.options {
		options = append(options, o)
	}
	c, err := jwt.ParseString(text, options...)
	if err != nil {
		return err
	}
	return truth(b.check == nil || b.check(c, body), nil)
}

// pair says that a key pair signs, and not a secret.
func (b bearer) pair() bool { return b.algorithm != jwa.HS256() }

// key is a secret as it is, or a key in PEM.
func (b bearer) key(a jwa.SignatureAlgorithm, text string) (any, error) {
	if strings.HasPrefix(a.String(), "HS") {
		return []byte(text), nil
	}
	return jwk.ParseKey([]byte(text), jwk.WithPEM(true))
}

// token has the library sign claims as they are written.
func (b bearer) token(a jwa.SignatureAlgorithm, secret string, claims []byte, header map[string]any) (string, error) {
	key, err := b.key(a, secret)
	if err != nil {
		return "", err
	}
	h := jws.NewHeaders()
	all := map[string]any{"typ": "JWT"}
	if b.pair() {
		all["kid"] = "test-key"
	}
	maps.Copy(all, header)
	for name, value := range all {
		if err := h.Set(name, value); err != nil {
			return "", err
		}
	}
	signed, err := jws.Sign(claims, jws.WithKey(a, key, jws.WithProtectedHeaders(h)))
	return string(signed), err
}

// forgeries are tokens that the sender does not make.
func (b bearer) forgeries(k key) []change {
	var all []change
	add := func(name string, want verdict, make func(body []byte) string) {
		all = append(all, change{name, want, func(d *delivery) { d.header.Set(b.header, b.scheme+make(d.body)) }})
	}
	// signed is signed with the sender's own key.
	signed := func(name string, want verdict, edit func(claims map[string]any), header map[string]any) {
		add(name, want, func(body []byte) string {
			claims := b.claims(body, time.Now())
			if edit != nil {
				edit(claims)
			}
			text, err := json.Marshal(claims)
			if err != nil {
				return err.Error()
			}
			return must(b.token(b.algorithm, k.signing, text, header))
		})
	}
	signed("as the sender makes it", accept, nil, nil)
	signed("a header that names a set of keys", "", nil, map[string]any{"jku": "https://example.com/keys"})
	signed("a header that names a certificate", "", nil, map[string]any{"x5u": "https://example.com/certificate"})
	signed("a header that wants something understood", refuse, nil,
		map[string]any{"crit": []string{"x-own"}, "x-own": 1})
	for name, other := range map[string]any{"iss": "somebody else", "aud": "https://example.com/elsewhere",
		"email": "a@b.iam.gserviceaccount.com", "email_verified": false} {
		if _, has := b.claims(nil, time.Now())[name]; has {
			signed("another "+name, refuse, func(c map[string]any) { c[name] = other }, nil)
			signed("no "+name, refuse, func(c map[string]any) { delete(c, name) }, nil)
		}
	}
	if _, has := b.claims(nil, time.Now())["aud"]; has {
		signed("an audience in a list", accept,
			func(c map[string]any) { c["aud"] = []string{"https://example.com/elsewhere", hooksURL} }, nil)
	}
	signed("expired an hour ago", refuse, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, nil)
	signed("valid in an hour", refuse, func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }, nil)
	signed("an expiry that is a word", refuse, func(c map[string]any) { c["exp"] = "never" }, nil)
	signed("an expiry with a fraction", "",
		func(c map[string]any) { c["exp"] = float64(time.Now().Add(time.Minute).Unix()) + 0.5 }, nil)
	claims := func(body []byte) []byte {
		text, _ := json.Marshal(b.claims(body, time.Now())) // maps of texts and numbers
		return text
	}
	add("a member twice", "", func(body []byte) string {
		text := strings.Replace(string(claims(body)), "{", `{"jti":"1","jti":"2",`, 1)
		return must(b.token(b.algorithm, k.signing, []byte(text), nil))
	})
	add("no algorithm", refuse, func(body []byte) string {
		return raw64(`{"alg":"none"}`) + "." + raw64(string(claims(body))) + "."
	})
	// For a pair it is the classic forgery: the public key taken for a secret.
	hmac := jwa.HS512()
	if b.pair() {
		hmac = jwa.HS256()
	}
	add("another HMAC under what is configured", "", func(body []byte) string {
		return must(b.token(hmac, k.configured, claims(body), nil))
	})
	add("padding", refuse, func(body []byte) string {
		return must(b.token(b.algorithm, k.signing, claims(body), nil)) + "="
	})
	return all
}

// usual are the differences that every row has.
func (b bearer) usual() []difference {
	header := http.CanonicalHeaderKey(b.header)
	in := []string{header + ": a space after"}
	if b.scheme == "" {
		in = append(in, header+": a space before")
	}
	all := []difference{
		repeated(header),
		{in, refuse, "the library cuts spaces off; a token has none, and net/http has cut off those around it"},
		{[]string{"a header that names a set of keys", "a header that names a certificate"}, refuse,
			"the library leaves them unread; a sender that names keys elsewhere is none of ours"},
		{[]string{"a member twice"}, refuse, "the library reads the last; another reader may read the first"},
		{[]string{"an expiry with a fraction"}, refuse, "the senders write whole seconds: one form only"},
	}
	if !b.pair() {
		all = append(all, difference{[]string{"padding"}, refuse,
			"the library reads base64 of all kinds; a JWT's has no padding"})
	}
	if _, timed := b.claims(nil, time.Now())["iat"]; timed {
		all = append(all, difference{[]string{"signed 4 minutes ahead"}, accept,
			"the guard's window is as wide before now as after, and the library was given 30 seconds"})
	}
	return all
}

func must(text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return text
}

func raw64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func claim(c jwt.Token, name string) string {
	var text string
	_ = c.Get(name, &text) // empty: it is not there
	return text
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
