package provider

import (
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Apps that sign the raw body and nothing else.

// Typeform is a form's webhook with a secret, which you choose. Answers of 404 and 410 disable it.
//
// https://www.typeform.com/developers/webhooks/secure-your-webhooks/
func Typeform() core.Provider {
	return of(entry.Entry{
		Name: "typeform", Title: "Typeform", Confidence: "B",
		Docs: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
		Scheme: bodyHMAC(entry.Signature{Field: headers("Typeform-Signature"), Prefix: "sha256=",
			Encoding: entry.Base64}),
		Event: entry.Event{
			ID: pointer("/event_id"), Type: pointer("/event_type"), Time: pointer("/form_response/submitted_at"),
			TimeUnit: entry.RFC3339,
			Data:     "/form_response",
		},
		RetryHorizon: 10 * time.Hour,
	})
}

// CalCom is a webhook of Cal.com. The secret is the one you chose; where there is none Cal.com writes
// "no-secret-provided" for a signature, which is refused. A payload template of your own should keep createdAt: without
// it two events may be equal to the byte, and the second is taken for a repetition.
//
// https://cal.com/docs/developing/guides/automation/webhooks
// https://github.com/calcom/cal.com/blob/main/packages/features/webhooks/lib/sendPayload.ts
func CalCom() core.Provider {
	return of(entry.Entry{
		Name: "cal-com", Title: "Cal.com", Confidence: "A",
		Docs:   "https://github.com/calcom/cal.com/blob/main/packages/features/webhooks/lib/sendPayload.ts",
		Scheme: hexHMAC("X-Cal-Signature-256"),
		Event: entry.Event{Type: pointer("/triggerEvent"), Time: pointer("/createdAt"), TimeUnit: entry.RFC3339,
			Data: "/payload"},
	})
}

// Dropbox is the webhook of a Dropbox app. The secret is the app's secret, which has 15 characters. A notification says
// whose files changed and nothing else; Dropbox repeats it over about ten minutes.
//
// https://www.dropbox.com/developers/reference/webhooks
func Dropbox() core.Provider {
	return of(entry.Entry{
		Name: "dropbox", Title: "Dropbox", Confidence: "A",
		Docs:       "https://www.dropbox.com/developers/reference/webhooks",
		SecretFrom: "App Console > the app > Settings > App secret",
		MinSecret:  15,
		Scheme:     hexHMAC("X-Dropbox-Signature"),
		Identity: entry.Identity{Kind: entry.None, Why: "a notification names accounts only, so that every one of " +
			"an account is equal to the byte"},
		Event: entry.Event{Type: []entry.Value{{FirstKey: "delta"}}},
		Handshakes: []entry.Handshake{
			// Anybody may ask; the challenge's characters are restricted, and nothing is signed.
			{Method: "GET", WhenQuery: "challenge", EchoQuery: "challenge", When: "when the webhook URL is added"},
		},
		RetryHorizon: 10 * time.Minute,
	})
}

// DocuSign is DocuSign Connect with HMAC. The secret is a Connect key, which looks like base64 and is the key as it is.
// DocuSign signs with every active key, one header for each, and any key that is configured here counts. Where the
// configuration includes documents, raise core.Config.Limits.MaxBody.
//
// https://developers.docusign.com/platform/webhooks/connect/hmac
// https://www.docusign.com/blog/developers/manually-authenticating-hmac-signatures-docusign-connect-webhook-configurations
func DocuSign() core.Provider {
	signatures := make([]string, 10)
	for i := range signatures {
		signatures[i] = "X-Docusign-Signature-" + strconv.Itoa(i+1)
	}
	return of(entry.Entry{
		Name: "docusign", Title: "DocuSign Connect", Confidence: "A",
		Docs:       "https://developers.docusign.com/platform/webhooks/connect/hmac",
		SecretFrom: "Admin > Connect > Connect Keys",
		Scheme: bodyHMAC(entry.Signature{Field: headers(signatures[0]), Further: signatures[1:],
			Encoding: entry.Base64}),
		// The body counts the retries (retryCount), and has no id. What is not of this format is remembered whole.
		Identity: entry.Identity{
			Kind: entry.ByPointer, Pointer: "/generatedDateTime",
			And: []string{"/configurationId", "/event", "/uri", "/data/recipientId"},
		},
		Event: entry.Event{
			Type: pointer("/event"), Time: pointer("/generatedDateTime"), TimeUnit: entry.RFC3339, Data: "/data",
		},
		RetryHorizon: 15 * 24 * time.Hour,
	})
}

// Xero is Xero's webhooks. The secret is the webhook's key, which looks like base64 and is the key as it is. The
// "intent to receive" sends deliveries without events, some of them wrongly signed, and wants 200 and 401. Xero retries
// for 24 hours, and then disables the webhook.
//
// https://developer.xero.com/documentation/webhooks/configuring-your-server
func Xero() core.Provider {
	return of(entry.Entry{
		Name: "xero", Title: "Xero", Confidence: "B",
		Docs:       "https://developer.xero.com/documentation/webhooks/configuring-your-server",
		SecretFrom: "the app's Webhooks > Webhooks key",
		Scheme:     base64HMAC("X-Xero-Signature"),
		Event: entry.Event{
			Type: pointer("/eventCategory"), Action: pointer("/eventType"), Time: pointer("/eventDateUtc"),
			TimeUnit: entry.RFC3339InUTC,
		},
		Batch:        &entry.Batch{Pointer: "/events"},
		RetryHorizon: 24 * time.Hour, AckLimit: 5 * time.Second, AuthStatus: 401,
		// "intent to receive" wants a 401 without a body
		Answers: entry.Answers{Authentication: entry.Answer{Empty: true}},
	})
}

// QuickBooks is the webhooks of QuickBooks Online. The secret is the app's verifier token. The body is a list of
// CloudEvents; the older form, an object with eventNotifications, is one event.
//
// https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
// https://github.com/IntuitDeveloper/SampleApp-Webhooks-nodejs
func QuickBooks() core.Provider {
	return of(entry.Entry{
		Name: "quickbooks", Title: "QuickBooks Online", Confidence: "A",
		Docs:       "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
		SecretFrom: "the app's Webhooks > Verifier token",
		Scheme:     base64HMAC("Intuit-Signature"),
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/time"),
			TimeUnit: entry.RFC3339, Data: "/data"},
		Batch: &entry.Batch{},
	})
}

// Alchemy is Alchemy's Notify and custom webhooks. The secret is the webhook's signing key ("whsec_..."), whole.
// Alchemy retries for ten minutes, or an hour on its enterprise plan.
//
// https://www.alchemy.com/docs/reference/notify-api-quickstart
func Alchemy() core.Provider {
	return of(entry.Entry{
		Name: "alchemy", Title: "Alchemy", Confidence: "A",
		Docs:       "https://www.alchemy.com/docs/reference/notify-api-quickstart",
		SecretFrom: "Dashboard > Webhooks > the webhook > Signing key",
		Scheme: whole("whsec_",
			hexHMAC("X-Alchemy-Signature")),
		Event: entry.Event{
			ID: pointer("/id"), Type: pointer("/type"), Time: pointer("/createdAt"), TimeUnit: entry.RFC3339,
			Data: "/event",
		},
		RetryHorizon: time.Hour, AckLimit: 5 * time.Second,
	})
}
