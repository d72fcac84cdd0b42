package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign for everybody with keys that they publish. Config.Keys fetches these; keys in Secrets take their
// place.

// PayPal is PayPal's webhooks. The webhook id is the one of this endpoint on the app's page, which the signature
// covers: a delivery for somebody else's webhook is refused. Keys are those of keys.Certificates with the pin
// keys.PayPal; where the endpoint cannot reach PayPal, Secrets hold the certificate in PEM.
//
// The signature covers no more of the body than its CRC-32, which anybody can keep while changing the body. So the
// replay store remembers with each transmission's id, which is signed, the body that it came with: another one is a
// conflict and runs nothing. Without a replay store, or where the genuine delivery never arrived, whoever has captured
// it can have this endpoint take another body for it, until its time is stale. Before you pay out or ship, ask PayPal's
// API for the object. PayPal's simulator signs with no certificate that verifies.
//
// An event is remembered by its own id, in the body: PayPal documents the transmission's as the id of an HTTP
// transmission, and nowhere that a retry or a resend keeps it.
//
// https://developer.paypal.com/api/rest/webhooks/rest/
// https://developer.paypal.com/api/webhooks/v1/definitions/verify_webhook_signature
func PayPal(webhookID string) core.Provider {
	e := entry.Entry{
		Name: "paypal", Title: "PayPal", Confidence: "A",
		Docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
		SecretFrom: "the certificate at a delivery's PAYPAL-CERT-URL, in PEM, for keys at hand; usually Keys " +
			"fetches it",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA256,
			Key:       entry.Key{Certificate: true},
			Signature: entry.Signature{
				Field: headers("Paypal-Transmission-Sig"), Encoding: entry.Base64,
				Name: "SHA256withRSA", Version: headers("Paypal-Auth-Algo"), // compared, never obeyed
			},
			// Whether a retry is signed again is not documented; they go on for three days.
			Timestamp: entry.Timestamp{Field: headers("Paypal-Transmission-Time"), Unit: entry.RFC3339,
				Past: paypalHorizon},
			ID:     entry.Field{Headers: []string{"Paypal-Transmission-Id"}, Grammar: entry.Token},
			KeyRef: headers("Paypal-Cert-Url"),
			Signed: []entry.Part{
				entry.ID(), entry.Literal("|"), entry.TimestampText(), entry.Literal("|" + webhookID + "|"),
				{Kind: entry.PartCRC32},
			},
		},
		Unsigned: []string{"the body, but for its CRC-32, which another body can have"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id", SignedOnce: true},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/event_type"), Time: pointer("/create_time"), TimeUnit: entry.RFC3339,
			Data: "/resource",
		},
		RetryHorizon: paypalHorizon,
	}
	var err error
	if webhookID == "" || strings.Trim(webhookID, alphanumeric) != "" {
		err = fmt.Errorf("PayPal needs the id of the webhook as the app's page shows it, and %.60q is none", webhookID)
	}
	return entry.NewProvider(e, err)
}

const (
	paypalHorizon = 72 * time.Hour
	alphanumeric  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// TravisCI is the webhooks of Travis CI about builds of these repositories, "owner/name". The key is that of
// keys.TravisCI; where the endpoint cannot reach it, Secrets hold the key in PEM. Anybody can have Travis CI tell this
// endpoint of builds of theirs, under the same key, so that only repositories that are listed count.
//
// Nothing in a delivery says when it was sent, and SHA-1 is what Travis CI signs with.
//
// https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests
func TravisCI(repositories ...string) core.Provider {
	e := entry.Entry{
		Name: "travis-ci", Title: "Travis CI", Confidence: "B",
		Docs:       "https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests",
		SecretFrom: "https://api.travis-ci.com/config, the member config.notifications.webhook.public_key",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA1,
			Signature: entry.Signature{Field: headers("Signature"), Encoding: entry.Base64},
			Published: true,
			Signed:    []entry.Part{entry.FormText("payload")},
		},
		Unsigned: []string{"repository (Travis-Repo-Slug)"},
		Identity: entry.Identity{Kind: entry.BySigned},
		Recipient: &entry.Recipient{Pointers: []string{"/repository/owner_name", "/repository/name"},
			Allowed: append([]string{}, repositories...)},
		Event: entry.Event{Type: pointer("/type"), Action: pointer("/status_message"), PayloadForm: "payload"},
	}
	var mistakes []error
	if len(repositories) == 0 {
		mistakes = append(mistakes, errors.New("TravisCI needs the repositories whose builds count, owner/name: "+
			"anybody can name this endpoint in a build of their own"))
	}
	for _, r := range repositories {
		if owner, name, ok := strings.Cut(r, "/"); !ok || owner == "" || name == "" || strings.Contains(name, "/") {
			mistakes = append(mistakes, fmt.Errorf("TravisCI: %.100q is no repository such as owner/name", r))
		}
	}
	return entry.NewProvider(e, errors.Join(mistakes...))
}
