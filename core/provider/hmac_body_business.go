package provider

import (
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Commerce, finance and business services that sign the raw body and nothing else.

// AfterShip is the webhooks of AfterShip Tracking. Its other products sign in headers of other names, and are refused.
//
// https://www.aftership.com/docs/tracking/webhook/webhook-signature
func AfterShip() core.Provider {
	return of(entry.Entry{
		Name: "aftership", Title: "AfterShip Tracking", Confidence: "B",
		Docs:       "https://www.aftership.com/docs/tracking/webhook/webhook-signature",
		SecretFrom: "Settings > Notifications > Webhooks > Webhook secret",
		Scheme:     base64HMAC("aftership-hmac-sha256"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event:      entry.Event{ID: pointer("/event_id"), Type: pointer("/event"), Time: pointer("/ts"), Data: "/msg"},
	})
}

// Bolt is the webhooks of Bolt. Hooks that come with a GET sign their query, as it is sent, in place of a body.
//
// https://github.com/BoltApp/bolt-magento2/blob/master/Helper/Hook.php
func Bolt() core.Provider {
	return of(entry.Entry{
		Name: "bolt", Title: "Bolt", Confidence: "A",
		Docs:       "https://github.com/BoltApp/bolt-magento2/blob/master/Helper/Hook.php",
		SecretFrom: "the merchant dashboard > Developers > API > Signing Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Bolt-Hmac-Sha256"), Encoding: entry.Base64},
			Signed:    []entry.Part{{Kind: entry.PartBodyOrQuery}},
		},
		Unsigned: []string{"trace id (X-Bolt-Trace-Id)", "time"},
		Event:    entry.Event{Type: pointer("/type"), Action: pointer("/status")},
		Methods:  []string{"GET"},
	})
}

// FastSpring is the webhooks of FastSpring with an HMAC secret. An event keeps its id over automatic retries.
//
// https://developer.fastspring.com/docs/message-security
func FastSpring() core.Provider {
	return of(entry.Entry{
		Name: "fastspring", Title: "FastSpring", Confidence: "B",
		Docs:     "https://developer.fastspring.com/docs/message-security",
		Scheme:   base64HMAC("X-FS-Signature"),
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created"), TimeUnit: entry.Milliseconds,
			Data: "/data",
		},
		Batch: &entry.Batch{Pointer: "/events"},
	})
}

// Dwolla is a webhook subscription of Dwolla. It retries up to eight times over 72 hours.
//
// https://developers.dwolla.com/docs/balance/webhooks/process-validate
func Dwolla() core.Provider {
	return of(entry.Entry{
		Name: "dwolla", Title: "Dwolla", Confidence: "B",
		Docs:     "https://developers.dwolla.com/docs/balance/webhooks/process-validate",
		Scheme:   hexHMAC("X-Request-Signature-SHA-256"),
		Unsigned: []string{"topic (X-Dwolla-Topic), which the body has too"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/topic"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339},
		RetryHorizon: 72 * time.Hour, AckLimit: 10 * time.Second,
	})
}

// Squarespace is a webhook subscription of Squarespace. The secret is hexadecimal, and stands in the answer of the API
// that created the subscription or rotated its secret, nowhere else.
//
// https://developers.squarespace.com/webhooks/overview
func Squarespace() core.Provider {
	s := hexHMAC("Squarespace-Signature")
	s.Key.Encoding = entry.Hex
	return of(entry.Entry{
		Name: "squarespace", Title: "Squarespace", Confidence: "B",
		Docs:       "https://developers.squarespace.com/webhooks/overview",
		SecretFrom: "secret in the answer of the API that created the subscription",
		Scheme:     s,
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/topic"), Time: pointer("/createdOn"), TimeUnit: entry.RFC3339,
			Tenant: pointer("/websiteId"), Data: "/data",
		},
	})
}

// Onfleet is a webhook of Onfleet. The secret is hexadecimal. Onfleet asks for the URL with a GET when the webhook is
// created, and retries every half hour for a day.
//
// https://docs.onfleet.com/reference/secrets
func Onfleet() core.Provider {
	return of(entry.Entry{
		Name: "onfleet", Title: "Onfleet", Confidence: "B",
		Docs:       "https://docs.onfleet.com/reference/secrets",
		SecretFrom: "the dashboard > Settings > API & Webhooks > Webhook secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA512,
			Key:       entry.Key{Encoding: entry.Hex},
			Signature: entry.Signature{Field: headers("X-Onfleet-Signature"), Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/taskId", And: []string{"/triggerId", "/time"}},
		Event: entry.Event{Type: pointer("/triggerName"), Time: pointer("/time"), TimeUnit: entry.Milliseconds,
			Data: "/data"},
		Handshakes: []entry.Handshake{{Method: "GET", WhenQuery: "check", EchoQuery: "check",
			When: "when the webhook is created"}},
		RetryHorizon: 24 * time.Hour,
	})
}

// Checkr is a webhook of Checkr. The secret is the API key of the account, or the webhook's.
//
// https://docs.checkr.com/#section/Webhooks/Securing-webhooks
func Checkr() core.Provider {
	return of(entry.Entry{
		Name: "checkr", Title: "Checkr", Confidence: "A",
		Docs:       "https://docs.checkr.com/#section/Webhooks/Securing-webhooks",
		SecretFrom: "Account Settings > Developer Settings > API keys",
		Scheme:     hexHMAC("X-Checkr-Signature"),
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/data",
		},
	})
}

// Veriff is the decision and event webhooks of a Veriff integration. The secret is the integration's shared secret key.
// Newer headers are named vrf-*; the older names are read as well.
//
// https://devdocs.veriff.com/docs/hmac-authentication-and-endpoint-security
func Veriff() core.Provider {
	return of(entry.Entry{
		Name: "veriff", Title: "Veriff", Confidence: "B",
		Docs:       "https://devdocs.veriff.com/docs/hmac-authentication-and-endpoint-security",
		SecretFrom: "Veriff Customer Portal > Integrations > the integration > Shared secret key",
		Scheme: bodyHMAC(entry.Signature{Field: headers("Vrf-Hmac-Signature", "X-Hmac-Signature"),
			Encoding: entry.Hex}),
		Unsigned: []string{"the integration's key (vrf-auth-client, x-auth-client)", "time"},
		Event: entry.Event{
			ID:   []entry.Value{{JSON: "/verification/id"}, {JSON: "/id"}},
			Type: []entry.Value{{JSON: "/action"}, {JSON: "/verification/status"}},
		},
	})
}

// Ashby is a webhook of Ashby with a secret token of your own. A ping checks that the URL is live, signed like every
// delivery. Ashby makes ten attempts, the first retry after ten seconds and each next one after about twice as long.
//
// https://developers.ashbyhq.com/docs/authenticating-webhooks
// https://developers.ashbyhq.com/docs/retries
func Ashby() core.Provider {
	return of(entry.Entry{
		Name: "ashby", Title: "Ashby", Confidence: "B",
		Docs:   "https://developers.ashbyhq.com/docs/authenticating-webhooks",
		Scheme: prefixedHMAC("Ashby-Signature"),
		Event:  entry.Event{Type: pointer("/action"), Data: "/data"},
		// nine retries, the last one some 2 hours and 49 minutes after the first attempt
		RetryHorizon: 3 * time.Hour,
	})
}

// Deel is a webhook of Deel, which signs the word POST and the body. The header x-deel-hmac-label names the key.
//
// https://developer.deel.com/docs/webhooks
func Deel() core.Provider {
	s := hexHMAC("X-Deel-Signature")
	s.Signed = []entry.Part{entry.Literal("POST"), entry.Body()}
	return of(entry.Entry{
		Name: "deel", Title: "Deel", Confidence: "B",
		Docs:       "https://developer.deel.com/docs/webhooks",
		SecretFrom: "Developer Center > Webhooks > the webhook > Signing key",
		Scheme:     s,
		Unsigned:   []string{"key's label (x-deel-hmac-label)", "version (x-deel-webhook-version)"},
		Event: entry.Event{
			Type: pointer("/data/meta/event_type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339,
			Tenant: pointer("/data/meta/organization_id"), Data: "/data/resource",
		},
	})
}

// Greenhouse is the webhooks of Greenhouse Recruiting and Onboarding. Saving one sends a signed ping; where that fails
// the webhook is created disabled. Greenhouse wants exactly 200, and makes seven attempts over 15 hours.
//
// https://developers.greenhouse.io/webhooks.html
func Greenhouse() core.Provider {
	return of(entry.Entry{
		Name: "greenhouse", Title: "Greenhouse", Confidence: "B",
		Docs:     "https://developers.greenhouse.io/webhooks.html",
		Scheme:   bodyHMAC(entry.Signature{Field: headers("Signature"), Prefix: "sha256 ", Encoding: entry.Hex}),
		Unsigned: []string{"delivery id (Greenhouse-Event-ID)", "time"},
		Event: entry.Event{ID: header("Greenhouse-Event-Id"),
			Type: []entry.Value{{JSON: "/action"}, {JSON: "/event_type"}}, Data: "/payload"},
		RetryHorizon: 16 * time.Hour,
	})
}

// TikTokShop is the webhooks of an app of TikTok Shop. The secret is the app secret; the app key is signed in front of
// the body. The push time is in the body, so that a captured delivery stays good while its id is remembered. A
// notification's id is in each example of the documentation's topics.
//
// https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview
func TikTokShop(appKey string) core.Provider {
	e := entry.Entry{
		Name: "tiktok-shop", Title: "TikTok Shop", Confidence: "A",
		Docs:       "https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview",
		SecretFrom: "Partner Center > the app > App secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Authorization"), Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Literal(appKey), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/tts_notification_id"},
		Event: entry.Event{
			ID: pointer("/tts_notification_id"), Type: pointer("/type"), Time: pointer("/timestamp"),
			Tenant: pointer("/shop_id"), Data: "/data",
		},
		AckEmpty: true,
	}
	var err error
	if appKey == "" {
		err = errors.New("TikTokShop needs the app's key, which is signed in front of the body")
	}
	return entry.NewProvider(e, err)
}
