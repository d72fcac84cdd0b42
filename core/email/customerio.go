package email

// Customer.io's reporting webhooks. What happened to messages of other kinds, such as SMS, is no event.
//
// https://docs.customer.io/api/webhooks/
var customerIO = table{ //lint:immutable never written
	kind: []string{"/metric"},
	types: map[string]meaning{
		"sent": {Sent, ""}, "delivered": {Delivered, ""}, "bounced": {Bounced, ReasonBounced}, "failed": {Failed, ""},
		"dropped": {Rejected, ReasonBlocked}, // the person is suppressed
		"opened":  {Opened, ""}, "clicked": {Clicked, ""}, "spammed": {Complained, ReasonSpam},
		"unsubscribed": {Unsubscribed, ReasonUnsubscribed}, "subscribed": {Subscribed, ""},
	},
	id: []string{"/event_id"}, message: []string{"/data/delivery_id"},
	recipient: []string{"/data/recipient", "/data/email_address", "/data/identifiers/email"},
	at:        []string{"/timestamp"}, response: []string{"/data/failure_message"}, url: []string{"/data/href"},
	also: []string{"/object_type"},
	finish: func(d *doc, _ *Event) verdict {
		switch d.str("/object_type") {
		case "email", "customer", "":
			return isEvent
		default:
			return isNothing
		}
	},
}.compile()
