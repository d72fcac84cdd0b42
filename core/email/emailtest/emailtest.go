// Package emailtest has deliveries of every email sender by what they mean, so that one table tests what an app does
// on a bounce, whatever the sender:
//
//	for _, p := range emailtest.Senders() {
//		if sample, ok := emailtest.Sample(p, email.Bounced); ok {
//			sender := webhooktest.NewSender(p)
//			app := newApp(p, sender.Secret()) // the app's own
//			require.Equal(t, 200, sender.Send(app, "/webhooks/mail", sample).Code)
//		}
//	}
package emailtest

import (
	"errors"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// Senders returns the providers of every email sender. Amazon SES has the topic
// arn:aws:sns:us-east-1:123456789012:mail, and Scaleway arn:scw:sns:fr-par:project-1:mail.
func Senders() []core.Provider {
	return []core.Provider{
		provider.AhaSend(),
		provider.AmazonSES(provider.SNSConfig{Topics: []string{"arn:aws:sns:us-east-1:123456789012:mail"}}),
		provider.Brevo(), provider.CustomerIO(), provider.Loops(), provider.Mailchimp(), provider.MailerSend(),
		provider.Mailgun(), provider.Mailjet(), provider.Mailomat(), provider.MailPace(), provider.Mailtrap(),
		provider.Mandrill(),
		provider.Postal(), provider.Postmark(), provider.Resend(), provider.SendGrid(), provider.SparkPost(),
		provider.SparkPostRelay(), provider.Sweego(),
		provider.ScalewayTEM(provider.ScalewayConfig{Topics: []string{"arn:scw:sns:fr-par:project-1:mail"}}),
		provider.UnisenderGo(),
	}
}

// Sample returns a delivery that reports one event of the type, and false where the sender has none. Of
// [email.Inbound] it is a message that comes in.
func Sample(p core.Provider, t email.Type) (webhooktest.Sample, bool) {
	var inbound webhooktest.Sample
	for _, sample := range webhooktest.Samples(p) {
		events, err := email.Events(core.Event{Provider: p.Name(), Payload: sample.Body})
		wrong := (*email.WrongEndpointError)(nil)
		if t == email.Inbound && errors.As(err, &wrong) {
			if inbound.Body == nil || len(sample.Body) < len(inbound.Body) { // the shortest holds one message
				inbound = sample
			}
			continue
		}
		if err == nil && len(events) == 1 && events[0].Type == t {
			return sample, true
		}
	}
	return inbound, inbound.Body != nil
}
