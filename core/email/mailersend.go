package email

import (
	"cmp"
	"strings"
)

// MailerSend's webhooks, in versions 1 and 2. In version 2 the member type in data is the state of the message and
// not what happened, so only the outer one is read.
//
// https://developers.mailersend.com/api/v1/webhooks.html
var mailersend = table{ //lint:immutable never written
	kind: []string{"/type"},
	types: map[string]meaning{
		"activity.sent": {Sent, ""}, "activity.delivered": {Delivered, ""}, "activity.deferred": {Deferred, ""},
		"activity.soft_bounced": {Bounced, ""}, "activity.hard_bounced": {Bounced, ""},
		// A first open or click comes as opened or clicked, too.
		"activity.opened": {Opened, ""}, "activity.clicked": {Clicked, ""},
		"activity.unsubscribed": {Unsubscribed, ""}, "activity.spam_complaint": {Complained, ""},
	},
	id: []string{"/data/id"}, message: []string{"/data/email/message/id", "/data/message_id"},
	recipient: []string{"/data/email/recipient/email", "/data/recipient", "/data/email"},
	at:        []string{"/data/created_at", "/created_at"}, unit: calendar, tags: []string{"/data/email/tags",
		"/data/tags"},
	description: []string{
		"/data/morph/readable_reason", "/data/morph/reason", "/data/meta/bounce_reason",
		"/data/meta/unsubscribe_reason",
	},
	agent: []string{"/data/meta/user_agent"}, url: []string{"/data/morph/url", "/data/meta/url"},
	also: []string{"/data/morph/object", "/data/message_id", "/object"},
	finish: func(d *doc, e *Event) verdict {
		kind := cmp.Or(d.str("/type"), d.str("/object")) // email_single.verified has its name there
		switch {
		case strings.HasPrefix(kind, "inbound."):
			return isInbound
		case kind == "webhook.test":
			return isNothing
		case kind != "" && !strings.HasPrefix(kind, "activity."):
			// About an identity, a list or the account: an address in it is not a recipient, and an id is that of
			// the list. Nothing may be suppressed because of it.
			*e = Event{Type: Unknown, Timestamp: e.Timestamp, Raw: e.Raw}
		case d.has("/data/message_id"): // version 2
			e.RejectReason = mailersendReasons[kind]
		default:
			e.RejectReason = mailersendReasons[d.str("/data/morph/object")]
		}
		return isEvent
	},
}.compile()

var mailersendReasons = map[string]Reason{ //lint:immutable never written
	"recipient_bounce": ReasonBounced, "spam_complaint": ReasonSpam, "recipient_unsubscribe": ReasonUnsubscribed,
	"activity.soft_bounced": ReasonBounced, "activity.hard_bounced": ReasonBounced,
	"activity.spam_complaint": ReasonSpam, "activity.unsubscribed": ReasonUnsubscribed,
}
