package provider

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// AdobeSign is the webhooks of Adobe Acrobat Sign. It signs nothing: each request names the client id of the
// application that the webhook was made with, and wants it back in the answer. Secrets hold that client id, which is no
// secret, because it stands in the URLs of OAuth: whoever has seen one can send anything. Have a credential of your own
// as well: a token in the registered URL (Config.Credentials with core.QueryToken), or a client certificate that a
// proxy demands. New sees no proxy: without a credential it warns, and does not refuse.
//
// https://developer.adobe.com/acrobat-sign/docs/overview/acrobat_sign_events/
// https://helpx.adobe.com/sign/web/developers/webhooks/overview.html
func AdobeSign() core.Provider {
	const id = "X-AdobeSign-ClientId"
	e := headerToken("adobe-sign", "Adobe Acrobat Sign", "B",
		"https://helpx.adobe.com/sign/web/developers/webhooks/overview.html", id, entry.Event{
			ID: pointer("/webhookNotificationId"), Type: pointer("/event"), Time: pointer("/eventDate"),
			TimeUnit: entry.RFC3339,
		})
	e.SecretFrom = "the client id (Application ID) of the application that the webhook was made with"
	e.MinSecret = 8 // it is an id, and shorter than secrets are
	e.PublicCredential = "the client id stands in the URLs of OAuth"
	e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: "/webhookNotificationId"}
	e.AckEcho = id
	e.Handshakes = []entry.Handshake{{Method: "GET", Proved: true, When: "when the webhook is created"}}
	return of(e)
}
