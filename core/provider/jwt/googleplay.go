package jwt

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// GooglePlay is Google Play's real-time developer notifications, which a push subscription of Pub/Sub with
// authentication delivers: as [GooglePubSub], but that the payload is the notification itself, decoded from the
// message. Its type is the name of what it holds, "subscriptionNotification", and its action the notificationType. A
// notification says that something changed and not what: ask Google Play's API. Config.Keys is that of keys.Google.
//
// The token says who sent it and covers nothing of the message.
//
// https://developer.android.com/google/play/billing/rtdn-reference
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
func GooglePlay(c GoogleConfig) core.Provider {
	return made(entry.Entry{
		Name: "google-play", Title: "Google Play", Confidence: "B",
		Docs:       "https://developer.android.com/google/play/billing/rtdn-reference",
		SecretFrom: "https://www.googleapis.com/oauth2/v3/certs, for keys at hand; usually Keys fetches them",
		Scheme:     googleScheme(),
		Unsigned:   []string{"the body: the token vouches for whoever sent it"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/message/messageId", And: []string{"/subscription"},
			InEnvelope: true},
		Event: entry.Event{
			ID:   []entry.Value{{Envelope: "/message/messageId"}, {Header: "X-Goog-Pubsub-Message-Id"}},
			Type: []entry.Value{{FirstKey: "version", NotKeys: "packageName eventTimeMillis"}},
			Action: []entry.Value{
				{JSON: "/subscriptionNotification/notificationType"},
				{JSON: "/oneTimeProductNotification/notificationType"},
			},
			Time: pointer("/eventTimeMillis"), TimeUnit: entry.Milliseconds, Tenant: pointer("/packageName"),
			Attempt:     []entry.Value{{Envelope: "/deliveryAttempt"}},
			PayloadJSON: "/message/data", PayloadBase64: true,
		},
		MaxBody:      16 << 20, // a message has up to 10 MB, which base64 lengthens
		RetryHorizon: 7 * 24 * time.Hour, AckLimit: 10 * time.Second,
	}, c.mechanism(), c.check())
}
