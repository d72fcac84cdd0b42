package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"

	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

const (
	audience = "https://example.com/hooks"
	account  = "push@project.iam.gserviceaccount.com"
)

// ofTokens is what a token costs in addition to its signature.
const ofTokens = "base64 and two objects of JSON count, which are read strictly: a member that comes twice is " +
	"refused (law 7)"

// benchTokens has what is signed by a public key, or by a token.
func benchTokens(s settings, w io.Writer) error {
	fmt.Fprint(w, `## Public keys and tokens

The floor is the operation of the signature, over bytes and under a key that are ready, with the hash of the body where a
token holds it. Of RFC 9421 there is no row of a library: those that were tried cannot be had from the module proxy.

`)
	special := append(append(publicTargets(), tokenTargets()...), messageTargets()...)
	for i := range special {
		t := &special[i]
		figures, err := t.table(s, w, 1<<10, false)
		if err != nil {
			return err
		}
		if f := find(figures, proof); t.public {
			s.goals.hold(t.name, "× the plain operation", f.median/figures[0].median, 1.05)
			most := 10.0
			if t.fields {
				most = 40
			}
			s.goals.hold(t.name, "allocations more than it", whole(f.allocs)-whole(figures[0].allocs), most)
			s.goals.because(2, t.why)
		}
	}
	return nil
}

// bareToken is the operation of a token's signature alone, and the hash of the body.
func bareToken(text string, key any, hashed bool, body []byte) func() {
	text = text[strings.IndexByte(text, ' ')+1:]
	last := strings.LastIndexByte(text, '.')
	signature, err := base64.RawURLEncoding.DecodeString(text[last+1:])
	must(err)
	input := []byte(text[:last])
	verify := bare(key, input, signature)
	return func() {
		if !verify() {
			panic(errForged)
		}
		if hashed {
			sha256.Sum256(body)
		}
	}
}

// bare judges a signature whose two numbers, where it has some, stand one after the other.
func bare(key any, input, signature []byte) func() bool {
	switch key := key.(type) {
	case []byte:
		h := hmac.New(sha256.New, key)
		var room [sha256.Size]byte
		return func() bool {
			h.Reset()
			_, _ = h.Write(input)
			return hmac.Equal(h.Sum(room[:0]), signature)
		}
	case ed25519.PublicKey:
		return func() bool { return ed25519.Verify(key, input, signature) }
	case *rsa.PublicKey:
		return func() bool {
			sum := sha256.Sum256(input)
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
		}
	case *ecdsa.PublicKey:
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]),
			new(big.Int).SetBytes(signature[32:])})
		must(err)
		return func() bool {
			sum := sha256.Sum256(input)
			return ecdsa.VerifyASN1(key, sum[:], der)
		}
	}
	panic("no such key")
}

func publicKey(text string) any {
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	must(err)
	return key
}

// tokenTargets are tokens over the body's digest, by a secret and by a key, and a token that says who sent it.
func tokenTargets() []target {
	plaidPublic, plaidPrivate := webhooktest.KeyPair(jwt.Plaid())
	google := jwt.GooglePubSub(jwt.GoogleConfig{Audience: audience, ServiceAccounts: []string{account}})
	googlePublic, googlePrivate := webhooktest.KeyPair(google)
	plaidKey, googleKey := publicKey(plaidPublic), publicKey(googlePublic)
	spoil := func(header string) func(*request) {
		return func(r *request) {
			text := []byte(r.Header.Get(header))
			at := strings.LastIndexByte(string(text), '.') + 3
			if text[at] != 'A' {
				text[at] = 'A'
			} else {
				text[at] = 'B'
			}
			r.Header.Set(header, string(text))
		}
	}
	return []target{
		{
			name: "Netlify (JWT, HS256, over the body's digest)", public: true,
			why: "next to a MAC of a microsecond, " + ofTokens, p: jwt.Netlify(), secret: plainSecret,
			floor: func(r *request) func() {
				return bareToken(r.Header.Get("X-Webhook-Signature"), []byte(plainSecret), true, r.body)
			},
			peers: []peer{
				{"golang-jwt Parse, and the digest",
					byGolangJWT("X-Webhook-Signature", []byte(plainSecret), "sha256",
						gojwt.WithValidMethods([]string{"HS256"}), gojwt.WithIssuer("netlify"))},
				{"jwx Parse, and the digest",
					byJWX("X-Webhook-Signature", jwa.HS256(), []byte(plainSecret), "sha256",
						jwxjwt.WithIssuer("netlify"))},
			},
		},
		{
			name: "Plaid (JWT, ES256, over the body's digest)", public: true, why: ofTokens, p: jwt.Plaid(),
			secret: plaidPublic, private: plaidPrivate,
			floor: func(r *request) func() {
				return bareToken(r.Header.Get("Plaid-Verification"), plaidKey, true,
					r.body)
			},
			peers: []peer{
				{"golang-jwt Parse, and the digest",
					byGolangJWT("Plaid-Verification", plaidKey, "request_body_sha256",
						gojwt.WithValidMethods([]string{"ES256"}))},
				{"jwx Parse, and the digest",
					byJWX("Plaid-Verification", jwa.ES256(), plaidKey, "request_body_sha256")},
			},
		},
		{
			name: "Google Pub/Sub (JWT, RS256, says who sent it)", public: true, why: ofTokens, p: google,
			secret: googlePublic, private: googlePrivate,
			spoil: spoil("Authorization"),
			floor: func(r *request) func() { return bareToken(r.Header.Get("Authorization"), googleKey, false, nil) },
			peers: []peer{
				{"golang-jwt Parse", byGolangJWT("Authorization", googleKey, "",
					gojwt.WithValidMethods([]string{"RS256"}), gojwt.WithIssuer("https://accounts.google.com"),
					gojwt.WithAudience(audience))},
				{"jwx Parse", byJWX("Authorization", jwa.RS256(), googleKey, "",
					jwxjwt.WithIssuer("https://accounts.google.com"), jwxjwt.WithAudience(audience))},
			},
		},
	}
}

// byGolangJWT compares the claim that is the hash of the body, where a token has one.
func byGolangJWT(header string, key any, hash string, options ...gojwt.ParserOption) func(*http.Request, []byte) error {
	parser := gojwt.NewParser(options...)
	return func(r *http.Request, body []byte) error {
		token, err := parser.Parse(bearer(r, header), func(*gojwt.Token) (any, error) { return key, nil })
		if err != nil || hash == "" {
			return err
		}
		claims, _ := token.Claims.(gojwt.MapClaims)
		text, _ := claims[hash].(string)
		return sameHash(text, body)
	}
}

func byJWX(
	header string, alg jwa.SignatureAlgorithm, key any, hash string, options ...jwxjwt.ParseOption,
) func(*http.Request, []byte) error {
	options = append(options, jwxjwt.WithKey(alg, key))
	return func(r *http.Request, body []byte) error {
		token, err := jwxjwt.Parse([]byte(bearer(r, header)), options...)
		if err != nil || hash == "" {
			return err
		}
		var text string
		if err := token.Get(hash, &text); err != nil {
			return err
		}
		return sameHash(text, body)
	}
}

func bearer(r *http.Request, header string) string {
	return strings.TrimPrefix(r.Header.Get(header), "Bearer ")
}

func sameHash(text string, body []byte) error {
	sum := sha256.Sum256(body)
	if !hmac.Equal([]byte(text), []byte(hex.EncodeToString(sum[:]))) {
		return errForged
	}
	return nil
}

// messageTargets are HTTP Message Signatures over the digest of the body. The floor is given the signed text.
func messageTargets() []target {
	of := func(name string, alg httpsig.Algorithm) target {
		p := httpsig.RFC9421(httpsig.Config{Algorithm: alg, Components: []string{"content-digest", "content-type"},
			DangerouslyLeaveUncovered: true})
		t := target{name: name, public: alg != httpsig.HMACSHA256, fields: true, why: "the library of structured " +
			"fields returns a tree: an object for each dictionary, component and value", p: p, secret: plainSecret}
		var key any = []byte(plainSecret)
		if alg != httpsig.HMACSHA256 {
			t.secret, t.private = webhooktest.KeyPair(p)
			key = publicKey(t.secret)
		}
		t.floor = func(r *request) func() {
			_, params, _ := strings.Cut(r.Header.Get("Signature-Input"), "=")
			base := "\"content-digest\": " + r.Header.Get("Content-Digest") +
				"\n\"content-type\": " + r.Header.Get("Content-Type") + "\n\"@signature-params\": " + params
			_, text, _ := strings.Cut(r.Header.Get("Signature"), ":")
			signature, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, ":"))
			must(err)
			verify := bare(key, []byte(base), signature)
			return func() {
				if !verify() {
					panic(errForged)
				}
				sha256.Sum256(r.body)
			}
		}
		return t
	}
	return []target{
		of("HTTP Message Signature (HMAC-SHA-256)", httpsig.HMACSHA256),
		of("HTTP Message Signature (Ed25519)", httpsig.Ed25519),
		of("HTTP Message Signature (ECDSA P-256)", httpsig.ECDSAP256SHA256),
	}
}
