package email

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Resend's webhooks. An event names all recipients of its message and not the one it is about: Resend sends an event
// for each, and the first is taken.
//
// https://resend.com/docs/dashboard/webhooks/event-types
var resend = table{ //lint:immutable never written
	kind: []string{"/type"},
	types: map[string]meaning{
		"email.sent": {Sent, ""}, "email.delivered": {Delivered, ""}, "email.delivery_delayed": {Deferred, ""},
		"email.complained": {Complained, ""}, "email.bounced": {Bounced, ""}, "email.opened": {Opened, ""},
		"email.clicked": {Clicked, ""},
	},
	message: []string{"/data/email_id"}, at: []string{"/created_at"}, unit: calendar,
	description: []string{"/data/bounce/message"}, url: []string{"/data/click/link"},
	agent: []string{"/data/click/userAgent"},
	also:  []string{"/data/to", "/data/headers"},
	finish: func(d *doc, e *Event) verdict {
		if d.str("/type") == "email.received" {
			return isInbound
		}
		if d.event.ID != "" {
			e.set(fieldEventID, d.event.ID)
		}
		if to := firstOf(d.at("/data/to")); to != "" {
			e.set(fieldRecipient, bare(to))
		}
		if message, ok := d.text("/data/bounce/message"); ok {
			e.RejectReason = resendReason(message)
		}
		eachHeader(d.at("/data/headers"), func(name, value string) {
			switch {
			case strings.EqualFold(name, "X-Tags") && isList([]byte(value)):
				e.Tags = tagsOf([]byte(value))
			case strings.EqualFold(name, "X-Metadata"):
				e.Metadata = objectIn(value)
			}
		})
		return isEvent
	},
}.compile()

func resendReason(message string) Reason {
	switch {
	case strings.Contains(message, "suppressed sending"):
		return ReasonBlocked
	case strings.Contains(message, "bounce message"):
		return ReasonBounced
	default:
		return ReasonOther
	}
}

// firstOf returns the first text of a list, or the text.
func firstOf(raw []byte) string {
	if text, ok := jsonscan.Text(raw); ok {
		return text
	}
	items, err := jsonscan.Items(raw, maxList)
	if err != nil || len(items) == 0 {
		return ""
	}
	text, _ := jsonscan.Text(items[0])
	return text
}
