package jws

import (
	"errors"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// ConstantContactConfig says whose webhooks count.
type ConstantContactConfig struct {
	// APIKeys are those of the applications whose notifications count; each names its own in api_key. Required:
	// Constant Contact signs for all of its partners with one key, and each may name this endpoint as its own.
	APIKeys []string
	// DangerouslyAnyRecipient accepts notifications that are for any other partner, or do not say for whom they are.
	DangerouslyAnyRecipient bool
}

// ConstantContact is Constant Contact's partner webhooks. Config.Keys is that of keys.ConstantContact.
//
// The signature says when the call was made. Notifications have no id, and one account may have the same notification
// twice. A delivery is remembered by its signature's time and its body: a replay does not run again, and a retry does
// where Constant Contact signs it again, which is not documented.
//
// https://developer.constantcontact.com/api_guide/webhook_authenticity.html
// https://developer.constantcontact.com/api_guide/partner_webhook_overview.html
func ConstantContact(c ConstantContactConfig) core.Provider {
	const horizon = 72 * time.Hour
	var err error
	var recipient *entry.Recipient
	switch {
	case c.DangerouslyAnyRecipient && len(c.APIKeys) > 0:
		err = errors.New("ConstantContactConfig: APIKeys are given, and any recipient is accepted; remove one of the " +
			"two")
	case c.DangerouslyAnyRecipient:
	case len(c.APIKeys) == 0 || slices.Contains(c.APIKeys, ""):
		err = errors.New("ConstantContactConfig.APIKeys is empty; Constant Contact signs for all partners with one " +
			"key, and api_key says for whom a notification is")
	default:
		recipient = &entry.Recipient{Pointers: []string{"/api_key"}, Allowed: slices.Clone(c.APIKeys)}
	}
	return made(entry.Entry{
		Name: "constant-contact", Title: "Constant Contact", Confidence: "B",
		Docs: "https://developer.constantcontact.com/api_guide/webhook_authenticity.html",
		SecretFrom: "https://developer.constantcontact.com/.well-known/jwks.json, in PEM, for keys at hand; usually " +
			"Keys fetches them",
		Scheme:    &entry.Scheme{Timestamp: entry.Timestamp{Past: horizon + 5*time.Minute}},
		Identity:  entry.Identity{Kind: entry.BySigned},
		Recipient: recipient,
		Event:     entry.Event{Type: pointer("/event_type")},
		// The schedule for topics of critical priority, which all of them are.
		RetryHorizon: horizon, LastQuickRetry: time.Hour,
	}, &mechanism{
		algorithm: rs256, header: "X-Ctct-Webhook-Sig", in: "`X-CTCT-WEBHOOK-SIG`, detached", detached: plain,
		names: unnamed, expects: []string{"b64", "crit"}, time: moment{member: "ts"}, withHeader: true,
		covers: "{timestamp}, {body}",
	}, err)
}
