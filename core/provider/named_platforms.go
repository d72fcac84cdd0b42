package provider

import (
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Platforms whose deliveries say in a way of their own when, for whom or under which of several secrets they are
// signed.

// Orb is a webhook of Orb. The time that it signs has no zone and is UTC. A header comes for each active secret.
//
// https://docs.withorb.com/guides/integrations-and-exports/webhooks
func Orb() core.Provider {
	return of(entry.Entry{
		Name: "orb", Title: "Orb", Confidence: "A",
		Docs:       "https://docs.withorb.com/guides/integrations-and-exports/webhooks",
		SecretFrom: "Developers > Webhooks > the endpoint > Signing secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Orb-Signature"), Prefix: "v1=", Encoding: entry.Hex,
				Repeats: true},
			Timestamp: entry.Timestamp{Field: headers("X-Orb-Timestamp"), Unit: entry.RFC3339InUTC},
			Signed:    []entry.Part{entry.Literal("v1:"), entry.TimestampText(), entry.Literal(":"), entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/created_at"), TimeUnit: entry.RFC3339,
			Data: "/properties",
		},
	})
}

// Persona is a webhook of Persona. The secret is the webhook's ("wbhsec_..."), its prefix included. While it is rotated
// the header holds a group of time and signature for each secret.
//
// https://docs.withpersona.com/webhooks
func Persona() core.Provider {
	s := whole("wbhsec_",
		pairsHMAC("Persona-Signature", "v1", entry.Hex, entry.Timestamp{Field: entry.Field{Key: "t"}}))
	s.Signature.Groups = true
	return of(entry.Entry{
		Name: "persona", Title: "Persona", Confidence: "B",
		Docs:       "https://docs.withpersona.com/webhooks",
		SecretFrom: "the dashboard > Webhooks > the webhook > Secret",
		Scheme:     s,
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/data/id"},
		Event: entry.Event{
			ID: pointer("/data/id"), Type: pointer("/data/attributes/name"),
			Time:     pointer("/data/attributes/created-at"),
			TimeUnit: entry.RFC3339, Data: "/data/attributes/payload/data",
		},
		AckLimit: 5 * time.Second,
	})
}

// Smartcar is a webhook of Smartcar. The secret is the application management token. When the webhook is set up,
// Smartcar sends a challenge, whose answer is made with the token that signs deliveries. So only challenges that no
// delivery could be are answered: letters, digits, - and _, where a delivery is an object.
//
// Smartcar tries again three times within three minutes. The body says when it was sent; the event's id stays the same.
//
// https://smartcar.com/docs/integrations/webhooks/callback-verification
// https://smartcar.com/docs/api-reference/webhooks/delivery-behavior
func Smartcar() core.Provider {
	challenge := func(kind, value, at string, proved bool) entry.Handshake {
		return entry.Handshake{
			Proved: proved, Unsigned: !proved, Method: "POST", WhenJSON: kind, WhenEquals: value, EchoJSON: at,
			Grammar: entry.Token,
			Answer:  `{"challenge":"{hmac}"}`, ContentType: "application/json", When: "when the webhook is created " +
				"or verified",
		}
	}
	s := hexHMAC("SC-Signature")
	s.Signed = []entry.Part{{Kind: entry.PartBody, Grammar: entry.Object}}
	return of(entry.Entry{
		Name: "smartcar", Title: "Smartcar", Confidence: "A",
		Docs:       "https://smartcar.com/docs/integrations/webhooks/payload-verification",
		SecretFrom: "the dashboard > Configuration > Application management token",
		Scheme:     s,
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/eventId"},
		Event: entry.Event{
			ID: pointer("/eventId"), Type: []entry.Value{{JSON: "/eventType"}, {JSON: "/eventName"}}, Data: "/data",
		},
		// Whether the challenge is signed is not documented.
		Handshakes: []entry.Handshake{
			challenge("/eventType", "VERIFY", "/data/challenge", true),
			challenge("/eventType", "VERIFY", "/data/challenge", false),
			challenge("/eventName", "verify", "/payload/challenge", true),
			challenge("/eventName", "verify", "/payload/challenge", false),
		},
		AckLimit: 15 * time.Second,
	})
}

// Fal is the webhooks of fal.ai for these users. fal.ai signs for everybody with one key, so that only users that are
// listed count. Secrets hold the member x of its keys in base64.
//
// https://docs.fal.ai/model-apis/model-endpoints/webhooks
func Fal(userIDs ...string) core.Provider {
	feed := entry.Literal("\n")
	e := entry.Entry{
		Name: "fal", Title: "fal.ai", Confidence: "B",
		Docs:       "https://docs.fal.ai/model-apis/model-endpoints/webhooks",
		SecretFrom: "https://rest.alpha.fal.ai/.well-known/jwks.json, the member x of a key, in base64",
		Scheme: &entry.Scheme{
			Algorithm: entry.Ed25519,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("X-Fal-Webhook-Signature"), Encoding: entry.Hex},
			// fal.ai retries for two hours, and asks receivers to refuse deliveries older than five minutes: each
			// attempt has a time of its own.
			Timestamp: entry.Timestamp{Field: headers("X-Fal-Webhook-Timestamp"), Resigned: true},
			ID:        entry.Field{Headers: []string{"X-Fal-Webhook-Request-Id"}, Grammar: entry.Token},
			Signed: []entry.Part{
				entry.ID(), feed,
				{Kind: entry.PartHeader, Text: "X-Fal-Webhook-User-Id", Grammar: entry.NoControl,
					OneOf: append([]string{}, userIDs...)}, feed,
				entry.TimestampText(), feed, {Kind: entry.PartBodySHA256Hex},
			},
		},
		Identity:     entry.Identity{Kind: entry.BySignedID},
		Event:        entry.Event{ID: header("X-Fal-Webhook-Request-Id"), Type: pointer("/status"), Data: "/payload"},
		RetryHorizon: 2 * time.Hour, AckLimit: 15 * time.Second,
	}
	var err error
	if len(userIDs) == 0 || userIDs[0] == "" {
		err = errors.New("Fal needs the ids of the users whose requests count: fal.ai signs for everybody with one key")
	}
	return entry.NewProvider(e, err)
}
