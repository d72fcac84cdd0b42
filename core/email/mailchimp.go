package email

import "github.com/sallyport-go/sallyport/core"

// mailchimp has no place for anything: what is no form is not Mailchimp's.
var mailchimp = table{finish: func(*doc, *Event) verdict { return isOdd }}.compile() //lint:immutable never written

// mailchimpForm reads the webhooks of audiences of Mailchimp Marketing, which are forms. They tell of addresses and not
// of messages. fired_at has no zone, so that an event has no time.
//
// https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/
func mailchimpForm(e *core.Event) ([]Event, error) {
	f := readForm(e.Payload)
	kind, named := f.first("type")
	out := Event{Type: Unknown, Raw: e.Payload}
	switch kind {
	case "subscribe":
		out.Type = Subscribed
	case "unsubscribe":
		out.Type, out.RejectReason = Unsubscribed, ReasonUnsubscribed
	case "cleaned":
		out.Type, out.RejectReason = Bounced, ReasonBounced
		if reason, _ := f.first("data[reason]"); reason == "abuse" {
			out.Type, out.RejectReason = Complained, ReasonSpam
		}
	case "profile", "upemail", "campaign":
		return nil, nil
	}
	if !named {
		return []Event{out}, nil
	}
	if address, ok := f.first("data[email]"); ok {
		out.set(fieldRecipient, address)
	}
	if reason, ok := f.first("data[reason]"); ok {
		out.set(fieldDescription, reason)
	}
	return []Event{out}, nil
}
