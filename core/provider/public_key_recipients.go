package provider

import (
	"errors"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Senders that sign with one key pair for everybody, so that whom a delivery is for has to be compared.

// Kick is the webhooks of a Kick app, about these broadcasters (the ids of their users). Kick signs for every app with
// one key: anybody can have Kick send events about a channel of theirs to this endpoint, so that only broadcasters that
// are listed count. The key is that of keys.Kick; where the endpoint cannot reach it, Secrets hold the key in PEM.
//
// The type stands in Kick-Event-Type alone, which is not signed: whoever captured a delivery before it arrived can give
// it another type. The id is signed and unique, so that an event runs once, whatever its type says. Compare the
// payload's own members before you act on a type.
//
// https://github.com/KickEngineering/KickDevDocs/blob/main/events/webhook-security.md
func Kick(broadcasterIDs ...string) core.Provider {
	e := entry.Entry{
		Name: "kick", Title: "Kick", Confidence: "B",
		Docs:       "https://github.com/KickEngineering/KickDevDocs/blob/main/events/webhook-security.md",
		SecretFrom: "Kick's documentation of webhooks, which publishes its public key",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA256,
			Signature: entry.Signature{Field: headers("Kick-Event-Signature"), Encoding: entry.Base64},
			Published: true,
			// Three attempts, over a time that is not documented; after a day of failures the app is unsubscribed.
			// Whether an attempt is signed again is not documented either.
			Timestamp: entry.Timestamp{Field: headers("Kick-Event-Message-Timestamp"), Unit: entry.RFC3339,
				Past: kickHorizon},
			ID: entry.Field{Headers: []string{"Kick-Event-Message-Id"}, Grammar: entry.Token},
			Signed: []entry.Part{entry.ID(), entry.Literal("."), entry.TimestampText(), entry.Literal("."),
				entry.Body()},
		},
		Unsigned: []string{"event type (Kick-Event-Type)", "version (Kick-Event-Version)",
			"subscription id (Kick-Event-Subscription-Id)"},
		Identity: entry.Identity{Kind: entry.BySignedID},
		Recipient: &entry.Recipient{Pointers: []string{"/broadcaster/user_id"},
			Allowed: slices.Clone(broadcasterIDs)},
		Event: entry.Event{
			ID: header("Kick-Event-Message-Id"), Type: header("Kick-Event-Type"), Time: pointer("/created_at"),
			TimeUnit: entry.RFC3339, Tenant: pointer("/broadcaster/user_id"),
		},
		RetryHorizon: kickHorizon,
	}
	return entry.NewProvider(e, needsRecipients(broadcasterIDs,
		"Kick needs the user ids of the broadcasters whose events count: Kick signs for every app with one key"))
}

const kickHorizon = 24 * time.Hour

// FireblocksLegacy is the webhooks of these workspaces of Fireblocks, by the older of the two signatures that they
// come with. The secret is Fireblocks' public key of your environment: US, EU or sandbox. One key signs for every
// workspace of an environment, so that only those that are listed count.
//
// https://developers.fireblocks.com/reference/validating-webhooks
// https://developers.fireblocks.com/reference/webhooks-gettingstarted-validatingevents
func FireblocksLegacy(workspaceIDs ...string) core.Provider {
	e := entry.Entry{
		Name: "fireblocks-legacy", Title: "Fireblocks (legacy signature)", Confidence: "B",
		Docs:       "https://developers.fireblocks.com/reference/validating-webhooks",
		SecretFrom: "Fireblocks' documentation of webhooks, which publishes a public key for each environment",
		Scheme: &entry.Scheme{
			Algorithm: entry.RSAPKCS1SHA512,
			Signature: entry.Signature{Field: headers("Fireblocks-Signature"), Encoding: entry.Base64},
			Signed:    []entry.Part{entry.Body()},
		},
		Identity:  entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Recipient: &entry.Recipient{Pointers: []string{"/workspaceId"}, Allowed: slices.Clone(workspaceIDs)},
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/eventType"), Time: pointer("/createdAt"),
			TimeUnit: entry.Milliseconds, Tenant: pointer("/workspaceId"), Data: "/data",
		},
	}
	return entry.NewProvider(e, needsRecipients(workspaceIDs,
		"FireblocksLegacy needs the ids of the workspaces whose events count: one key signs for every workspace"))
}

// needsRecipients refuses a list of recipients that would let in nobody, or a delivery without a recipient.
func needsRecipients(recipients []string, mistake string) error {
	if len(recipients) == 0 || slices.Contains(recipients, "") {
		return errors.New(mistake)
	}
	return nil
}
