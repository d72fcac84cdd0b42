package email

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Unisender Go's webhooks: events in lists, or one flat object where single events are switched on.
//
// https://godocs.unisender.ru/web-api-ref#callback-format
var unisenderGo = table{ //lint:immutable never written
	kind: []string{"/status"},
	types: map[string]meaning{
		"sent": {Sent, ""}, "delivered": {Delivered, ""}, "opened": {Opened, ""}, "clicked": {Clicked, ""},
		"unsubscribed": {Unsubscribed, ""}, "subscribed": {Subscribed, ""}, "spam": {Complained, ""},
		"soft_bounced": {Deferred, ""}, "hard_bounced": {Bounced, ""},
	},
	message: []string{"/job_id"}, recipient: []string{"/email"}, at: []string{"/event_time"}, unit: calendar,
	metadata: []string{"/metadata"}, description: []string{"/delivery_info/delivery_status", "/comment"},
	response: []string{"/delivery_info/destination_response"}, url: []string{"/url"},
	agent: []string{"/delivery_info/user_agent"},
	also:  []string{"/metadata/anymail_id"},
	open:  unisenderEvent, batch: unisenderEvents,
	finish: func(d *doc, e *Event) verdict {
		if id, ok := d.text("/metadata/anymail_id"); ok {
			e.set(fieldMessageID, id)
			if delete(e.Metadata, "anymail_id"); len(e.Metadata) == 0 {
				e.Metadata = nil
			}
		}
		e.RejectReason = unisenderReason(d.str("/delivery_info/delivery_status"))
		return isEvent
	},
}.compile()

var unisenderEnvelope = jsonscan.Compile("/event_name", "/event_data", "/status") //lint:immutable never written

func unisenderEvent(payload []byte) (event []byte, v verdict) {
	var found [3][]byte
	if !isObject(payload) || unisenderEnvelope.Read(payload, found[:]) != nil {
		return nil, isOdd
	}
	name, named := jsonscan.Text(found[0])
	switch {
	case !named:
		return nil, isOdd
	case name != "transactional_email_status":
		return nil, isNothing
	case isObject(found[1]):
		return found[1], isEvent
	default:
		return payload, isEvent
	}
}

var (
	unisenderBatch = jsonscan.Compile("/events_by_user") //lint:immutable never written
	unisenderUser  = jsonscan.Compile("/events")         //lint:immutable never written
)

func unisenderEvents(payload []byte) (lists [][]byte) {
	var found [1][]byte
	if unisenderBatch.Read(payload, found[:]) != nil {
		return nil
	}
	users, err := jsonscan.Items(found[0], maxList)
	if err != nil {
		return nil
	}
	for _, user := range users {
		if isObject(user) && unisenderUser.Read(user, found[:]) == nil && isList(found[0]) {
			lists = append(lists, found[0])
		}
	}
	return lists
}

func unisenderReason(status string) Reason {
	if !strings.HasPrefix(status, "err") {
		return ""
	}
	switch status {
	case "err_user_unknown", "err_user_inactive", "err_mailbox_discarded", "err_mailbox_full", "err_too_large",
		"err_unreachable",
		"err_skip_letter", "err_domain_inactive", "err_destination_misconfigured":
		return ReasonBounced
	case "err_spam_rejected", "err_spam_skipped":
		return ReasonSpam
	case "err_blacklisted":
		return ReasonBlocked
	case "err_unsubscribed":
		return ReasonUnsubscribed
	case "err_will_retry":
		return ""
	default:
		return ReasonOther
	}
}
