package email

// Sweego's webhooks. Its documentation writes some names with a hyphen and others with an underscore.
//
// https://learn.sweego.io/docs/webhooks/payload
var sweego = table{ //lint:immutable never written
	kind: []string{"/event_type"},
	types: map[string]meaning{
		"email_sent": {Sent, ""}, "delivered": {Delivered, ""},
		// Nothing says that a message is tried again after a soft bounce.
		"soft-bounce": {Bounced, ReasonBounced}, "soft_bounce": {Bounced, ReasonBounced},
		"hard_bounce": {Bounced, ReasonBounced}, "hard-bounce": {Bounced, ReasonBounced},
		"list_unsub": {Unsubscribed, ReasonUnsubscribed}, "complaint": {Complained, ReasonSpam},
		"email_opened": {Opened, ""}, "email_clicked": {Clicked, ""},
	},
	id: []string{"/event_id"}, message: []string{"/transaction_id", "/headers/x-transaction-id"},
	recipient: []string{"/recipient"}, at: []string{"/timestamp"}, unit: calendar,
	tags: []string{"/campaign_tags", "/campaign_tag"}, metadata: []string{"/headers"},
	description: []string{"/details"}, response: []string{"/response_code"},
	agent: []string{"/click/user_agent", "/open/user_agent"}, url: []string{"/click/url"},
	also: []string{"/channel", "/from_"},
	finish: func(d *doc, _ *Event) verdict {
		switch {
		case d.str("/event_type") == "email_inbound", !d.has("/event_type") && isObject(d.at("/from_")):
			return isInbound
		case d.str("/channel") == "sms":
			return isNothing
		}
		return isEvent
	},
}.compile()
