package email

// AhaSend's webhooks. The id of an event is in a header alone, and that of a message is what the API returned.
//
// https://ahasend.com/docs/integrations/webhooks
var ahasend = table{ //lint:immutable never written
	kind: []string{"/type"},
	types: map[string]meaning{
		"message.reception": {Queued, ""}, "message.delivered": {Delivered, ""},
		"message.transient_error": {Deferred, ""}, "message.bounced": {Bounced, ReasonBounced},
		// Its tries ended: unlike a bounce it does not say that the address is bad.
		"message.failed":     {Failed, ReasonTimedOut},
		"message.suppressed": {Rejected, ReasonBlocked}, "message.opened": {Opened, ""},
		"message.clicked": {Clicked, ""},
	},
	message: []string{"/data/message_id_header"}, recipient: []string{"/data/recipient"},
	at: []string{"/timestamp"}, unit: calendar,
	description: []string{
		"/data/delivery_attempt/description", "/data/delivery_attempt/classification", "/data/reason",
	},
	response: []string{"/data/delivery_attempt/response"},
	agent:    []string{"/data/user_agent"}, url: []string{"/data/url"},
	also: []string{"/data/delivery_attempt/classification"},
	finish: func(d *doc, e *Event) verdict {
		switch d.str("/type") {
		case "message.routing", "route.message":
			return isInbound
		case "message.bounced":
			if r, known := ahasendReasons[d.str("/data/delivery_attempt/classification")]; known {
				e.RejectReason = r
			}
		}
		if d.event.ID != "" {
			e.set(fieldEventID, d.event.ID)
		}
		return isEvent
	},
}.compile()

// ahasendReasons are the classes of bounces that say more than that it bounced.
var ahasendReasons = map[string]Reason{ //lint:immutable never written
	"InvalidRecipient": ReasonInvalid, "BadDomain": ReasonInvalid, "PolicyRelated": ReasonBlocked,
	"MessageExpired": ReasonTimedOut,
}
