package keys_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"

	"github.com/sallyport-go/sallyport/core/keys"
)

// Keys that a provider publishes as a JSON Web Key Set.
func ExampleJWKS() {
	source, err := keys.JWKS("https://www.googleapis.com/oauth2/v3/certs", []string{"RS256"}, keys.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = source.Close() }()
	// The guard asks source.Key(ctx, kid) once a delivery has shown a kid.
}

// Certificates that a delivery names by their URL, of one region of Amazon SNS.
func ExampleCertificates() {
	pin, err := keys.SNS("eu-west-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := keys.Certificates(pin, keys.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = source.Key(context.Background(),
		"https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem")
	fmt.Println(errors.Is(err, keys.ErrNotAllowed))
	// Output: true
}

// Keys of a sender of your own, each in a file that a delivery names by its URL. Nothing else is fetched.
func ExamplePin() {
	source, err := keys.PEM(keys.Pin{
		Hosts: []keys.Host{{Name: "keys.example.com"}},
		Path: keys.Path{
			Prefix: "/webhooks/", Alphabet: keys.AlphabetHex, MinName: 16, MaxName: 16, Suffix: ".pem",
		},
	}, keys.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = source.Close() }()
	_, err = source.Key(context.Background(), "https://keys.example.com/webhooks/latest.pem")
	fmt.Println(errors.Is(err, keys.ErrNotAllowed))
	// Output: true
}

// Keys at hand, for a receiver that may not or shall not fetch.
func ExampleStatic() {
	key, err := keys.ParsePEM([]byte(`-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`))
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := keys.Static(map[string]crypto.PublicKey{"2026-01": key})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = source.Key(context.Background(), "2025-12")
	fmt.Println(err)
	// Output: sallyport: unknown key: none of the 1 usable keys is called "2025-12"
}

// Through a proxy: the transport is the app's own, and so is then the care for where it connects.
func ExampleOptions_proxy() {
	transport := http.DefaultTransport.(*http.Transport).Clone() // with the proxy from the environment
	transport.DisableKeepAlives = true
	_, err := keys.JWKS("https://www.googleapis.com/oauth2/v3/certs", []string{"RS256"},
		keys.Options{RoundTripper: transport})
	fmt.Println(err)
	// Output: <nil>
}
