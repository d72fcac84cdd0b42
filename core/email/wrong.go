package email

import "fmt"

// WrongEndpointError is the error for a delivery of one kind at an endpoint for the other: an inbound message where
// tracking events are expected, or the reverse. The URL stands in the wrong setting at the sender.
type WrongEndpointError struct {
	Sender string // as the sender writes itself
	Got    string // what came: "an inbound message", "a tracking event"
	Want   string // what the endpoint is for: "tracking events", "inbound messages"
	Advice string // the setting to change at the sender
}

// Error names the mistake and the setting to change.
func (e *WrongEndpointError) Error() string {
	return fmt.Sprintf("email: %s sent %s to an endpoint for %s: %s", e.Sender, e.Got, e.Want, e.Advice)
}

const (
	ofTracking = "tracking events"
	ofInbound  = "inbound messages"
)

// adviceOn names the setting that holds the URL.
func adviceOn(setting, kind string) string {
	return "in " + setting + ", set the URL of your endpoint for " + kind
}

// settingsOf names a sender, and says where it keeps the URLs that its inbound messages and its tracking events go to.
func settingsOf(provider string) (sender, inbound, tracking string) {
	switch provider {
	case "ahasend":
		return "AhaSend", "Routes > the route's URL", "Webhooks > the webhook's URL"
	case "amazon-ses", "aws-sns":
		return "Amazon SES", "the receipt rule's SNS topic and its subscription",
			"the configuration set's event destination, or the identity's notifications"
	case "brevo":
		return "Brevo", "the inbound webhook (type inbound, event inboundEmailProcessed)",
			"Transactional > Settings > Webhook"
	case "mailersend":
		return "MailerSend", "Inbound > the route > Forward to", "the domain > Webhooks"
	case "mailgun":
		return "Mailgun", "Receiving > Routes > the route's forward action", "Sending > Webhooks"
	case "mailjet":
		return "Mailjet", "the parse route's Url", "Account preferences > Event Tracking"
	case "mailpace":
		return "MailPace", "the domain > Inbound Emails > Endpoint URL", "the domain > Webhooks"
	case "mailtrap":
		return "Mailtrap", "Settings > Webhooks > the webhook of Inbound Inboxes",
			"Settings > Webhooks > the webhook of Email Sending"
	case "postal", "postal-sha1":
		return "Postal", "Routing > HTTP endpoints", "the server > Webhooks"
	case "postmark":
		return "Postmark", "the inbound stream > Settings > Webhook", "the message stream > Webhooks"
	case "resend":
		return "Resend", "Webhooks > the webhook with the event email.received", "Webhooks > the webhook's events"
	case "sendgrid", "sendgrid-inbound":
		return "SendGrid", "Settings > Inbound Parse > the host's URL", "Settings > Mail Settings > Event Webhooks"
	case "sparkpost", "sparkpost-relay":
		return "SparkPost", "the relay webhook's target", "Configuration > Webhooks"
	case "sweego":
		return "Sweego", "the subdomain's inbound routing > the webhook's URL", "the personal settings > Webhooks"
	default:
		return provider, "the settings of inbound mail", "the settings of its webhooks"
	}
}

func inboundHere(provider string) error {
	sender, setting, _ := settingsOf(provider)
	return &WrongEndpointError{
		Sender: sender, Got: "an inbound message", Want: ofTracking, Advice: adviceOn(setting, ofInbound),
	}
}

// TrackingAtInbound returns the error for a tracking event at an endpoint for inbound messages. It is for the package
// inbound.
func TrackingAtInbound(provider string) error {
	sender, _, setting := settingsOf(provider)
	return &WrongEndpointError{
		Sender: sender, Got: "a tracking event", Want: ofInbound, Advice: adviceOn(setting, ofTracking),
	}
}
