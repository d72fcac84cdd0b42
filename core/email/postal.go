package email

// Postal's webhooks. What a payload holds says what happened: the name of the event does not, because a bounce comes as
// MessageDelayed in some versions.
//
// https://docs.postalserver.io/developer/webhooks
var postal = table{ //lint:immutable never written
	kind: []string{"/payload/status"},
	types: map[string]meaning{
		"Sent": {Delivered, ""}, "SoftFail": {Deferred, ""}, "HardFail": {Failed, ""}, "Held": {Queued, ""},
	},
	id: []string{"/uuid"}, at: []string{"/timestamp"}, unit: wholeSeconds, description: []string{"/payload/details"},
	response: []string{"/payload/output"}, url: []string{"/payload/url"}, agent: []string{"/payload/user_agent"},
	also: []string{
		"/rcpt_to", "/payload/bounce", "/payload/url", "/payload/message", "/payload/message/id", "/payload/message/to",
		"/payload/message/tag", "/payload/message/direction", "/payload/original_message/id",
		"/payload/original_message/to", "/payload/original_message/tag", "/payload/original_message/direction",
	},
	finish: func(d *doc, e *Event) verdict {
		if d.has("/rcpt_to") {
			return isInbound
		}
		message := "/payload/message"
		if !isObject(d.at(message)) {
			message = "/payload/original_message"
		}
		if d.str(message+"/direction") == "incoming" {
			return isNothing
		}
		switch {
		case d.filled("/payload/status"):
		case d.filled("/payload/bounce"):
			e.Type, e.RejectReason = Bounced, ReasonBounced
		case d.filled("/payload/url"):
			e.Type = Clicked
		}
		if id, ok := d.text(message + "/id"); ok {
			e.set(fieldMessageID, id)
		}
		if to, ok := d.text(message + "/to"); ok {
			e.set(fieldRecipient, to)
		}
		e.Tags = tagsOf(d.at(message + "/tag"))
		return isEvent
	},
}.compile()
