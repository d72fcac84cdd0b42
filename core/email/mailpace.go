package email

// MailPace's webhooks. A message to several addresses has one event, which does not say which of them it is about: the
// first is taken.
//
// https://docs.mailpace.com/guide/webhooks
var mailpace = table{ //lint:immutable never written
	kind: []string{"/event"},
	types: map[string]meaning{
		"email.queued": {Queued, ""}, "email.delivered": {Delivered, ""}, "email.deferred": {Deferred, ""},
		"email.bounced": {Bounced, ReasonBounced}, "email.spam": {Rejected, ReasonSpam}, // MailPace's own filter
	},
	message: []string{"/payload/message_id"}, at: []string{"/payload/updated_at"}, unit: calendar,
	tags: []string{"/payload/tags"},
	also: []string{"/payload/to", "/raw", "/headers"},
	finish: func(d *doc, e *Event) verdict {
		if !d.has("/event") && (d.has("/raw") || d.has("/headers")) {
			return isInbound
		}
		if to, ok := d.text("/payload/to"); ok {
			e.set(fieldRecipient, firstAddress(to))
		}
		return isEvent
	},
}.compile()
