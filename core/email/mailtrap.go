package email

import (
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Mailtrap's webhooks.
//
// https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
// https://docs.mailtrap.io/inbound-email/webhooks
var mailtrap = table{ //lint:immutable never written
	kind: []string{"/event"},
	types: map[string]meaning{
		"delivery": {Delivered, ""}, "open": {Opened, ""}, "click": {Clicked, ""}, "bounce": {Bounced, ReasonBounced},
		"soft bounce": {Deferred, ReasonOther}, "spam": {Complained, ReasonSpam},
		"unsubscribe": {Unsubscribed, ReasonUnsubscribed}, "reject": {Rejected, ReasonBlocked},
		"suspension": {Deferred, ReasonOther},
	},
	id: []string{"/event_id"}, message: []string{"/message_id"}, recipient: []string{"/email"},
	at:   []string{"/timestamp"},
	tags: []string{"/category"}, metadata: []string{"/custom_variables"}, response: []string{"/response"},
	url: []string{"/url"}, agent: []string{"/user_agent"},
	batch: mailtrapEvents,
	also:  []string{"/webhook_type", "/inbox_id"},
	finish: func(d *doc, _ *Event) verdict {
		switch kind := d.str("/event"); {
		case strings.HasPrefix(kind, "inbound"), d.str("/webhook_type") == "inbound_receiving",
			kind == "" && d.has("/inbox_id"):
			return isInbound
		case strings.HasPrefix(kind, "activity_log."):
			return isNothing // of the account, and not about mail
		}
		return isEvent
	},
}.compile()

var mailtrapBatch = jsonscan.Compile("/events") //lint:immutable never written

func mailtrapEvents(payload []byte) [][]byte {
	var found [1][]byte
	if mailtrapBatch.Read(payload, found[:]) != nil || !isList(found[0]) {
		return nil
	}
	return [][]byte{found[0]}
}
