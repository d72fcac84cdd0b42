package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Tools that a team runs or builds with, and that sign the raw body and nothing else.

// BTCPayServer is a webhook of a store of BTCPay Server. With automatic redelivery the server tries again after ten
// seconds, one minute and six times ten minutes, on 408, 429, 5xx and no answer only, so that a failed authentication
// is answered 503. Each attempt has a delivery id of its own, and names the first one.
//
// https://docs.btcpayserver.org/API/Greenfield/v1/#tag/Webhooks
// https://github.com/btcpayserver/btcpayserver/blob/master/BTCPayServer/Plugins/Webhooks/WebhookSender.cs
func BTCPayServer() core.Provider {
	return of(entry.Entry{
		Name: "btcpay-server", Title: "BTCPay Server", Confidence: "A",
		Docs:       "https://docs.btcpayserver.org/API/Greenfield/v1/#tag/Webhooks",
		SecretFrom: "the store's Settings > Webhooks > the webhook > Secret",
		Scheme:     prefixedHMAC("BTCPay-Sig"),
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/originalDeliveryId"},
		Event: entry.Event{
			ID: pointer("/originalDeliveryId"), Type: pointer("/type"), Time: pointer("/timestamp"),
			Tenant: pointer("/storeId"),
		},
		RetryHorizon: 90 * time.Minute, AuthStatus: 503, Answers: tooLarge503(),
	})
}

// Expo is a webhook of Expo's EAS Build or EAS Submit, which `eas webhook:create` makes. The secret is the one that you
// chose, of 16 characters at least. The id is the build's or the submission's, which finishes once.
//
// https://docs.expo.dev/eas/webhooks/
func Expo() core.Provider {
	return of(entry.Entry{
		Name: "expo", Title: "Expo EAS", Confidence: "A",
		Docs:   "https://docs.expo.dev/eas/webhooks/",
		Scheme: sha1HMAC("Expo-Signature", "sha1=", entry.Hex),
		Event: entry.Event{
			ID: pointer("/id"),
			Type: []entry.Value{
				{JSON: "/buildDetailsPageUrl", Const: "build"}, {JSON: "/submissionDetailsPageUrl", Const: "submit"},
			},
			Action: pointer("/status"), Time: pointer("/completedAt"), TimeUnit: entry.RFC3339,
			Tenant: pointer("/accountName"),
		},
	})
}

// Firecrawl is the webhook of a crawl, a batch scrape, an extraction, an agent or a monitor of Firecrawl. The secret is
// the account's. The id in the body is the job's, and each page of a job is a delivery of its own; for large pages,
// raise core.Config.Limits.MaxBody.
//
// Firecrawl tries again after one, five and fifteen minutes.
//
// https://docs.firecrawl.dev/webhooks/security
// https://docs.firecrawl.dev/webhooks/overview
func Firecrawl() core.Provider {
	return of(entry.Entry{
		Name: "firecrawl", Title: "Firecrawl", Confidence: "A",
		Docs:         "https://docs.firecrawl.dev/webhooks/security",
		SecretFrom:   "Account settings > Advanced > webhook secret",
		Scheme:       prefixedHMAC("X-Firecrawl-Signature"),
		Event:        entry.Event{ID: pointer("/id"), Type: pointer("/type"), Data: "/data"},
		RetryHorizon: 25 * time.Minute, AckLimit: 10 * time.Second,
	})
}

// Lago is a webhook endpoint of Lago with the signature HMAC. The secret is the organization's HMAC signature token.
// An endpoint with the signature JWT, which is Lago's default, is refused.
//
// Lago makes three attempts within seconds and waits 30 seconds for the answer, unless the instance is set up
// otherwise.
//
// https://getlago.com/docs/api-reference/webhooks/format---signature
// https://github.com/getlago/lago-api/blob/main/app/models/webhook.rb
func Lago() core.Provider {
	return of(entry.Entry{
		Name: "lago", Title: "Lago", Confidence: "A",
		Docs:       "https://getlago.com/docs/api-reference/webhooks/format---signature",
		SecretFrom: "Developers > Webhooks > HMAC Signature Token",
		Scheme: bodyHMAC(entry.Signature{Field: headers("X-Lago-Signature"), Encoding: entry.Base64,
			Name: "hmac", Version: headers("X-Lago-Signature-Algorithm")}),
		Unsigned: []string{"webhook id (X-Lago-Unique-Key), the same for each attempt", "time"},
		Identity: entry.Identity{Apart: []entry.Apart{{
			When:    []entry.Members{{Nowhere: []string{"updated_at", "triggered_at"}}},
			Headers: []string{"X-Lago-Unique-Key"},
			Why:     "those without `updated_at` and `triggered_at`, such as errors of a payment provider",
		}}},
		Event: entry.Event{
			ID: header("X-Lago-Unique-Key"), Type: pointer("/webhook_type"), Tenant: pointer("/organization_id"),
		},
		AckLimit: 30 * time.Second,
	})
}

// Logto is a webhook of Logto. The secret is the webhook's signing key. Logto tries again on 5xx only, three times
// within seconds, so that a failed authentication is answered 503. Where no answer comes it does not, and versions
// before the autumn of 2026 never do.
//
// https://docs.logto.io/developers/webhooks/secure-webhooks
// https://github.com/logto-io/logto/blob/master/packages/core/src/libraries/hook/utils.ts
func Logto() core.Provider {
	return of(entry.Entry{
		Name: "logto", Title: "Logto", Confidence: "A",
		Docs:       "https://docs.logto.io/developers/webhooks/secure-webhooks",
		SecretFrom: "Console > Webhooks > the webhook > Signing key",
		Scheme:     hexHMAC("Logto-Signature-Sha-256"),
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/createdAt"), TimeUnit: entry.RFC3339,
		},
		AckLimit: 10 * time.Second, AuthStatus: 503, Drops4xx: true,
	})
}

// Onfido is a webhook of Onfido. The secret is the webhook's token, which is shown when the webhook is made.
//
// https://github.com/onfido/onfido-node
func Onfido() core.Provider {
	return of(entry.Entry{
		Name: "onfido", Title: "Onfido", Confidence: "B",
		Docs:       "https://github.com/onfido/onfido-node",
		SecretFrom: "the token of the answer or of the dashboard, when the webhook was made",
		Scheme:     hexHMAC("X-SHA2-Signature"),
		Event: entry.Event{
			Type: pointer("/payload/action"), Action: pointer("/payload/object/status"),
			Time: []entry.Value{{JSON: "/payload/object/completed_at_iso8601"},
				{JSON: "/payload/object/started_at_iso8601"}},
			TimeUnit: entry.RFC3339, Data: "/payload",
		},
	})
}

// Plane is a webhook of a workspace of Plane, of version 2 or of the deprecated version 1, which a self-hosted Plane
// sends as well. The secret is made by Plane.
//
// Plane tries again on 5xx and on no answer only, five times, at first after ten minutes, so that a failed
// authentication is answered 503. Each attempt of version 2 has a delivery id of its own and the event's id. Version 1
// takes any answer for a success.
//
// https://developers.plane.so/dev-tools/intro-webhooks
// https://github.com/makeplane/plane/blob/preview/apps/api/plane/bgtasks/webhook_task.py
func Plane() core.Provider {
	return of(entry.Entry{
		Name: "plane", Title: "Plane", Confidence: "A",
		Docs:       "https://developers.plane.so/dev-tools/intro-webhooks",
		SecretFrom: "Workspace Settings > Webhooks > Edit > Secret key",
		Scheme:     hexHMAC("X-Plane-Signature"),
		Unsigned: []string{
			"delivery id (X-Plane-Delivery) and event (X-Plane-Event); the body of version 2 has both",
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/event_id"},
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/event"), Action: pointer("/action"),
			Tenant: pointer("/workspace_id"), Data: "/data",
		},
		// Five retries, the first one after ten minutes and each next one after twice as long.
		RetryHorizon: 6 * time.Hour, AckLimit: 30 * time.Second, AuthStatus: 503, Drops4xx: true,
	})
}
