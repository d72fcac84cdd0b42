package email

// Mandrill's webhooks. Tracking events and inbound messages come to one URL, and synchronisation events have a type
// in place of an event.
//
// https://mailchimp.com/developer/transactional/docs/webhooks/
var mandrill = table{ //lint:immutable never written
	kind: []string{"/event", "/type"},
	types: map[string]meaning{
		"send": {Sent, ""}, "deferral": {Deferred, ""}, "hard_bounce": {Bounced, ""}, "soft_bounce": {Bounced, ""},
		"open": {Opened, ""}, "click": {Clicked, ""}, "spam": {Complained, ""}, "unsub": {Unsubscribed, ""},
		"reject": {Rejected, ""}, "inbound": {Inbound, ""},
	},
	message: []string{"/_id"}, recipient: []string{"/msg/email", "/reject/email"}, at: []string{"/ts"},
	tags: []string{"/msg/tags"}, metadata: []string{"/msg/metadata"}, response: []string{"/msg/diag"},
	description: []string{"/reject/detail", "/reject/reason"}, url: []string{"/url"}, agent: []string{"/user_agent"},
}.compile()
