package inbound

import (
	"context"
	"fmt"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// Senders that pass the message on as it came, in JSON.

// https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
func readAmazonSES(ctx context.Context, e *core.Event, c *Config, m *Message) error {
	payload := e.Payload
	if f := readFields(payload, "/Type", "/Message"); f.text("/Type") != "" {
		payload = f.bytes("/Message") // no guard has opened it
	}
	f := readFields(payload, "/notificationType", "/eventType", "/mail/source", "/mail/messageId", "/mail/timestamp",
		"/receipt/recipients", "/receipt/spamVerdict/status", "/receipt/action/type", "/receipt/action/encoding",
		"/receipt/action/bucketName", "/receipt/action/objectKey", "/content")
	switch {
	case f.text("/notificationType") == "Received":
	case f.has("/notificationType") || f.has("/eventType"):
		return email.TrackingAtInbound(e.Provider)
	default:
		return ErrNoMessage
	}
	m.EnvelopeSender, m.EventID, m.Timestamp = f.text("/mail/source"), f.text("/mail/messageId"),
		timeOf(f.text("/mail/timestamp"))
	if to := f.list("/receipt/recipients"); len(to) > 0 {
		m.EnvelopeRecipient = fields{"": to[0]}.text("")
	}
	switch f.text("/receipt/spamVerdict/status") {
	case "PASS":
		m.SpamDetected = new(false)
	case "FAIL":
		m.SpamDetected = new(true)
	}
	switch action := f.text("/receipt/action/type"); action {
	case "SNS":
		content := f.bytes("/content")
		if f.text("/receipt/action/encoding") == "BASE64" {
			content = decodeBase64(content)
		}
		m.parseRaw(content, c)
		return nil
	case "S3":
		if c.Object == nil {
			return fmt.Errorf("%w: SES puts messages into S3, and Config.Object, which fetches them, is not set",
				errSetUp)
		}
		content, err := c.Object(ctx, f.text("/receipt/action/bucketName"), f.text("/receipt/action/objectKey"))
		if err != nil {
			return fmt.Errorf("inbound: fetching the message from S3: %w", err)
		}
		if int64(len(content)) > c.maxBytes() {
			return fmt.Errorf("inbound: the message in S3 is larger than MaxBytes")
		}
		fromFile := *c
		fromFile.unifyLines = true
		m.parseRaw(content, &fromFile)
		return nil
	default:
		return fmt.Errorf("%w: the receipt rule notifies for the action %.40q, which does not say where the message "+
			"is: use the action SNS, or S3 with a topic", errSetUp, action)
	}
}

// https://www.mailersend.com/help/inbound-route
func readMailerSend(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/type", "/data/id", "/data/created_at", "/data/sender/email",
		"/data/recipients/rcptTo", "/data/raw")
	switch kind := f.text("/type"); {
	case kind == "webhook.test":
		return ErrNoMessage
	case kind != "inbound.message" && kind != "":
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.Timestamp, m.EnvelopeSender = f.text("/data/id"), timeOf(f.text("/data/created_at")),
		f.text("/data/sender/email")
	if to := f.list("/data/recipients/rcptTo"); len(to) > 0 {
		m.EnvelopeRecipient = readFields(to[0], "/email").text("/email")
	}
	m.parseRaw(f.bytes("/data/raw"), c)
	return nil
}

// https://mailchimp.com/developer/transactional/guides/set-up-inbound-email-processing/
func readMandrill(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/event", "/ts", "/msg/email", "/msg/raw_msg", "/msg/spam_report/score")
	if f.text("/event") != "inbound" {
		return ErrNoMessage // tracking events come to the same URL
	}
	m.Timestamp, m.EnvelopeRecipient = unixOf(f.text("/ts")), f.text("/msg/email")
	m.SpamScore = f.number("/msg/spam_report/score")
	m.parseRaw(f.bytes("/msg/raw_msg"), c)
	return nil
}

// https://docs.postalserver.io/developer/http-payloads
func readPostal(_ context.Context, e *core.Event, c *Config, m *Message) error {
	if formscan.Is(e.Payload) {
		return fmt.Errorf("%w: Postal sends forms, which are not read: choose JSON at the HTTP endpoint", errSetUp)
	}
	f := readFields(e.Payload, "/id", "/rcpt_to", "/mail_from", "/message", "/base64", "/status", "/event", "/payload",
		"/plain_body", "/html_body", "/from")
	if !f.has("/rcpt_to") && (f.has("/status") || f.has("/event") || f.has("/payload")) {
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.EnvelopeSender, m.EnvelopeRecipient = f.text("/id"), f.text("/mail_from"), f.text("/rcpt_to")
	if !f.has("/message") && (f.has("/plain_body") || f.has("/html_body") || f.has("/from")) {
		m.postalFields(e.Payload, c)
		return nil
	}
	raw := f.bytes("/message")
	if f.text("/base64") == "true" {
		raw = decodeBase64(raw)
	}
	m.parseRaw(raw, c)
	return nil
}

// https://www.sparkpost.com/docs/tech-resources/inbound-email-relay-webhook/
func readSparkPost(_ context.Context, e *core.Event, c *Config, m *Message) error {
	payload := e.Payload
	if isKind(payload, '[') { // no guard has split it
		items := fields{"": payload}.list("")
		if len(items) == 0 {
			return ErrNoMessage
		}
		payload = items[0]
	}
	msys := readFields(payload, "/msys", "/msys/relay_message")
	if !msys.has("/msys/relay_message") {
		if classes := 0; msys.has("/msys") {
			eachClass(msys["/msys"], &classes)
			if classes > 0 {
				return email.TrackingAtInbound(e.Provider)
			}
		}
		return ErrNoMessage
	}
	f := readFields(msys["/msys/relay_message"], "/protocol", "/msg_from", "/rcpt_to", "/content/email_rfc822",
		"/content/email_rfc822_is_base64")
	if protocol := f.text("/protocol"); protocol != "smtp" && protocol != "" {
		return fmt.Errorf("%w: a relay webhook passed on a message by %.20q, which is not email", errSetUp, protocol)
	}
	m.EnvelopeSender, m.EnvelopeRecipient = f.text("/msg_from"), f.text("/rcpt_to")
	raw := f.bytes("/content/email_rfc822")
	if f.text("/content/email_rfc822_is_base64") == "true" {
		raw = decodeBase64(raw)
	}
	m.parseRaw(raw, c)
	return nil
}
