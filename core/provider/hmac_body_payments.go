package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Payments and commerce that sign the raw body and nothing else.

// WooCommerce is a webhook of a WooCommerce shop. The secret is the one you chose for the webhook; without the
// characters & < > " ', which WordPress may rewrite.
//
// A delivery is sent once. More than five failures in a row disable the webhook. The form "webhook_id=..." that a shop
// posts when a webhook is saved is unsigned, and is answered without being an event.
//
// https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks
// https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php
func WooCommerce() core.Provider {
	return of(entry.Entry{
		Name: "woocommerce", Title: "WooCommerce", Confidence: "A",
		Docs:     "https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks",
		Scheme:   base64HMAC("X-Wc-Webhook-Signature"),
		Unsigned: []string{"topic", "shop (X-WC-Webhook-Source)", "delivery id"},
		// Several topics and shops are sent over one body, so both belong to every identity.
		Identity: entry.Identity{
			With: []string{"X-Wc-Webhook-Topic"}, UnsignedTenant: true,
			Apart: []entry.Apart{{
				When:    []entry.Members{{Lacks: []string{"/date_modified"}}},
				Headers: []string{"X-Wc-Webhook-Delivery-Id"},
				Why:     "those without `/date_modified`: hooks of WordPress (`action.*`) and what was deleted",
			}},
		},
		Event: entry.Event{
			ID: header("X-Wc-Webhook-Delivery-Id"), Type: header("X-Wc-Webhook-Topic"),
			Tenant: header("X-Wc-Webhook-Source"),
		},
		Handshakes: []entry.Handshake{{
			Method: "POST", Unsigned: true, WhenForm: "webhook_id", Grammar: entry.Token,
			When: "when the webhook is saved",
		}},
		NeverRetries: true, AckLimit: time.Minute,
	})
}

// LemonSqueezy is a webhook of a Lemon Squeezy store. The secret is the signing secret you chose, of 6 to 40
// characters, of which 16 are the least that is accepted here. A delivery is repeated up to three times, for example
// after 5, 25 and 125 seconds.
//
// https://docs.lemonsqueezy.com/help/webhooks/signing-requests
// https://docs.lemonsqueezy.com/help/webhooks/webhook-requests
func LemonSqueezy() core.Provider {
	return of(entry.Entry{
		Name: "lemon-squeezy", Title: "Lemon Squeezy", Confidence: "A",
		Docs:         "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
		Scheme:       hexHMAC("X-Signature"),
		Unsigned:     []string{"event name in its header (X-Event-Name); the body's is used"},
		Event:        entry.Event{Type: pointer("/meta/event_name"), Data: "/data"},
		RetryHorizon: 3 * time.Minute,
	})
}

// Razorpay is a webhook of a Razorpay account. The secret is the one you chose for the webhook; after a change of the
// secret, older events are still signed with the old one, so keep both. Razorpay retries for 24 hours, and then
// disables the webhook.
//
// https://razorpay.com/docs/webhooks/validate-test/
// https://razorpay.com/docs/webhooks/best-practices
func Razorpay() core.Provider {
	return of(entry.Entry{
		Name: "razorpay", Title: "Razorpay", Confidence: "A",
		Docs:     "https://razorpay.com/docs/webhooks/validate-test/",
		Scheme:   hexHMAC("X-Razorpay-Signature"),
		Unsigned: []string{"event id (X-Razorpay-Event-Id)"},
		Event: entry.Event{
			ID: header("X-Razorpay-Event-Id"), Type: pointer("/event"), Time: pointer("/created_at"), Data: "/payload",
		},
		RetryHorizon: 24 * time.Hour, AckLimit: 5 * time.Second,
	})
}

// Paystack is Paystack's webhooks, signed with the account's secret key. Paystack's samples of 2026 also show a header
// with a timestamp and key ids ("t=...,v1=...:..."); that form is not read here, and is refused.
//
// https://paystack.com/docs/payments/webhooks/#signature-validation
// https://github.com/PaystackOSS/doc-code-snippets/tree/main/src/doc/payments/webhooks
func Paystack() core.Provider {
	return of(entry.Entry{
		Name: "paystack", Title: "Paystack", Confidence: "A",
		SignsWith:  []string{"sk_live_", "sk_test_"},
		Docs:       "https://paystack.com/docs/payments/webhooks/#signature-validation",
		SecretFrom: "Settings > API Keys & Webhooks > Secret Key",
		Scheme:     bodyHMAC512(entry.Signature{Field: headers("X-Paystack-Signature"), Encoding: entry.Hex}),
		Event:      entry.Event{Type: pointer("/event"), Data: "/data"},
		// In live mode four times three minutes apart, and then hourly.
		RetryHorizon: 72 * time.Hour,
	})
}

// CoinbaseCommerce is Coinbase Commerce's webhooks. The body names the attempt, so that an event is remembered by its
// id and not by the body. Coinbase retries for up to three days.
//
// https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-security
// https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview
func CoinbaseCommerce() core.Provider {
	return of(entry.Entry{
		Name: "coinbase-commerce", Title: "Coinbase Commerce", Confidence: "A",
		Docs:       "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-security",
		SecretFrom: "Settings > Notifications > Webhook subscriptions > Show shared secret",
		Scheme:     hexHMAC("X-Cc-Webhook-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/event/id"},
		Event: entry.Event{
			ID: pointer("/event/id"), Type: pointer("/event/type"), Time: pointer("/event/created_at"),
			TimeUnit: entry.RFC3339,
			Attempt:  pointer("/attempt_number"), Data: "/event/data",
		},
		RetryHorizon: 72 * time.Hour,
	})
}

// Mollie is Mollie's next-generation webhooks. Classic webhooks, which post the form "id=tr_..." and sign nothing, are
// refused: whoever knows the URL can send one. Create a next-generation webhook in the dashboard; or use [Basic]
// without Secrets, with core.QueryToken as one of Credentials, and trust only what Mollie's API says of the id.
//
// While a signing secret is being replaced Mollie sends the signature's header once for each.
//
// https://github.com/mollie/mollie-api-php/blob/master/docs/webhooks.md
func Mollie() core.Provider {
	return of(entry.Entry{
		Name: "mollie", Title: "Mollie", Confidence: "A",
		Docs:       "https://github.com/mollie/mollie-api-php/blob/master/docs/webhooks.md",
		SecretFrom: "the webhook's signing secret, shown once when it is created",
		Scheme: bodyHMAC(entry.Signature{Field: headers("X-Mollie-Signature"), Prefix: "sha256=",
			Encoding: entry.Hex, Repeats: true}),
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/createdAt"),
			TimeUnit: entry.RFC3339},
	})
}

// GoCardless is GoCardless's webhooks, which carry several events. A delivery is sent again up to eight times, whole.
//
// https://developer.gocardless.com/getting-started/partners/staying-up-to-date-with-webhooks/
// https://support.gocardless.com/hc/en-nz/articles/360000989989-Webhook-retries-failures
func GoCardless() core.Provider {
	return of(entry.Entry{
		Name: "gocardless", Title: "GoCardless", Confidence: "A",
		Docs:       "https://developer.gocardless.com/getting-started/partners/staying-up-to-date-with-webhooks/",
		SecretFrom: "Developers > the webhook endpoint > Secret",
		Scheme:     hexHMAC("Webhook-Signature"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/resource_type"), Action: pointer("/action"),
			Time:     pointer("/created_at"),
			TimeUnit: entry.RFC3339,
		},
		Batch:    &entry.Batch{Pointer: "/events"},
		AckLimit: 10 * time.Second,
	})
}

// ModernTreasury is Modern Treasury's webhooks. Topic and webhook id come in headers that no signature covers.
//
// https://docs.moderntreasury.com/reference/webhooks
func ModernTreasury() core.Provider {
	return of(entry.Entry{
		Name: "modern-treasury", Title: "Modern Treasury", Confidence: "A",
		Docs:       "https://docs.moderntreasury.com/reference/webhooks",
		SecretFrom: "Developers > Webhooks > the webhook key",
		Scheme:     hexHMAC("X-Signature"),
		Unsigned:   []string{"topic (X-Topic)", "webhook id (X-Webhook-ID)"},
		Event: entry.Event{
			ID:   []entry.Value{{Header: "X-Webhook-Id"}, {Header: "X-Event-Id"}},
			Type: header("X-Topic"), Action: pointer("/event"), Data: "/data",
		},
		AckLimit: 5 * time.Second,
	})
}

// CheckoutCom is Checkout.com's webhooks with a signature key. An Authorization header key, where you configured one as
// well, is sent as it is: add core.HeaderToken("Authorization", ...) to the Credentials.
//
// https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver
func CheckoutCom() core.Provider {
	return of(entry.Entry{
		Name: "checkout-com", Title: "Checkout.com", Confidence: "B",
		Docs:   "https://www.checkout.com/docs/workflows/set-up-your-webhook-receiver",
		Scheme: hexHMAC("Cko-Signature"),
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created_on"),
			TimeUnit: entry.RFC3339, Data: "/data"},
	})
}

// Maxio is the webhooks of Maxio Advanced Billing, which was Chargify. The secret is the site's shared key. A
// delivery is a form, whose field id stays the same when it is sent again, also by hand. Maxio makes five attempts
// within five minutes; the MD5 in X-Chargify-Webhook-Signature is never read.
//
// https://docs.maxio.com/hc/en-us/articles/24266136649869-Webhooks-Reference
func Maxio() core.Provider {
	return of(entry.Entry{
		Name: "maxio", Title: "Maxio Advanced Billing", Confidence: "B",
		Docs:       "https://docs.maxio.com/hc/en-us/articles/24266136649869-Webhooks-Reference",
		SecretFrom: "Config > Integrations > the site's shared key",
		Scheme:     hexHMAC("X-Chargify-Webhook-Signature-Hmac-Sha-256"),
		Unsigned:   []string{"webhook id (X-Chargify-Webhook-Id), which the body has too"},
		Event:      entry.Event{ID: []entry.Value{{Form: "id"}}, Type: []entry.Value{{Form: "event"}}},
		// five attempts, of which each may wait for its answer
		RetryHorizon: 10 * time.Minute, AckLimit: 15 * time.Second,
	})
}

// AdyenPlatform is Adyen's webhooks that sign the whole body: balance platform, management, transfers and the like. The
// secret is the HMAC key, in hexadecimal.
//
// https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures
func AdyenPlatform() core.Provider {
	return of(entry.Entry{
		Name: "adyen-platform", Title: "Adyen (platform and management webhooks)", Confidence: "A",
		Docs:       "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
		SecretFrom: "Developers > Webhooks > the webhook > Security > HMAC key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Encoding: entry.Hex},
			Signature: entry.Signature{Field: headers("Hmacsignature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Event: entry.Event{
			Type: pointer("/type"), Time: []entry.Value{{JSON: "/timestamp"}, {JSON: "/createdAt"}},
			TimeUnit: entry.RFC3339, Data: "/data",
		},
		RetryHorizon: adyenHorizon, LastQuickRetry: adyenQuickRetry, AckLimit: adyenAckLimit, // as for [Adyen]
	})
}

// AuthorizeNet is the webhooks of Authorize.net. The secret is the account's Signature Key: 128 hexadecimal digits,
// whose text is the key and not what they decode to.
//
// https://developer.authorize.net/api/reference/features/webhooks.html
func AuthorizeNet() core.Provider {
	return of(entry.Entry{
		Name: "authorize-net", Title: "Authorize.net", Confidence: "B",
		Docs:       "https://developer.authorize.net/api/reference/features/webhooks.html",
		SecretFrom: "Account > Settings > API Credentials and Keys > New Signature Key",
		Scheme: bodyHMAC512(entry.Signature{Field: headers("X-ANET-Signature"), Prefix: "sha512=",
			Encoding: entry.Hex}),
		Unsigned: []string{"request id (X-Request-Id)"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/notificationId"},
		Event: entry.Event{
			ID: pointer("/notificationId"), Type: pointer("/eventType"), Time: pointer("/eventDate"),
			TimeUnit: entry.RFC3339, Data: "/payload",
		},
	})
}
