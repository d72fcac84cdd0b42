package email

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Amazon SES's notifications and published events, which come through Amazon SNS. Id and time are those of the SNS
// message.
//
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
var amazonSES = table{ //lint:immutable never written
	kind: []string{"/eventType", "/notificationType"},
	types: map[string]meaning{
		"Send": {Sent, ""}, "Delivery": {Delivered, ""}, "Bounce": {Bounced, ReasonBounced},
		"Complaint": {Complained, ReasonSpam}, "Reject": {Rejected, ReasonBlocked}, "Open": {Opened, ""},
		"Click": {Clicked, ""}, "Rendering Failure": {Failed, ""},
	},
	message: []string{"/mail/messageId"},
	also: []string{
		"/mail/destination", "/mail/headers", "/delivery/recipients", "/delivery/smtpResponse",
		"/bounce/bouncedRecipients", "/bounce/bounceType", "/bounce/bounceSubType", "/complaint/complainedRecipients",
		"/complaint/complaintFeedbackType", "/complaint/userAgent", "/reject/reason", "/open/userAgent",
		"/click/userAgent", "/click/link", "/failure/errorMessage",
	},
	open:    sesMessage,
	finish:  sesEvent,
	several: sesRecipients,
}.compile()

// sesText is what else one kind of event says.
type sesText struct {
	field field
	place string
}

var sesTexts = map[string][]sesText{ //lint:immutable never written
	"Delivery": {{fieldMTAResponse, "/delivery/smtpResponse"}},
	"Complaint": {
		{fieldDescription, "/complaint/complaintFeedbackType"}, {fieldUserAgent, "/complaint/userAgent"},
	},
	"Reject":            {{fieldDescription, "/reject/reason"}},
	"Open":              {{fieldUserAgent, "/open/userAgent"}},
	"Click":             {{fieldUserAgent, "/click/userAgent"}, {fieldClickURL, "/click/link"}},
	"Rendering Failure": {{fieldDescription, "/failure/errorMessage"}},
}

func sesEvent(d *doc, e *Event) verdict {
	kind, named := d.first(d.table.kind)
	if kind == "Received" {
		return isInbound
	}
	e.Timestamp = exact(d.event.Time)
	if d.event.ID != "" {
		e.set(fieldEventID, d.event.ID)
	}
	if !named {
		return isOdd
	}
	if e.Type == Unknown {
		e.set(fieldDescription, fmt.Sprintf("Unknown SES eventType '%s'", kind))
	}
	for _, t := range sesTexts[kind] {
		if text, ok := d.text(t.place); ok {
			e.set(t.field, text)
		}
	}
	if kind == "Bounce" {
		if text := joined(d.str("/bounce/bounceType"), d.str("/bounce/bounceSubType")); text != "" {
			e.set(fieldDescription, text)
		}
	}
	eachHeader(d.at("/mail/headers"), func(name, value string) {
		switch {
		case strings.EqualFold(name, "X-Tag"):
			e.Tags = append(e.Tags, value)
		case strings.EqualFold(name, "X-Metadata"):
			e.Metadata = objectIn(value)
		}
	})
	return isEvent
}

func joined(kind, sub string) string {
	if kind == "" || sub == "" {
		return kind + sub
	}
	return kind + ": " + sub
}

var sesRecipient = jsonscan.Compile("/emailAddress", "/diagnosticCode") //lint:immutable never written

// sesRecipients returns one event a recipient; one without a recipient where SES names none.
func sesRecipients(d *doc, e Event) []Event {
	place := "/mail/destination"
	switch kind, _ := d.first(d.table.kind); kind {
	case "Delivery":
		place = "/delivery/recipients"
	case "Bounce":
		place = "/bounce/bouncedRecipients"
	case "Complaint":
		place = "/complaint/complainedRecipients"
	}
	items, err := jsonscan.Items(d.at(place), maxList)
	if err != nil || len(items) == 0 {
		return []Event{e}
	}
	all := make([]Event, 0, len(items))
	for _, item := range items {
		one := e
		one.Tags, one.Metadata = slices.Clone(e.Tags), maps.Clone(e.Metadata) // each receiver's call owns its event
		if text, ok := jsonscan.Text(item); ok {
			one.set(fieldRecipient, text)
		}
		var found [2][]byte
		if isObject(item) && sesRecipient.Read(item, found[:]) == nil {
			if text, ok := jsonscan.Text(found[0]); ok {
				one.set(fieldRecipient, text)
			}
			if text, ok := jsonscan.Text(found[1]); ok && e.Type == Bounced {
				one.set(fieldMTAResponse, text)
			}
		}
		all = append(all, one)
	}
	return all
}

// sesTest begins the message, which is not JSON, that SES tests a topic with.
const sesTest = "Successfully validated SNS topic for Amazon SES event publishing."

var snsEnvelope = jsonscan.Compile("/Type", "/MessageId", "/Timestamp", "/Message") //lint:immutable never written

// openSNS takes SES's message out of an SNS message that no guard has opened. It returns false for what is not a
// notification, such as the confirmation of a subscription.
func openSNS(e *core.Event) (notification bool) {
	var found [4][]byte
	if !isObject(e.Payload) || snsEnvelope.Read(e.Payload, found[:]) != nil {
		return true
	}
	kind, message := jsonText(found[0]), found[3]
	if kind == "" {
		return true
	}
	if text, ok := jsonscan.Bytes(message); ok {
		e.Payload, e.ID, e.Time = text, jsonText(found[1]), calendarTime(jsonText(found[2]))
	}
	return kind == "Notification"
}

func sesMessage(payload []byte) (event []byte, v verdict) {
	if bytes.HasPrefix(bytes.TrimSpace(payload), []byte(sesTest)) {
		return nil, isNothing
	}
	return payload, isEvent
}
