// Package webhooktest makes deliveries as providers send them, for tests of the code that receives them.
//
// A receiver is a function: [Event] makes the event to call it with, and [Tx] a context whose transaction is rolled back.
// A [Sender] sends what a provider sends through the whole app: guard, route and receivers. [Sign] and [NewRequest] sign
// a request of your own, and [Fake] makes one that a guard has proved.
package webhooktest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// NewRequest makes a signed POST of a JSON body, as httptest.NewRequest makes one. A target that is a path means https
// on example.com, because guards refuse plain HTTP; write "http://..." for that. It panics where [Sign] fails. For
// other headers, such as a type or another Content-Type, make the request yourself and Sign it.
func NewRequest[B string | []byte](p core.Provider, secret, target string, body B, at time.Time) *http.Request {
	if strings.HasPrefix(target, "/") {
		target = "https://example.com" + target
	}
	r := httptest.NewRequest(http.MethodPost, target, bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/json")
	if err := Sign(r, p, secret, at); err != nil {
		panic(err)
	}
	return r
}

// Sign signs a request in place as the provider would, with the secret as the provider's dashboard shows it, or, for a
// provider that signs with a key pair, with the private key of [KeyPair], and the time of the attempt. It reads the
// body and puts it back; for a provider that signs in the body (Mailgun) it writes the signature into the JSON object
// or the form, whose members may change their order, and makes up signed fields that are missing. A JSON body becomes
// the field of a form where the provider sends forms only, and the URL gets the body's digest where the provider puts
// it there (Twilio). An id that the scheme signs is kept where it is set, and made up where it is not: sign twice with
// one id for a retry. Credential-only providers get their credential, Basic as "user:password". Where the URL is signed
// it is the request's own; give it as the provider knows it.
func Sign(r *http.Request, p core.Provider, secret string, at time.Time) error {
	return sign.Request(r, p, secret, at)
}

// KeyPair makes keys for a provider that signs with a key pair: the public key as the provider shows it, for
// core.Config.Secrets, and the private key for [Sign]. It panics for a provider that signs with a secret only. A pair
// is made anew each time; one of RSA takes a moment.
func KeyPair(p core.Provider) (public, private string) { return sign.KeyPair(p) }
