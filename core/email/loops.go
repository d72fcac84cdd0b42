package email

import "strings"

// Loops' webhooks. Besides events of emails it sends those of contacts: they repeat an unsubscription or a bounce that
// an event of its email reports, so that they are unknown.
//
// https://loops.so/docs/webhooks
var loops = table{ //lint:immutable never written
	kind: []string{"/eventName"},
	types: map[string]meaning{
		"campaign.email.sent": {Sent, ""}, "loop.email.sent": {Sent, ""}, "transactional.email.sent": {Sent, ""},
		"email.delivered": {Delivered, ""}, "email.softBounced": {Deferred, ""}, // Loops tries again
		"email.hardBounced": {Bounced, ReasonBounced}, "email.opened": {Opened, ""}, "email.clicked": {Clicked, ""},
		"email.unsubscribed": {Unsubscribed, ReasonUnsubscribed}, "email.resubscribed": {Subscribed, ""},
		"email.spamReported": {Complained, ReasonSpam},
	},
	message: []string{"/email/id"}, recipient: []string{"/contactIdentity/email"}, at: []string{"/eventTime"},
	finish: func(d *doc, e *Event) verdict {
		if strings.HasPrefix(d.str("/eventName"), "testing.") {
			return isNothing
		}
		if d.event.ID != "" {
			e.set(fieldEventID, d.event.ID)
		}
		return isEvent
	},
}.compile()
