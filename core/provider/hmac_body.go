package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign the raw body and nothing else: their deliveries carry no time that could be trusted.

// GitHub is a repository, organization, app or enterprise webhook of GitHub.
//
// The secret is the one you chose for the webhook. The type (X-GitHub-Event) and the delivery's id come in headers that
// no signature covers. GitHub never retries by itself; a delivery is sent again by hand or through its API, with the
// same body, and is then a duplicate until it is forgotten.
//
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
func GitHub() core.Provider {
	return of(entry.Entry{
		Name: "github", Title: "GitHub", Confidence: "A",
		Addresses: "https://api.github.com/meta, the list hooks (sources.GitHub)",
		Docs:      "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Scheme:    prefixedHMAC("X-Hub-Signature-256"),
		Unsigned:  []string{"event type (X-GitHub-Event)", "delivery id (X-GitHub-Delivery)", "time"},
		Identity:  githubIdentity(),
		Event: entry.Event{
			ID: header("X-Github-Delivery"), Type: header("X-Github-Event"), Action: pointer("/action"),
			PayloadForm: "payload",
		},
		MaxBody: 25 << 20, NeverRetries: true, AckLimit: 10 * time.Second,
	})
}

// Shopify is a webhook of a Shopify app or shop. The secret is the app's client secret. Topic, shop and ids come in
// headers that no signature covers. Shopify retries for four hours, and removes a subscription that the Admin API made
// after eight failures in a row. Its review of an app wants a 401 for a wrong signature.
//
// https://shopify.dev/docs/apps/build/webhooks/subscribe/https
// https://shopify.dev/changelog/updates-to-webhook-retry-mechanism
func Shopify() core.Provider {
	return of(entry.Entry{
		Name: "shopify", Title: "Shopify", Confidence: "A",
		Docs:       "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
		SecretFrom: "the app's client secret, or the secret under Settings > Notifications > Webhooks",
		// The unprefixed names are newer, and Shopify's own SDK reads them first.
		Scheme: bodyHMAC(entry.Signature{Field: headers("Shopify-Hmac-Sha256", "X-Shopify-Hmac-Sha256"),
			Encoding: entry.Base64}),
		Unsigned: []string{"topic", "shop", "webhook id", "time"},
		// Several topics and shops are sent over one body, so both belong to every identity.
		Identity: entry.Identity{
			With: []string{"Shopify-Topic", "X-Shopify-Topic"}, Either: true, UnsignedTenant: true,
			// A retry has the id of the first attempt.
			Apart: []entry.Apart{{
				When:    []entry.Members{{Lacks: []string{"/updated_at"}}},
				Headers: []string{"Shopify-Webhook-Id", "X-Shopify-Webhook-Id"},
				Why: "those without `/updated_at`, such as `product_listings/remove`, or with fields left out by " +
					"`include_fields`",
			}},
		},
		Event: entry.Event{
			ID:       []entry.Value{{Header: "Shopify-Webhook-Id"}, {Header: "X-Shopify-Webhook-Id"}},
			Type:     []entry.Value{{Header: "Shopify-Topic"}, {Header: "X-Shopify-Topic"}},
			Time:     []entry.Value{{Header: "Shopify-Triggered-At"}, {Header: "X-Shopify-Triggered-At"}},
			Tenant:   []entry.Value{{Header: "Shopify-Shop-Domain"}, {Header: "X-Shopify-Shop-Domain"}},
			TimeUnit: entry.RFC3339,
		},
		RetryHorizon: 4 * time.Hour, AckLimit: 5 * time.Second, AuthStatus: 401,
	})
}

// tooLarge503 is for senders that never repeat what a 4xx answered, or all of them but 429.
func tooLarge503() entry.Answers { return entry.Answers{TooLarge: entry.Answer{Status: 503}} }

// whole says that the provider's secrets begin with a prefix that is a part of the key.
func whole(prefix string, s *entry.Scheme) *entry.Scheme {
	s.Key.Whole = prefix
	return s
}

func bodyHMAC(sig entry.Signature) *entry.Scheme {
	return &entry.Scheme{Algorithm: entry.HMACSHA256, Signature: sig, Signed: []entry.Part{entry.Body()}}
}

// hexHMAC is HMAC-SHA256 of the body in hexadecimal, without a prefix.
func hexHMAC(names ...string) *entry.Scheme {
	return bodyHMAC(entry.Signature{Field: headers(names...), Encoding: entry.Hex})
}

// base64HMAC is a header with the base64 of the HMAC-SHA256 of the body.
func base64HMAC(name string) *entry.Scheme {
	return bodyHMAC(entry.Signature{Field: headers(name), Encoding: entry.Base64})
}

// prefixedHMAC is a header "sha256=" and the hexadecimal HMAC-SHA256 of the body.
func prefixedHMAC(name string) *entry.Scheme {
	return bodyHMAC(entry.Signature{Field: headers(name), Prefix: "sha256=", Encoding: entry.Hex})
}

func bodyHMAC512(sig entry.Signature) *entry.Scheme {
	s := bodyHMAC(sig)
	s.Algorithm = entry.HMACSHA512
	return s
}
