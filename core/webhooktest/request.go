// Package webhooktest makes deliveries as providers send them, for tests of the code that receives them.
//
//	stripe := webhooktest.NewSender(provider.Stripe())
//	router := newRouter(stripe.Secret()) // the app's own function; the secret goes to core.Config.Secrets
//	for _, sample := range stripe.Samples() {
//		require.Equal(t, 200, stripe.Send(router, "/webhooks/stripe", sample).Code)
//	}
//
// # Which function for which test
//
//	Event       a test of a receiver, which is a function: the event to call it with
//	Tx          a test of a receiver that writes: a context with a transaction that is rolled back
//	Sender      a test of the whole app: guard, route and receivers
//	Sign        a test with a request of your own; NewRequest makes a simple one
//	Fake        a test of a handler after the guard
//
// # Limits
//
// Samples are made up after the providers' documentation; a few providers have none. The signatures are computed apart
// from the guard's own code, so a test does not only compare the guard with itself.
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

// NewRequest makes a signed POST with a JSON body, in the way of httptest.NewRequest. A target that is a path stands
// for https on example.com, because guards refuse plain HTTP. It panics if [Sign] fails. For other headers, such as a
// type or another Content-Type, make the request yourself and Sign it.
func NewRequest[B string | []byte](p core.Provider, secret, target string, body B, at time.Time) *http.Request {
	if strings.HasPrefix(target, "/") { // httptest would make it plain HTTP
		target = "https://example.com" + target
	}
	r := httptest.NewRequest(http.MethodPost, target, bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/json")
	if err := Sign(r, p, secret, at); err != nil {
		panic(err)
	}
	return r
}

// Sign signs a request in place as the provider would. secret is the secret as the provider's dashboard shows it. For a
// provider that signs with a key pair it is the private key of [KeyPair]. at is the time of the attempt.
//
// It reads the body and restores it, and changes the request where the provider's form needs it:
//
//   - A signature in the body (Mailgun) is written into the JSON object or the form. Members may change their order.
//     Signed fields that are missing are made up.
//   - For a provider that sends only forms, a JSON body becomes the field of a form.
//   - Where the provider writes the body's digest into the URL (Twilio), the URL gets it.
//   - An id that the scheme signs is kept if it is set, and otherwise made up. Sign twice with one id for a retry.
//   - A provider with a credential and no signature gets the credential, for Basic "user:password".
//
// Where the URL is signed it is the request's own. It must be the one that the provider is configured with.
func Sign(r *http.Request, p core.Provider, secret string, at time.Time) error {
	return sign.Request(r, p, secret, at)
}

// KeyPair makes keys for a provider that signs with a key pair: the public key as the provider shows it, for
// core.Config.Secrets, and the private key for [Sign]. Each call makes a new pair, which is slow for RSA. It panics for
// a provider that signs with a secret.
func KeyPair(p core.Provider) (public, private string) { return sign.KeyPair(p) }
