package email

// Brevo's transactional webhooks. The times ts, ts_event and date are in the account's time zone and cannot be used.
//
// https://developers.brevo.com/docs/transactional-webhooks
var brevo = table{ //lint:immutable never written
	kind: []string{"/event"},
	types: map[string]meaning{
		"request": {Queued, ""}, "delivered": {Delivered, ""}, "deferred": {Deferred, ""}, "error": {Failed, ""},
		"hard_bounce": {Bounced, ReasonBounced}, "soft_bounce": {Bounced, ReasonBounced},
		"blocked": {Rejected, ReasonBlocked}, "invalid_email": {Bounced, ReasonInvalid},
		"spam": {Complained, ReasonSpam}, "complaint": {Complained, ReasonSpam}, "unique_opened": {Opened, ""},
		"opened": {Opened, ""}, "unique_proxy_open": {Opened, ""}, "proxy_open": {Opened, ""}, "click": {Clicked, ""},
		"unsubscribe": {Unsubscribed, ""}, "list_addition": {Subscribed, ""},
		// Names that the documentation has next to those that were seen.
		"unsubscribed": {Unsubscribed, ""}, "hardBounce": {Bounced, ReasonBounced},
		"softBounce": {Bounced, ReasonBounced},
	},
	message: []string{"/message-id"}, recipient: []string{"/email"}, at: []string{"/ts_epoch"}, unit: milliseconds,
	tags: []string{"/tags", "/tag"}, response: []string{"/reason"}, url: []string{"/link"},
	also: []string{"/items", "/X-Mailin-custom", "/RawTextBody", "/Headers"},
	finish: func(d *doc, e *Event) verdict {
		// The items of an inbound delivery are events of their own, which have headers and no name of an event.
		if d.has("/items") || (!d.has("/event") && isObject(d.at("/Headers"))) {
			return isInbound
		}
		e.Metadata = objectIn(d.str("/X-Mailin-custom"))
		return isEvent
	},
}.compile()
