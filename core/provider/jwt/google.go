package jwt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// GoogleConfig says whose tokens count. Both fields are required: anybody can have Google make a token for this
// audience in the name of a service account of theirs.
type GoogleConfig struct {
	// Audience is the one of the push subscription or the trigger; where none was set there, the endpoint's URL.
	Audience string
	// ServiceAccounts are the accounts that the subscription or the trigger authenticates as:
	// "push@project.iam.gserviceaccount.com".
	ServiceAccounts []string
}

func (c GoogleConfig) check() error {
	var mistakes []error
	if c.Audience == "" {
		mistakes = append(mistakes, errors.New("GoogleConfig.Audience is empty; it is the audience of the push "+
			"subscription or trigger, by default the endpoint's URL"))
	}
	if len(c.ServiceAccounts) == 0 {
		mistakes = append(mistakes, errors.New("GoogleConfig.ServiceAccounts is empty; name the service account that "+
			"the subscription or trigger authenticates as"))
	}
	for _, account := range c.ServiceAccounts {
		if name, host, ok := strings.Cut(account, "@"); !ok || name == "" ||
			!strings.HasSuffix(host, ".gserviceaccount.com") {
			mistakes = append(mistakes, fmt.Errorf("GoogleConfig.ServiceAccounts: %.100q is no service account's "+
				"e-mail address", account))
		}
	}
	return errors.Join(mistakes...)
}

func (c GoogleConfig) mechanism() *mechanism {
	return &mechanism{
		header: "Authorization", scheme: "Bearer", algorithms: []string{"RS256"}, keyless: true,
		issuers: []string{"https://accounts.google.com", "accounts.google.com"}, audiences: []string{c.Audience},
		emails: append([]string{}, c.ServiceAccounts...), expires: true, issued: true, time: "iat", leeway: leeway,
		covers: "the sender",
	}
}

// googleScheme: a token may be an hour old, and used for several deliveries.
func googleScheme() *entry.Scheme {
	return &entry.Scheme{Timestamp: entry.Timestamp{Past: time.Hour + 5*time.Minute}}
}

// GooglePubSub is a push subscription of Google Cloud Pub/Sub with authentication. Config.Keys is that of keys.Google.
// A message's payload is the whole request, its data base64 in /message/data. A delivery that is refused is sent again
// for as long as the subscription keeps messages, seven days unless it says otherwise.
//
// With payload unwrapping, switch "write metadata" on: the message's id is then a header. Without it nothing tells two
// messages with one body apart, and the second is treated as a repetition.
//
// The token says who sent it and covers nothing of the message.
//
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
func GooglePubSub(c GoogleConfig) core.Provider {
	return made(entry.Entry{
		Name: "google-pubsub", Title: "Google Cloud Pub/Sub", Confidence: "B",
		Docs:       "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
		SecretFrom: "https://www.googleapis.com/oauth2/v3/certs, for keys at hand; usually Keys fetches them",
		Scheme:     googleScheme(),
		Unsigned:   []string{"the body: the token vouches for whoever sent it"},
		Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/message/messageId", And: []string{"/subscription"},
			Apart: unwrapped()},
		Event: entry.Event{
			ID:       []entry.Value{{JSON: "/message/messageId"}, {Header: "X-Goog-Pubsub-Message-Id"}},
			Time:     []entry.Value{{JSON: "/message/publishTime"}, {Header: "X-Goog-Pubsub-Publish-Time"}},
			TimeUnit: entry.RFC3339,
			Attempt:  pointer("/deliveryAttempt"), Data: "/message/data",
		},
		MaxBody:      16 << 20, // a message has up to 10 MB, which base64 lengthens
		RetryHorizon: 7 * 24 * time.Hour, AckLimit: 10 * time.Second,
	}, c.mechanism(), c.check())
}

// unwrapped tells messages apart that come without their envelope, whose body is the payload alone. The token vouches
// for the id as much as for the body.
//
// https://cloud.google.com/pubsub/docs/payload-unwrapping
func unwrapped() []entry.Apart {
	return []entry.Apart{{
		When: []entry.Members{{Lacks: []string{"/message/messageId"}}}, Headers: []string{"X-Goog-Pubsub-Message-Id"},
		Why: "those of a subscription with payload unwrapping",
	}}
}

// GoogleEventarc is what Eventarc's triggers and pipelines send: CloudEvents whose attributes are headers. Config.Keys
// is that of keys.Google.
//
// The token says who sent it and covers nothing of the event.
//
// https://cloud.google.com/eventarc/docs
func GoogleEventarc(c GoogleConfig) core.Provider {
	return made(entry.Entry{
		Name: "google-eventarc", Title: "Google Eventarc", Confidence: "B",
		Docs:       "https://cloud.google.com/eventarc/docs",
		SecretFrom: "https://www.googleapis.com/oauth2/v3/certs, for keys at hand; usually Keys fetches them",
		Scheme:     googleScheme(),
		Unsigned:   []string{"the body and the attributes (ce-*): the token vouches for whoever sent it"},
		Identity:   entry.Identity{With: []string{"Ce-Id", "Ce-Source"}},
		Event: entry.Event{ID: header("Ce-Id"), Type: header("Ce-Type"), Time: header("Ce-Time"),
			TimeUnit: entry.RFC3339},
	}, c.mechanism(), c.check())
}
