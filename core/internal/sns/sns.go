// Package sns has the entry of Amazon SNS, and of services that sign in the same way.
//
// Anybody can subscribe this endpoint to a topic of their own, and the service signs all topics with the same keys. So
// a valid signature is not enough. It fails closed: a message counts only if its topic is one of those that are
// configured.
package sns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// lastDefaultRetry is when the last retry of SNS's default policy comes: there are three, 20 seconds apart.
//
// https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.retry.html
const lastDefaultRetry = time.Minute

// horizon is how long SNS retries at most, whatever the subscription's policy says.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
const horizon = time.Hour

// Config holds the parameters of an entry.
type Config struct {
	Topics     []string                                                // ARNs; at least one
	IsTopic    func(arn string) bool                                   // the form of the service's ARNs
	Confirm    func(ctx context.Context, topicARN, token string) error // nil: subscriptions are not confirmed
	SHA256Only bool                                                    // refuse SignatureVersion 1, which is SHA-1
}

// Entry returns the part that all such services share: the scheme, the identity and the handshakes. The error names
// every mistake in the config.
func Entry(c Config) (entry.Entry, error) {
	e := entry.Entry{
		Confidence: "A",
		SecretFrom: "the certificate at a message's SigningCertURL, in PEM, for keys at hand; usually Keys fetches it",
		Scheme:     scheme(c),
		Unsigned:   []string{"message attributes", "SigningCertURL and UnsubscribeURL", "headers (x-amz-sns-*)"},
		Identity:   entry.Identity{Kind: entry.BySignedID},
		Event: entry.Event{
			ID:   []entry.Value{{Envelope: "/MessageId"}},
			Time: []entry.Value{{Envelope: "/Timestamp"}}, TimeUnit: entry.RFC3339,
			PayloadJSON: "/Message",
		},
		Handshakes: []entry.Handshake{
			confirmation(c.Confirm),
			{
				// The message has an address that would subscribe again. It is never used.
				Proved: true, Method: "POST", WhenJSON: "/Type", WhenEquals: "UnsubscribeConfirmation",
				When: "when the subscription is ended",
				Note: "the subscription of this endpoint has ended: somebody unsubscribed it",
			},
		},
		MaxBody:      2 << 20, // a message has at most 256 KiB, and escapes in JSON may make it six times as long
		RetryHorizon: horizon, LastQuickRetry: lastDefaultRetry, AckLimit: 15 * time.Second,
		// SNS treats every status from 200 to 499 as a delivery. So refusals must be 503, or SNS drops the message.
		AuthStatus: 503, Drops4xx: true, AsksFirst: true,
	}
	return e, check(c)
}

// check returns every mistake in the config. Without topics it fails closed: any topic's messages would be genuine.
func check(c Config) error {
	var mistakes []error
	if len(c.Topics) == 0 {
		mistakes = append(mistakes, errors.New("needs the ARNs of your topics: anybody can subscribe this endpoint "+
			"to a topic of their own, whose messages are genuine too"))
	}
	for _, topic := range c.Topics {
		if !c.IsTopic(topic) {
			mistakes = append(mistakes, fmt.Errorf("lists %.100q, which is not the ARN of a topic", topic))
		}
	}
	return errors.Join(mistakes...)
}

// scheme returns SNS's canonical form: the names and values of fields, each on a line. Only the message may hold a line
// feed. It comes first, so the text has only one division when it is read from its end.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
func scheme(c Config) *entry.Scheme {
	// Each field is signed as its name, a line feed, its value and a line feed.
	named := func(p entry.Part, name string) entry.Part {
		p.Before, p.After = name+"\n", "\n"
		return p
	}
	field := func(name string, optional bool, g entry.Grammar, sample string) entry.Part {
		return named(entry.Part{Kind: entry.PartJSON, Text: "/" + name, Optional: optional, Grammar: g, Sample: sample},
			name)
	}
	// OneOf fails closed on every topic that is not configured.
	topic := field("TopicArn", false, entry.NoControl, "")
	topic.OneOf = append([]string{}, c.Topics...)
	s := &entry.Scheme{
		Algorithm: entry.RSAPKCS1SHA256,
		Key:       entry.Key{Certificate: true},
		Signature: entry.Signature{
			Field: entry.Field{JSON: "/Signature"}, Encoding: entry.Base64, Name: "2",
			Version: entry.Field{JSON: "/SignatureVersion"},
		},
		Timestamp: entry.Timestamp{Field: entry.Field{JSON: "/Timestamp"}, Unit: entry.RFC3339,
			Past: horizon + 5*time.Minute},
		ID:     entry.Field{JSON: "/MessageId", Grammar: entry.Token},
		KeyRef: entry.Field{JSON: "/SigningCertURL"},
		Signed: []entry.Part{
			field("Message", false, entry.AnyText, "a message of a test"),
			named(entry.ID(), "MessageId"),
			field("Subject", true, entry.NoControl, ""),
			field("SubscribeURL", true, entry.NoControl, ""),
			named(entry.TimestampText(), "Timestamp"),
			field("Token", true, entry.NoControl, ""),
			topic,
			field("Type", false, entry.Word, "Notification"),
		},
	}
	if !c.SHA256Only {
		// Version 1 is the default of a topic. SHA-1 has collisions, but they cannot change the topic: it is near the
		// end of the signed text, and a collision needs control of all that differs.
		s.Second = &entry.KeyKind{Algorithm: entry.RSAPKCS1SHA1, Key: entry.Key{Certificate: true}, Name: "1"}
	}
	return s
}

// confirmation returns the handshake of a new subscription. It runs only for a proved message, whose topic is a
// configured one. Topic and token are signed; the address in the message is not used.
func confirmation(confirm func(ctx context.Context, topicARN, token string) error) entry.Handshake {
	h := entry.Handshake{
		Proved: true, Method: "POST", WhenJSON: "/Type", WhenEquals: "SubscriptionConfirmation",
		When: "when the subscription is created",
	}
	if confirm == nil {
		h.Note = "a subscription of this endpoint to one of the listed topics waits for its confirmation, and " +
			"Confirm is not set"
		return h
	}
	h.Note = "the subscription of this endpoint to a listed topic was confirmed"
	paths := jsonscan.Compile("/TopicArn", "/Token")
	h.Do = func(ctx context.Context, body []byte) error {
		var raw [2][]byte
		if err := paths.Find(body, raw[:]); err != nil {
			return err
		}
		// The topic was checked with the signature. Confirm checks it once more.
		topic, _ := jsonscan.Text(raw[0])
		token, _ := jsonscan.Text(raw[1])
		if token == "" {
			return errors.New("the confirmation carries no token")
		}
		return confirm(ctx, topic, token)
	}
	return h
}

// IsAWSTopic reports whether arn is that of a standard topic: arn:<partition>:sns:<region>:<account>:<name>. Those of
// FIFO topics end with ".fifo" and are refused: they cannot send to an HTTP endpoint.
func IsAWSTopic(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) == 6 && parts[0] == "arn" && strings.HasPrefix(parts[1], "aws") && parts[2] == "sns" &&
		parts[3] != "" &&
		len(parts[4]) == 12 && strings.Trim(parts[4], "0123456789") == "" &&
		parts[5] != "" && len(parts[5]) <= 256 && strings.Trim(parts[5], word) == ""
}

const word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
