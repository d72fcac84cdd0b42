package provider

import (
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers that sign the method, the path, the query or headers together with the body. Behind a proxy that changes
// the path, set core.Config.PublicURL to the URL as it is registered, with its query.

// Contentful is a webhook of Contentful with request verification. The secret is the space's signing secret, which has
// 64 characters. The headers that x-contentful-signed-headers lists are signed; the time has to be among them. A
// delivery may be thirty seconds ahead, as in its own SDK, and as old as retries last.
//
// https://www.contentful.com/developers/docs/webhooks/request-verification/
// https://github.com/contentful/node-apps-toolkit
func Contentful() core.Provider {
	feed := entry.Literal("\n")
	return of(entry.Entry{
		Name: "contentful", Title: "Contentful", Confidence: "A",
		Docs:       "https://github.com/contentful/node-apps-toolkit",
		SecretFrom: "Settings > Webhooks > Settings > the signing secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("X-Contentful-Signature"), Encoding: entry.Hex},
			Timestamp: entry.Timestamp{
				Field: headers("X-Contentful-Timestamp"), Unit: entry.Milliseconds, Tolerance: 30 * time.Second,
				Past: contentfulHorizon, // whether a retry is signed again is not documented
			},
			Signed: []entry.Part{
				{Kind: entry.PartMethod}, feed, {Kind: entry.PartEscapedPath}, feed,
				{Kind: entry.PartListedHeaders, Text: "X-Contentful-Signed-Headers"}, feed, entry.Body(),
			},
		},
		Unsigned: []string{"every header that x-contentful-signed-headers does not list: look there for the topic"},
		Identity: entry.Identity{
			With: []string{"X-Contentful-Topic"}, // several topics are sent over one body
			Apart: []entry.Apart{{
				When: []entry.Members{{Lacks: []string{"/sys/updatedAt"}}}, Time: true,
				Why: "those without `/sys/updatedAt`, whose body is your own",
			}},
		},
		Event: entry.Event{Type: header("X-Contentful-Topic"), Time: pointer("/sys/updatedAt"),
			TimeUnit: entry.RFC3339},

		Methods: []string{"GET", "PUT", "PATCH", "DELETE"}, RetryHorizon: contentfulHorizon,
	})
}

// contentfulHorizon is the longest that a retry policy of one's own may last; the usual one is two retries, half a
// minute apart.
//
// https://www.contentful.com/developers/docs/webhooks/retry-policy/
const contentfulHorizon = 24 * time.Hour

// SinchApplication is the callbacks of Sinch's Voice and Verification APIs, signed for an application. The secret is
// the application's secret, in base64. Register a URL without a query: how one is signed is not documented.
//
// The body is signed by its MD5. Nobody can forge a given callback, but whoever can choose much of what is sent may
// make two bodies of one hash. Callbacks wait for their answer (see [core.Event.Respond]), so that nothing is
// remembered.
//
// https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request
// https://github.com/sinch/sinch-sdk-node
func SinchApplication() core.Provider {
	feed := entry.Literal("\n")
	return of(entry.Entry{
		Name: "sinch-application", Title: "Sinch (Voice and Verification)", Confidence: "A",
		Docs:       "https://developers.sinch.com/docs/voice/api-reference/authentication/callback-signed-request",
		SecretFrom: "the dashboard > Apps > the app > Secret",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Key:       entry.Key{Encoding: entry.Base64},
			Signature: entry.Signature{Field: headers("Authorization"), Layout: entry.AuthScheme, Prefix: "Application",
				Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("X-Timestamp"), Unit: entry.RFC3339},
			Signed: []entry.Part{
				{Kind: entry.PartMethod}, feed, {Kind: entry.PartBodyMD5}, feed,
				{Kind: entry.PartHeader, Text: "Content-Type", Grammar: entry.NoControl}, feed,
				entry.Literal("x-timestamp:"), entry.TimestampText(), feed, {Kind: entry.PartPath},
			},
		},
		Unsigned: []string{"the application's key in the header"},
		Identity: entry.Identity{Kind: entry.None, Why: "a callback waits for its answer, and a repeated answer " +
			"would be wrong"},
		Event: entry.Event{
			ID: []entry.Value{{JSON: "/callid"}, {JSON: "/id"}}, Type: pointer("/event"), Time: pointer("/timestamp"),
			TimeUnit: entry.RFC3339,
		},
	})
}

// MessageBirdLegacy is MessageBird's webhooks under their old signature, which MessageBird's own SDK calls deprecated.
// The secret is the signing key. Deliveries come as GET with parameters too, which are signed. Its SDK accepts them for
// a few seconds only; the window here is the usual one, of five minutes.
//
// https://github.com/messagebird/go-rest-api/tree/master/signature
func MessageBirdLegacy() core.Provider {
	feed := entry.Literal("\n")
	return of(entry.Entry{
		Name: "messagebird-legacy", Title: "MessageBird (legacy signature)", Confidence: "A",
		Docs:       "https://github.com/messagebird/go-rest-api/tree/master/signature",
		SecretFrom: "Developer settings > API settings > Signing key",
		Scheme: &entry.Scheme{
			Algorithm: entry.HMACSHA256,
			Signature: entry.Signature{Field: headers("Messagebird-Signature"), Encoding: entry.Base64},
			Timestamp: entry.Timestamp{Field: headers("Messagebird-Request-Timestamp")},
			// The query is encoded, so that no line feed stands in it.
			Signed: []entry.Part{
				entry.TimestampText(), feed, {Kind: entry.PartCanonicalQuery}, feed, {Kind: entry.PartBodySHA256},
			},
		},
		Unsigned: []string{"the host, the path and the order of the query's parameters"},
		Identity: entry.Identity{Kind: entry.BySigned},
		Event:    entry.Event{ID: pointer("/id"), Type: pointer("/type")},
		Methods:  []string{"GET"},
	})
}
