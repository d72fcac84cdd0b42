package keys

import (
	"fmt"
	"strings"
)

// Kinde returns the source of the keys of one Kinde business, for jws.Kinde. The domain is the business's own:
// "acme.kinde.com", or a custom domain. Its keys are what says that a webhook is this business's.
//
// https://docs.kinde.com/integrate/webhooks/about-webhooks/
func Kinde(domain string, o Options) (*Remote, error) {
	if domain == "" || strings.ContainsAny(domain, "/:@?#% ") || !strings.Contains(domain, ".") {
		return nil, fmt.Errorf("sallyport: keys: %s is not a domain such as acme.kinde.com", quote(domain))
	}
	return JWKS("https://"+domain+"/.well-known/jwks", []string{"RS256"}, o)
}

// ConstantContact returns the source of the keys that Constant Contact signs webhooks with, for jws.ConstantContact.
//
// https://developer.constantcontact.com/api_guide/webhook_authenticity.html
func ConstantContact(o Options) (*Remote, error) {
	return JWKS("https://developer.constantcontact.com/.well-known/jwks.json", []string{"RS256"}, o)
}

// Fireblocks returns the source of the keys that Fireblocks signs webhooks with in one environment, for jws.Fireblocks:
// "us", "eu", "eu2" or "sandbox".
//
// https://developers.fireblocks.com/reference/validating-webhooks
func Fireblocks(environment string, o Options) (*Remote, error) {
	host := ""
	switch environment {
	case "us":
		host = "keys.fireblocks.io"
	case "eu", "eu2", "sandbox":
		host = environment + "-keys.fireblocks.io"
	default:
		return nil, fmt.Errorf("sallyport: keys: %s is not an environment of Fireblocks: us, eu, eu2 or sandbox",
			quote(environment))
	}
	return JWKS("https://"+host+"/.well-known/jwks.json", []string{"RS512"}, o)
}

// TrueLayer returns the source of the keys that TrueLayer signs webhooks with, in production or in the sandbox, for
// jws.TrueLayer.
//
// https://github.com/TrueLayer/truelayer-signing
func TrueLayer(sandbox bool, o Options) (*Remote, error) {
	url := "https://webhooks.truelayer.com/.well-known/jwks"
	if sandbox {
		url = "https://webhooks.truelayer-sandbox.com/.well-known/jwks"
	}
	return JWKS(url, []string{"ES512"}, o)
}
