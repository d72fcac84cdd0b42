package email

import "github.com/sallyport-go/sallyport/core/internal/jsonscan"

// SparkPost's event webhooks. An event is the one member of msys; its name is the class of the event.
//
// https://developers.sparkpost.com/api/webhooks/
var sparkpost = table{ //lint:immutable never written
	kind: []string{"/type"},
	types: map[string]meaning{
		"injection": {Queued, ""}, "delivery": {Delivered, ""}, "bounce": {Bounced, ""}, "out_of_band": {Bounced, ""},
		"delay": {Deferred, ""}, "policy_rejection": {Rejected, ""}, "generation_rejection": {Rejected, ""},
		// A first open comes as open, too: initial_open stays unknown, so that it is not counted twice.
		"generation_failure": {Failed, ""}, "open": {Opened, ""}, "amp_open": {Opened, ""},
		"click": {Clicked, ""}, "amp_click": {Clicked, ""}, "spam_complaint": {Complained, ""},
		"list_unsubscribe": {Unsubscribed, ""}, "link_unsubscribe": {Unsubscribed, ""},
	},
	message: []string{"/transmission_id"}, id: []string{"/event_id"}, recipient: []string{"/raw_rcpt_to"},
	at:       []string{"/timestamp"},
	metadata: []string{"/rcpt_meta"}, response: []string{"/raw_reason"}, url: []string{"/target_link_url"},
	agent: []string{"/user_agent"},
	also:  []string{"/campaign_id", "/bounce_class"},
	open:  sparkpostClass,
	finish: func(d *doc, e *Event) verdict {
		if kind := d.str("/type"); d.wish.InitialOpenAsOpened && (kind == "initial_open" ||
			kind == "amp_initial_open") {
			e.Type = Opened
		}
		if campaign := d.str("/campaign_id"); campaign != "" {
			e.Tags = []string{campaign}
		}
		if d.has("/bounce_class") {
			m, known := sparkpostClasses[d.str("/bounce_class")]
			if !known {
				m.Reason = ReasonOther
			}
			if e.RejectReason = m.Reason; m.Type != "" {
				e.Type = m.Type
			}
		}
		return isEvent
	},
}.compile()

// sparkpostClasses say what a bounce is. Without a type it stays what the event says.
var sparkpostClasses = map[string]meaning{ //lint:immutable never written
	"1": {"", ReasonOther}, "10": {"", ReasonInvalid}, "20": {"", ReasonBounced}, "21": {"", ReasonBounced},
	"22": {"", ReasonBounced},
	"23": {"", ReasonBounced}, "24": {"", ReasonTimedOut}, "25": {"", ReasonBlocked}, "30": {"", ReasonBounced},
	"40": {"", ReasonBounced},
	"50": {"", ReasonBlocked}, "51": {"", ReasonSpam}, "52": {"", ReasonSpam}, "53": {"", ReasonOther}, "54": {"",
		ReasonBlocked},
	"60": {AutoResponded, ReasonOther}, "70": {"", ReasonBounced}, "80": {Subscribed, ReasonOther},
	"90": {Unsubscribed, ReasonUnsubscribed}, "100": {AutoResponded, ReasonOther},
}

var sparkpostEnvelope = jsonscan.Compile("/msys") //lint:immutable never written

// sparkpostClass opens the envelope. An empty one is a ping, several classes in one are malformed.
func sparkpostClass(payload []byte) (event []byte, v verdict) {
	var found [1][]byte
	if !isObject(payload) || sparkpostEnvelope.Read(payload, found[:]) != nil || !isObject(found[0]) {
		return nil, isOdd
	}
	classes, class := 0, ""
	err := jsonscan.Members(found[0], func(name, value []byte) error {
		classes++
		class, event = string(name), value
		return nil
	})
	switch {
	case err != nil || classes > 1:
		return nil, isOdd
	case classes == 0:
		return nil, isNothing
	case class == "relay_message":
		return nil, isInbound
	}
	return event, isEvent
}
