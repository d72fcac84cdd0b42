package unproved

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func apps() []core.Provider { return []core.Provider{FreeScout(), Oura()} }

// Oura is the webhooks of Oura's API, version 2. The secret is the OAuth app's client secret. A subscription is tried
// by a GET that presents its verification token (Setup.VerifyTokens), when it is created and when it is renewed.
//
// https://cloud.ouraring.com/v2/docs
func Oura() core.Provider {
	return of(entry.Entry{
		Name: "oura", Title: "Oura", Confidence: "C",
		Docs:       "https://cloud.ouraring.com/v2/docs",
		SecretFrom: "the OAuth application's client secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			// Oura writes the digits in upper case.
			Signature: entry.Signature{Field: headers("X-Oura-Signature"), Encoding: entry.Hex},
			// No separator: a digit more or less makes the timestamp ten times older or newer.
			Timestamp: entry.Timestamp{Field: headers("X-Oura-Timestamp")},
			Signed:    []entry.Part{entry.TimestampText(), entry.Body()},
		},
		Event: entry.Event{
			Type: pointer("/event_type"), Action: pointer("/data_type"), Time: pointer("/event_time"),
			TimeUnit: entry.RFC3339InUTC, Tenant: pointer("/user_id"),
		},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "challenge", EchoQuery: "challenge", TokenQuery: "verification_token",
			Answer: `{"challenge":"{challenge}"}`, ContentType: "application/json",
			When: "when the subscription is created or renewed",
		}},
		AckLimit: 10 * time.Second, AuthStatus: 401,
	})
}

// FreeScout is the webhooks of FreeScout's API & Webhooks module. The secret is the MD5, in hexadecimal digits, of the
// instance's APP_KEY, as it stands in .env with its "base64:", and the word webhook_key. Make it where FreeScout runs,
// and configure the MD5: the APP_KEY itself decrypts what FreeScout stores, and belongs nowhere else.
//
// The event stands in X-FreeScout-Event alone, which is not signed. It joins what is remembered, because several events
// may come with one body.
//
// https://freescout.net/module/api-webhooks/
func FreeScout() core.Provider {
	const event = "X-FreeScout-Event"
	return of(entry.Entry{
		Name: "freescout", Title: "FreeScout", Confidence: "C",
		Docs: "https://freescout.net/module/api-webhooks/",
		SecretFrom: `the MD5 of APP_KEY and "webhook_key", made in FreeScout's folder: php artisan tinker ` +
			`--execute='echo md5(config("app.key")."webhook_key");'`,
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA1,
			Signature: entry.Signature{Field: headers("X-FreeScout-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"event (" + event + ")", "time"},
		Identity: entry.Identity{With: []string{event}},
		Event: entry.Event{
			Type: []entry.Value{{Header: event}}, Time: []entry.Value{{JSON: "/updatedAt"}, {JSON: "/createdAt"}},
			TimeUnit: entry.RFC3339,
		},
		// Ten attempts.
		RetryHorizon: 2 * time.Hour,
	})
}
