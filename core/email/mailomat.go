package email

// Mailomat's webhooks. The type is that of the header, which is signed; the body, which is not, has it once more.
//
// https://api.mailomat.swiss/docs/
var mailomat = table{ //lint:immutable never written
	kind: []string{"/eventType"},
	types: map[string]meaning{
		"accepted": {Queued, ""}, "not_accepted": {Rejected, ReasonOther}, "delivered": {Delivered, ""},
		"failure_tmp": {Deferred, ""}, "failure_perm": {Bounced, ReasonBounced}, "opened": {Opened, ""},
		"clicked": {Clicked, ""},
	},
	// The API returns the UUID. The Message-ID of a mail that was sent by SMTP is in the payload.
	id: []string{"/id"}, message: []string{"/messageUuid", "/messageId"}, recipient: []string{"/recipient"},
	at: []string{"/occurredAt"}, unit: calendar, description: []string{"/payload/reason"},
	response: []string{"/payload/delivery-status/message"},
	agent:    []string{"/payload/client/user-agent"}, url: []string{"/payload/url"},
	finish: func(d *doc, e *Event) verdict {
		if d.event.Type != "" {
			m, known := d.table.types[d.event.Type]
			if !known {
				m.Type = Unknown
			}
			e.Type, e.RejectReason = m.Type, m.Reason
		}
		return isEvent
	},
}.compile()
