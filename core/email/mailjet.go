package email

import "cmp"

// Mailjet's event webhooks, grouped or not. MessageID does not fit a float64, and keeps its digits.
//
// https://dev.mailjet.com/email/guides/webhooks/
var mailjet = table{ //lint:immutable never written
	kind: []string{"/event"},
	types: map[string]meaning{
		"sent": {Delivered, ""}, "open": {Opened, ""}, "click": {Clicked, ""}, "bounce": {Bounced, ""},
		"blocked": {Rejected, ""}, "spam": {Complained, ""}, "unsub": {Unsubscribed, ""},
	},
	message: []string{"/MessageID"}, recipient: []string{"/email"}, at: []string{"/time"},
	response: []string{"/smtp_reply"}, url: []string{"/url"}, agent: []string{"/agent"},
	also: []string{"/error", "/hard_bounce", "/customcampaign", "/Payload", "/Headers", "/Sender"},
	finish: func(d *doc, e *Event) verdict {
		if !d.has("/event") && isObject(d.at("/Headers")) {
			return isInbound
		}
		if d.has("/error") {
			reason := d.str("/error")
			e.RejectReason = cmp.Or(mailjetReasons[reason], ReasonOther)
			if reason == "greylisted" && !d.filled("/hard_bounce") {
				e.Type = Deferred
			}
		}
		if campaign := d.str("/customcampaign"); campaign != "" {
			e.Tags = []string{campaign}
		}
		e.Metadata = objectIn(d.str("/Payload"))
		return isEvent
	},
}.compile()

var mailjetReasons = map[string]Reason{ //lint:immutable never written
	"user unknown": ReasonBounced, "mailbox inactive": ReasonBounced, "quota exceeded": ReasonBounced,
	"invalid domain": ReasonBounced, "no mail host": ReasonBounced, "relay/access denied": ReasonBounced,
	"blacklisted": ReasonBlocked, "sender blocked": ReasonBlocked, "content blocked": ReasonBlocked,
	"policy issue": ReasonBlocked, "preblocked": ReasonBlocked,
	"spam reporter": ReasonSpam, "typofix": ReasonInvalid,
}
