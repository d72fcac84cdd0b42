package provider

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// WebSub is the distributions of a WebSub (PubSubHubbub) hub that signs with HMAC-SHA256. The secret is the hub.secret
// you gave to the subscription. The payload is the topic's content, in whatever format it has.
//
// topics are the URLs subscribed to: the hub's GET that asks whether a subscription is meant is answered for them and
// for no other, so that nobody subscribes this endpoint to a topic of their own. Without topics it is not answered. The
// end of a subscription is never confirmed, because anybody may ask the hub for it: let the lease run out. Whoever
// knows the callback's URL may ask the hub for a subscription under a secret of their own, whose distributions are
// refused then: choose a URL that cannot be guessed.
//
// https://www.w3.org/TR/websub/#authenticated-content-distribution
func WebSub(topics ...string) core.Provider {
	return of(webSub("websub", "WebSub", entry.HMACSHA256, "sha256=", topics))
}

// WebSubSHA1 is [WebSub] from a hub that signs with HMAC-SHA1, as most hubs do. The receiver chooses: a hub that signs
// with another algorithm is refused.
//
// https://www.w3.org/TR/websub/#authenticated-content-distribution
func WebSubSHA1(topics ...string) core.Provider {
	return of(webSub("websub-sha1", "WebSub (SHA-1)", entry.HMACSHA1, "sha1=", topics))
}

func webSub(name, title string, alg entry.Algorithm, prefix string, topics []string) entry.Entry {
	e := entry.Entry{
		Name: name, Title: title, Confidence: "A",
		Docs: "https://www.w3.org/TR/websub/#authenticated-content-distribution",
		Scheme: &entry.Scheme{
			Algorithm: alg,
			Signature: entry.Signature{Field: headers("X-Hub-Signature"), Prefix: prefix, Encoding: entry.Hex},
			Signed:    []entry.Part{entry.Body()},
		},
		Unsigned: []string{"topic (Link)", "format (Content-Type)", "time"},
	}
	for _, topic := range topics {
		e.Handshakes = append(e.Handshakes, entry.Handshake{
			Method: "GET", WhenQuery: "hub.mode", QueryEquals: "subscribe", Query: [][2]string{{"hub.topic", topic}},
			EchoQuery: "hub.challenge",
			When:      "when the hub verifies the subscription",
		})
	}
	return e
}
