package email

import "fmt"

// WrongEndpointError is the error for a delivery of one kind at an endpoint for the other: an inbound message where
// tracking events are expected, or the reverse. The URL stands in the wrong setting at the sender.
type WrongEndpointError struct {
	Sender  string // as the sender writes itself
	Got     string // what came: "an inbound message" or "a tracking event"
	Setting string // the setting at the sender that holds the URL
}

// Error names the mistake and the setting to change.
func (e *WrongEndpointError) Error() string {
	wants, other := "tracking events", "inbound messages"
	if e.Got == gotTracking {
		wants, other = other, wants
	}
	return fmt.Sprintf("email: %s sent %s to an endpoint for %s: in %s, set the URL of your endpoint for %s",
		e.Sender, e.Got, wants, e.Setting, other)
}

const (
	gotInbound  = "an inbound message"
	gotTracking = "a tracking event"
)

// inboundSetting says where each sender keeps the URL that its inbound messages go to.
func inboundSetting(provider string) (sender, setting string) {
	switch provider {
	case "amazon-ses", "aws-sns":
		return "Amazon SES", "the receipt rule's SNS topic and its subscription"
	case "brevo":
		return "Brevo", "the inbound webhook (type inbound, event inboundEmailProcessed)"
	case "mailersend":
		return "MailerSend", "Inbound > the route > Forward to"
	case "mailgun":
		return "Mailgun", "Receiving > Routes > the route's forward action"
	case "mailjet":
		return "Mailjet", "the parse route's Url"
	case "mailtrap":
		return "Mailtrap", "the inbound webhook"
	case "postal", "postal-sha1":
		return "Postal", "Routing > HTTP endpoints"
	case "postmark":
		return "Postmark", "the inbound stream > Settings > Webhook"
	case "resend":
		return "Resend", "Webhooks > the webhook with the event email.received"
	case "sendgrid":
		return "SendGrid", "Settings > Inbound Parse > the host's URL"
	case "sparkpost":
		return "SparkPost", "the relay webhook's target"
	default:
		return provider, "the settings of inbound mail"
	}
}

// trackingSetting says where each sender keeps the URL that its tracking events go to.
func trackingSetting(provider string) (sender, setting string) {
	sender, _ = inboundSetting(provider)
	switch provider {
	case "amazon-ses", "aws-sns":
		return sender, "the configuration set's event destination, or the identity's notifications"
	case "brevo":
		return sender, "Transactional > Settings > Webhook"
	case "mailersend":
		return sender, "the domain > Webhooks"
	case "mailgun":
		return sender, "Sending > Webhooks"
	case "mailjet":
		return sender, "Account settings > Event notifications"
	case "mailtrap":
		return sender, "Settings > Webhooks"
	case "postal", "postal-sha1":
		return sender, "the server > Webhooks"
	case "postmark":
		return sender, "the message stream > Webhooks"
	case "resend":
		return sender, "Webhooks > the webhook's events"
	case "sendgrid":
		return sender, "Settings > Mail Settings > Event Webhooks"
	case "sparkpost":
		return sender, "Configuration > Webhooks"
	default:
		return sender, "the settings of its webhooks"
	}
}

func inboundHere(provider string) error {
	sender, setting := inboundSetting(provider)
	return &WrongEndpointError{Sender: sender, Got: gotInbound, Setting: setting}
}

// TrackingAtInbound returns the error for a tracking event at an endpoint for inbound messages. It is for the package
// inbound.
func TrackingAtInbound(provider string) error {
	sender, setting := trackingSetting(provider)
	return &WrongEndpointError{Sender: sender, Got: gotTracking, Setting: setting}
}
