package provider

import (
	"errors"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms that sign a timestamp together with the body. Where it is not documented that a retry is signed again, a
// delivery may be as old as the retries last.

// TikTok is the webhooks of TikTok for Developers. The secret is the app's client secret. It retries for 72 hours.
//
// https://developers.tiktok.com/doc/webhooks-verification
func TikTok() core.Provider {
	return of(entry.Entry{
		Name: "tiktok", Title: "TikTok for Developers", Confidence: "B",
		Docs:       "https://developers.tiktok.com/doc/webhooks-verification",
		SecretFrom: "the app's page > Client secret",
		Scheme: pairsHMAC("TikTok-Signature", "s", entry.Hex, entry.Timestamp{
			Field: entry.Field{Key: "t"}, Past: tiktokHorizon, // whether a retry is signed again is not documented
		}),
		Event: entry.Event{Type: pointer("/event"), Time: pointer("/create_time"),
			Tenant: pointer("/client_key")},
		RetryHorizon: tiktokHorizon,
	})
}

const tiktokHorizon = 72 * time.Hour

// Airwallex is a webhook of Airwallex with a secret. It retries for about three days. The header client-secret-key of
// test events carries the secret itself, and is never read.
//
// https://www.airwallex.com/docs/developer-tools/webhooks
func Airwallex() core.Provider {
	return of(entry.Entry{
		Name: "airwallex", Title: "Airwallex", Confidence: "B",
		Addresses:  "https://www.airwallex.com/docs/developer-tools/webhook-ip-addresses",
		Docs:       "https://www.airwallex.com/docs/developer-tools/webhooks",
		SecretFrom: "Settings > Developer > Webhooks > the webhook > Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Signature"), Encoding: entry.Hex},
			// Whether a retry is signed again is not documented.
			Timestamp: entry.Timestamp{Field: headers("X-Timestamp"), Unit: entry.Milliseconds, Past: airwallexHorizon},
			// No separator: the body is JSON, which begins with no digit.
			Signed: []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			// its time has a zone without a colon
			ID: pointer("/id"), Type: pointer("/name"), Tenant: pointer("/account_id"), Data: "/data",
		},
		RetryHorizon: airwallexHorizon,
	})
}

const airwallexHorizon = 73 * time.Hour

// Tailscale is a webhook of a tailnet. The secret is the webhook's ("tskey-webhook-..."), its prefix included. A
// delivery is a list of events. Answer with a status other than 2xx only to a transient failure: retries hold back
// later events.
//
// https://tailscale.com/kb/1213/webhooks
func Tailscale() core.Provider {
	return of(entry.Entry{
		Name: "tailscale", Title: "Tailscale", Confidence: "A",
		Docs:       "https://tailscale.com/kb/1213/webhooks",
		SecretFrom: "Settings > Webhooks > the dialog that created the webhook or rotated its secret",
		Scheme: whole("tskey-webhook-",
			pairsHMAC("Tailscale-Webhook-Signature", "v1", entry.Hex, entry.Timestamp{Field: entry.Field{Key: "t"}})),
		Event: entry.Event{
			Type: pointer("/type"), Time: pointer("/timestamp"), TimeUnit: entry.RFC3339, Tenant: pointer("/tailnet"),
			Data: "/data",
		},
		Batch: &entry.Batch{},
	})
}

// Shippo is a webhook of Shippo with HMAC, which Shippo's support sets up. For a token in the URL use [ShippoToken].
//
// https://docs.goshippo.com/docs/tracking/webhooksecurity/
func Shippo() core.Provider {
	return of(entry.Entry{
		Name: "shippo", Title: "Shippo", Confidence: "B",
		Addresses:  shippoDocs,
		Docs:       shippoDocs,
		SecretFrom: "Shippo's support, which sets HMAC up for the account",
		Scheme:     pairsHMAC("Shippo-Auth-Signature", "v1", entry.Hex, entry.Timestamp{Field: entry.Field{Key: "t"}}),
		Event:      entry.Event{Type: pointer("/event"), Data: "/data"},
	})
}

const shippoDocs = "https://docs.goshippo.com/docs/tracking/webhooksecurity/"

// Affirm is the webhooks of Affirm, which signs on request. The secret is the merchant's private API key. Each attempt
// has a time and a signature of its own.
//
// https://docs.affirm.com/developers/docs/checking-webhook-signatures
func Affirm() core.Provider {
	s := pairsHMAC("X-Affirm-Signature", "v0", entry.Hex, entry.Timestamp{Field: entry.Field{Key: "t"}, Resigned: true})
	s.Algorithm = entry.HMACSHA512
	return of(entry.Entry{
		Name: "affirm", Title: "Affirm", Confidence: "B",
		Docs:       "https://docs.affirm.com/developers/docs/checking-webhook-signatures",
		SecretFrom: "the merchant portal > API keys > Private API key",
		Scheme:     s,
		Event:      entry.Event{Type: []entry.Value{{Form: "event"}, {JSON: "/event"}}},
	})
}

// Knock is the outbound webhooks and the fetch function of Knock. It makes eight attempts in all.
//
// https://docs.knock.app/developer-tools/outbound-webhooks/overview
func Knock() core.Provider {
	return of(entry.Entry{
		Name: "knock", Title: "Knock", Confidence: "B",
		Addresses:  "3.138.92.104, 18.116.161.231 and 3.19.195.170, by https://docs.knock.app",
		Docs:       "https://docs.knock.app/developer-tools/outbound-webhooks/overview",
		SecretFrom: "Developers > Webhooks > the webhook > Signing key",
		Scheme: pairsHMAC("X-Knock-Signature", "s", entry.Base64, entry.Timestamp{
			Field: entry.Field{Key: "t"}, Unit: entry.Milliseconds,
		}),
		Unsigned: []string{"event (x-knock-event), which the body has too", "environment (x-knock-environment-id)"},
		Event: entry.Event{Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/data"},
	})
}

// Ghost is a custom integration's webhook of Ghost with a secret. Bodies have no id, and some say nothing at all: the
// signed time, which a retry repeats, distinguishes events. Versions of Ghost that do not sign the time are refused.
//
// https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/webhooks/webhook-trigger.js
func Ghost() core.Provider {
	return of(entry.Entry{
		Name: "ghost", Title: "Ghost", Confidence: "A",
		Docs: "https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/webhooks/webhook-trigger.js",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Ghost-Signature"), Layout: entry.Pairs, Separator: ',',
				Name: "sha256", Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: entry.Field{Key: "t"}, Unit: entry.Milliseconds},
			// No separator: a digit more or less makes the timestamp ten times older or newer.
			Signed: []entry.Part{entry.Body(), entry.TimestampText()},
		},
		Unsigned: []string{"version (Content-Version)"},
		Identity: entry.Identity{Apart: []entry.Apart{{Time: true,
			Why: "all of them: `site.changed` has an empty body"}}},
		Event: entry.Event{
			Type: []entry.Value{{JSON: "/event"}, {FirstKey: "event"}},
		},
		RetryHorizon: 5 * time.Minute, AckLimit: 2 * time.Second, // five retries at once, each with the same bytes
	})
}

// Airship is an open channel of Airship with a signature hash. The secret is the one you chose. It sends
// notifications to "push" below the webhook's URL. Where the channel's validation code is given, "validate" below it
// is answered, which Airship gets each time the channel is saved: mount the guard at both.
//
// What is signed is the JSON, and Airship's example of a delivery is compressed. A compressed body is refused: let
// something in front of the guard decompress it, with a limit.
//
// https://support.airship.com/hc/en-us/articles/360032501831
// https://www.airship.com/docs/developer/api-integrations/open/getting-started/
func Airship(validationCode ...string) core.Provider {
	e := entry.Entry{
		Name: "airship", Title: "Airship", Confidence: "B",
		Docs: "https://support.airship.com/hc/en-us/articles/360032501831",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Ua-Signature"), Encoding: entry.Hex},
			Timestamp: entry.Timestamp{Field: headers("X-Ua-Timestamp")},
			Signed:    []entry.Part{entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Unsigned: []string{"the method: the signature of a question for the validation code fits an empty " +
			"notification"},
		Event: entry.Event{Type: []entry.Value{{JSON: "/push_id", Const: "push"}}, Data: "/payload"},
		Batch: &entry.Batch{Pointer: "/values"},
	}
	var err error
	for _, code := range validationCode {
		if code == "" || strings.Trim(code, "0123456789abcdefABCDEF-") != "" {
			err = errors.New("the validation code of Airship is a UUID, as the channel's settings show it")
			continue
		}
		e.Handshakes = []entry.Handshake{{
			Proved: true, Method: "GET", When: "each time the channel is saved while it is enabled",
			Body: `{"confirmation_code":"` + code + `"}`, ContentType: "application/json",
		}}
	}
	return entry.NewProvider(e, err)
}
