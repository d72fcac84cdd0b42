package email

// Scaleway's Transactional Email, whose events come through its Topics and Events, as Amazon SES's do through SNS.
//
// https://www.scaleway.com/en/docs/transactional-email/reference-content/webhook-events-payloads
var scaleway = table{ //lint:immutable never written
	kind: []string{"/type"},
	types: map[string]meaning{
		"email_queued": {Queued, ""}, "email_sent": {Sent, ""}, "email_delivered": {Delivered, ""},
		"email_deferred": {Deferred, ""}, "email_dropped": {Bounced, ReasonBounced},
		"email_mailbox_not_found": {Bounced, ReasonInvalid},
		"email_spam":              {Bounced, ReasonSpam},     // the receiving server's verdict, and no complaint
		"email_blocklisted":       {Rejected, ReasonBounced}, // Scaleway lists addresses that bounced
	},
	id: []string{"/id"}, message: []string{"/email_id"}, recipient: []string{"/email_to"},
	at: []string{"/created_at"}, unit: calendar, description: []string{"/blocklist_reason", "/email_error"},
	response: []string{"/email_response_message"},
}.compile()
