package email

import (
	"cmp"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Mailgun's webhooks. The event's own id is unique within a day only: the token of the signature is the id.
//
// https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
var mailgun = table{ //lint:immutable never written
	kind: []string{"/event-data/event"},
	types: map[string]meaning{
		"accepted": {Queued, ""}, "rejected": {Rejected, ""}, "delivered": {Delivered, ""}, "failed": {Bounced, ""},
		"opened": {Opened, ""}, "clicked": {Clicked, ""}, "unsubscribed": {Unsubscribed, ""},
		"complained": {Complained, ""},
	},
	id: []string{"/signature/token"}, recipient: []string{"/event-data/recipient"},
	at:   []string{"/event-data/timestamp"},
	tags: []string{"/event-data/tags"}, metadata: []string{"/event-data/user-variables"},
	description: []string{"/event-data/delivery-status/description"},
	response:    []string{"/event-data/delivery-status/message"},
	url:         []string{"/event-data/url"}, agent: []string{"/event-data/client-info/user-agent"},
	also: []string{
		"/event", "/event-data", "/event-data/severity", "/event-data/reason", "/event-data/reject/reason",
		"/event-data/message/headers/message-id", "/event-data/message/headers/to",
	},
	finish: mailgunEvent,
}.compile()

func mailgunEvent(d *doc, e *Event) verdict {
	if !isObject(d.at("/event-data")) {
		return mailgunPlain(d, e)
	}
	kind := d.str("/event-data/event")
	if kind == "failed" && d.str("/event-data/severity") == "temporary" {
		e.Type = Deferred
	}
	if id, ok := d.text("/event-data/message/headers/message-id"); ok {
		e.set(fieldMessageID, bracketed(id))
	}
	if d.has("/event-data/reason") {
		e.RejectReason = ReasonOther
		if reason := d.str("/event-data/reason"); reason == "bounce" || reason == "suppress-bounce" {
			e.RejectReason = ReasonBounced
		}
	}
	if kind != "rejected" {
		return isEvent
	}
	e.RejectReason = cmp.Or(e.RejectReason, ReasonOther)
	if reason, ok := d.text("/event-data/reject/reason"); ok && e.Description == "" {
		e.set(fieldDescription, reason)
	}
	if to := jsonText(d.at("/event-data/message/headers/to")); to != "" && e.Recipient == "" {
		e.set(fieldRecipient, bare(to))
	}
	return isEvent
}

// mailgunPlain reads an event without its envelope, as Mailgun's documentation and its events API show it.
func mailgunPlain(d *doc, e *Event) verdict {
	if !d.has("/event") || d.has("/event-data") {
		return isOdd
	}
	inside := append(append([]byte(`{"event-data":`), d.raw...), '}')
	events, err := d.table.read(d.event, inside, d.wish)
	if err != nil || len(events) != 1 {
		return isOdd
	}
	raw := e.Raw
	*e = events[0]
	e.Raw = raw
	return isEvent
}

func jsonText(raw []byte) string {
	text, _ := jsonscan.Text(raw)
	return text
}

// bracketed returns a message's id with the angle brackets that Mailgun leaves out.
func bracketed(id string) string {
	if id == "" || id[0] == '<' {
		return id
	}
	return "<" + id + ">"
}
