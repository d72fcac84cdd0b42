package email

import (
	"cmp"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// SendGrid's event webhook. The app's unique arguments are members of the event, next to SendGrid's own.
//
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
var sendgrid = table{ //lint:immutable never written
	kind: []string{"/event"},
	types: map[string]meaning{
		"processed": {Queued, ""}, "delivered": {Delivered, ""}, "deferred": {Deferred, ""}, "bounce": {Bounced, ""},
		"dropped": {Rejected, ""}, "click": {Clicked, ""}, "open": {Opened, ""}, "spamreport": {Complained, ""},
		"unsubscribe": {Unsubscribed, ""}, "group_unsubscribe": {Unsubscribed, ""},
		"group_resubscribe": {Subscribed, ""},
	},
	message: []string{"/anymail_id", "/smtp-id"}, id: []string{"/sg_event_id"}, recipient: []string{"/email"},
	at: []string{"/timestamp"}, tags: []string{"/category"}, url: []string{"/url"}, agent: []string{"/useragent"},
	response: []string{"/response", "/reason"}, also: []string{"/type", "/reason"},
	finish: func(d *doc, e *Event) verdict {
		if d.str("/event") == "dropped" {
			e.MTAResponse, e.empty = "", e.empty&^fieldMTAResponse
			e.RejectReason = sendgridReason(d)
		}
		e.Metadata = sendgridArguments(d.raw)
		return isEvent
	},
}.compile()

func sendgridReason(d *doc) Reason {
	reason := cmp.Or(d.str("/type"), d.str("/reason"))
	switch strings.ToLower(reason) {
	case "invalid":
		return ReasonInvalid
	case "unsubscribed address":
		return ReasonUnsubscribed
	case "bounce", "bounced address":
		return ReasonBounced
	case "blocked":
		return ReasonBlocked
	case "expired":
		return ReasonTimedOut
	default:
		return ReasonOther
	}
}

// sendgridArguments returns the members that are not SendGrid's. Members that SendGrid added later count as the
// app's, as they do in Anymail.
func sendgridArguments(raw []byte) map[string]any {
	var own map[string]any
	_ = jsonscan.Members(raw, func(name, value []byte) error {
		if sendgridMember(name) {
			return nil
		}
		if v, ok := valueOf(value); ok {
			if own == nil {
				own = map[string]any{}
			}
			own[string(name)] = v
		}
		return nil
	})
	return own
}

func sendgridMember(name []byte) bool {
	switch string(name) {
	case "anymail_id", "asm_group_id", "attempt", "category", "cert_err", "email", "event", "ip",
		"marketing_campaign_id",
		"marketing_campaign_name", "newsletter", "nlvx_campaign_id", "nlvx_campaign_split_id", "nlvx_user_id",
		"pool", "post_type",
		"reason", "response", "send_at", "sg_event_id", "sg_message_id", "smtp-id", "status", "timestamp", "tls",
		"type", "url",
		"url_offset", "useragent":
		return true
	default:
		return false
	}
}

// sendgridForm tells inbound messages, which come as forms, from forms that SendGrid does not send.
func sendgridForm(body []byte) verdict {
	names := formscan.Compile("headers", "email", "envelope")
	found := make([]formscan.Field, names.Len())
	if names.Read(body, found) == nil {
		for i := range found {
			if found[i].Count > 0 {
				return isInbound
			}
		}
	}
	return isOdd
}
