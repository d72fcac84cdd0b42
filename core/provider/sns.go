package provider

import (
	"context"
	"fmt"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/sns"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// SNSConfig is what an endpoint that Amazon SNS sends to needs besides keys.
type SNSConfig struct {
	// Topics are the ARNs of the topics whose messages count: "arn:aws:sns:eu-west-1:123456789012:orders". Required:
	// anybody can subscribe this endpoint to a topic of theirs, whose messages are just as genuine.
	Topics []string
	// Confirm confirms the subscription of this endpoint to one of Topics, after its request was proved: that of
	// keys.SNSConfirm, or a function that has the token written down for a person. An error makes SNS ask again. It
	// must be safe for concurrent use. Default: nothing is confirmed, and the record of the handshake says so.
	Confirm func(ctx context.Context, topicARN, token string) error
	// SHA256Only refuses messages that are signed with SHA-1. A topic signs with SHA-256 once its SignatureVersion is
	// 2.
	SHA256Only bool
}

// AWSSNS is the messages of Amazon SNS topics. Keys are those of keys.SNSCertificates; where the endpoint cannot reach
// Amazon, Secrets hold the certificate. Each message is an event whose payload is the message's text; the whole request
// is [core.Delivery.Body].
//
// A subscription sends nothing but its confirmation until that is confirmed; see [SNSConfig.Confirm]. Leave raw message
// delivery off: it sends messages without their signature. A Basic credential in the endpoint's URL is sent after a 401
// only, which is the answer where one is configured; otherwise a failed authentication is answered 503, because to SNS
// any status below 500 says that the message has arrived.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func AWSSNS(c SNSConfig) core.Provider {
	e, err := snsEntry("aws-sns", "Amazon SNS",
		"https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html", c)
	e.Event.Type = []entry.Value{{Envelope: "/Type"}}
	return entry.NewProvider(e, err)
}

// AmazonSES is the notifications and published events of Amazon SES, which come through Amazon SNS topics; see
// [AWSSNS]. The event's payload is SES's own, its type "Bounce", "Complaint", "Delivery" and so on. What is no JSON,
// such as the message that SES tests a topic with, is an event without a type.
//
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
// https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
func AmazonSES(c SNSConfig) core.Provider {
	e, err := snsEntry("amazon-ses", "Amazon SES",
		"https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html", c)
	e.Event.Type = []entry.Value{{JSON: "/eventType"}, {JSON: "/notificationType"}}
	e.Event.Action = []entry.Value{{JSON: "/bounce/bounceType"}, {JSON: "/complaint/complaintFeedbackType"}}
	return entry.NewProvider(e, err)
}

func snsEntry(name, title, docs string, c SNSConfig) (entry.Entry, error) {
	e, err := sns.Entry(sns.Config{Topics: c.Topics, IsTopic: sns.IsAWSTopic, Confirm: c.Confirm,
		SHA256Only: c.SHA256Only})
	if err != nil {
		err = fmt.Errorf("SNSConfig.Topics: %w", err)
	}
	e.Name, e.Title, e.Docs = name, title, docs
	return e, err
}
