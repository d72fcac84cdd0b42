package provider

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// EBay is the notifications of eBay, such as the deletion of an account. Keys are those of keys.EBay, by the kid in the
// signature, under an application token of yours; where there is none, the secret is the public key itself.
//
// Saving the endpoint asks for a hash of a challenge, of the verification token that you chose (Setup.VerifyTokens, 32
// to 80 letters, digits, - and _) and of the URL as it is registered (PublicURL). eBay asks again at times.
//
// eBay signs with SHA-1. Nobody can forge a given notification, but whoever can choose much of what is sent may make
// two bodies of one hash. Nothing that a notification says changes the algorithm.
//
// https://developer.ebay.com/api-docs/commerce/notification/overview.html
// https://github.com/eBay/event-notification-nodejs-sdk
func EBay() core.Provider {
	return of(entry.Entry{
		Name: "ebay", Title: "eBay", Confidence: "A",
		Docs: "https://developer.ebay.com/api-docs/commerce/notification/overview.html",
		SecretFrom: "the API: GET /commerce/notification/v1/public_key/{kid}, with the kid in a delivery's " +
			"X-EBAY-SIGNATURE",
		Scheme: &entry.Scheme{
			Algorithm: entry.ECDSAP256SHA1,
			Signature: entry.Signature{Field: headers("X-EBAY-SIGNATURE"), Layout: entry.Packed, Name: "signature",
				Encoding: entry.Base64},
			KeyRef: entry.Field{Key: "kid"},
			Signed: []entry.Part{entry.Body()},
		},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/notification/notificationId"},
		Event: entry.Event{
			ID: pointer("/notification/notificationId"), Type: pointer("/metadata/topic"),
			Time: pointer("/notification/eventDate"), TimeUnit: entry.RFC3339,
			Attempt: pointer("/notification/publishAttemptCount"), Data: "/notification/data",
		},
		Handshakes: []entry.Handshake{{
			Method: "GET", WhenQuery: "challenge_code", EchoQuery: "challenge_code",
			Answer:      `{"challengeResponse":"` + entry.HashedAnswer + `"}`,
			ContentType: "application/json", When: "when the endpoint is saved, and at times after that",
		}},
	})
}
