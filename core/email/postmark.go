package email

// Postmark's webhooks. The id of a bounce does not fit a float64, and keeps its digits.
//
// https://postmarkapp.com/developer/webhooks/webhooks-overview
var postmark = table{ //lint:immutable never written
	kind: []string{"/RecordType"},
	types: map[string]meaning{
		"Bounce": {Bounced, ""}, "Click": {Clicked, ""}, "Delivery": {Delivered, ""}, "Open": {Opened, ""},
		"SpamComplaint": {Complained, ""}, "SubscriptionChange": {Unsubscribed, ""},
	},
	id: []string{"/ID"}, message: []string{"/MessageID"}, recipient: []string{"/Email", "/Recipient"},
	at: []string{"/DeliveredAt", "/BouncedAt", "/ReceivedAt", "/ChangedAt"}, unit: calendar,
	tags: []string{"/Tag"}, metadata: []string{"/Metadata"}, description: []string{"/Description"},
	response: []string{"/Details"}, agent: []string{"/UserAgent"}, url: []string{"/OriginalLink"},
	also: []string{"/FromFull", "/Type", "/SuppressSending", "/SuppressionReason"},
	finish: func(d *doc, e *Event) verdict {
		record, named := d.text("/RecordType")
		if record == "Inbound" || (!named && d.has("/FromFull")) {
			return isInbound
		}
		if record == "Bounce" || record == "SpamComplaint" {
			if m, ok := postmarkTypes[d.str("/Type")]; ok {
				e.Type, e.RejectReason = m.Type, m.Reason
			}
		}
		if e.Type != Unsubscribed {
			return isEvent
		}
		if d.str("/SuppressSending") == "false" {
			e.Type, e.RejectReason = Subscribed, ""
		} else if m, ok := postmarkTypes[d.str("/SuppressionReason")]; ok {
			e.Type, e.RejectReason = m.Type, m.Reason
		}
		return isEvent
	},
}.compile()

// postmarkTypes are the types of bounces, which a change of a subscription names as its reason.
var postmarkTypes = map[string]meaning{ //lint:immutable never written
	"HardBounce": {Bounced, ReasonBounced}, "SoftBounce": {Bounced, ReasonBounced}, "VirusNotification": {Bounced,
		ReasonOther},
	"Transient": {Deferred, ""}, "DnsError": {Deferred, ""}, "OpenRelayTest": {Deferred, ""},
	"Unsubscribe": {Unsubscribed, ReasonUnsubscribed}, "ManualSuppression": {Unsubscribed, ReasonUnsubscribed},
	"Subscribe": {Subscribed, ""}, "AutoResponder": {AutoResponded, ""}, "AddressChange": {AutoResponded, ""},
	"ChallengeVerification": {AutoResponded, ""}, "SpamNotification": {Complained, ReasonSpam},
	"SpamComplaint": {Complained, ReasonSpam}, "BadEmailAddress": {Rejected, ReasonInvalid},
	"ManuallyDeactivated": {Rejected, ReasonBlocked}, "Blocked": {Rejected, ReasonBlocked},
	"DMARCPolicy": {Rejected, ReasonBlocked}, "Unconfirmed": {Rejected, ""}, "SMTPApiError": {Failed, ""},
	"TemplateRenderingFailed": {Failed, ""}, "InboundError": {InboundFailed, ""}, "Unknown": {Unknown, ""},
}
