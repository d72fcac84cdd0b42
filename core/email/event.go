package email

import (
	"encoding/json"
	"time"
)

// Event is one thing that happened to a message for one recipient. What the sender does not say is empty.
type Event struct {
	Type Type `json:"event_type"`
	// Timestamp is when it happened at the sender, in UTC, to the microsecond. Zero: the sender does not say.
	Timestamp time.Time `json:"timestamp"`
	// EventID is unique per event where the sender has an id; see the package's documentation about deduplication.
	EventID string `json:"event_id"`
	// MessageID is the id that the call to send the message returned. Its form differs by sender, such as angle
	// brackets.
	MessageID string `json:"message_id"`
	// Recipient is the address without a display name.
	Recipient string   `json:"recipient"`
	Tags      []string `json:"tags"`
	// Metadata is what the app attached to the message. Values may come back as text. Numbers are float64, or
	// json.Number where that would lose digits.
	Metadata     map[string]any `json:"metadata"`
	RejectReason Reason         `json:"reject_reason"` // of Rejected and Bounced, sometimes of others
	Description  string         `json:"description"`   // for people
	MTAResponse  string         `json:"mta_response"`  // mostly the receiving server's SMTP answer
	UserAgent    string         `json:"user_agent"`    // of Opened and Clicked
	ClickURL     string         `json:"click_url"`     // of Clicked
	// Raw is the event as the sender wrote it, for whatever is not normalised. It must not be changed.
	Raw []byte `json:"-"`

	// empty are the texts that the sender wrote and left empty, so that they are "" and not null in JSON.
	empty field
}

// field is a set of an event's texts.
type field uint8

const (
	fieldEventID field = 1 << iota
	fieldMessageID
	fieldRecipient
	fieldDescription
	fieldMTAResponse
	fieldUserAgent
	fieldClickURL
)

// MarshalJSON writes the event under the names of its fields in Anymail, in lower case. An absent text or time is null,
// absent tags are [] and absent metadata is {}. Raw is left out.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	out := struct {
		plain
		Timestamp    *time.Time `json:"timestamp"`
		EventID      *string    `json:"event_id"`
		MessageID    *string    `json:"message_id"`
		Recipient    *string    `json:"recipient"`
		RejectReason *Reason    `json:"reject_reason"`
		Description  *string    `json:"description"`
		MTAResponse  *string    `json:"mta_response"`
		UserAgent    *string    `json:"user_agent"`
		ClickURL     *string    `json:"click_url"`
	}{
		plain:   plain(e),
		EventID: e.text(fieldEventID, &e.EventID), MessageID: e.text(fieldMessageID, &e.MessageID),
		Recipient: e.text(fieldRecipient, &e.Recipient), Description: e.text(fieldDescription, &e.Description),
		MTAResponse: e.text(fieldMTAResponse, &e.MTAResponse), UserAgent: e.text(fieldUserAgent, &e.UserAgent),
		ClickURL: e.text(fieldClickURL, &e.ClickURL),
	}
	if !e.Timestamp.IsZero() {
		out.Timestamp = &e.Timestamp
	}
	if e.RejectReason != "" {
		out.RejectReason = &e.RejectReason
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	if out.Metadata == nil {
		out.Metadata = map[string]any{}
	}
	return json.Marshal(out)
}

func (e *Event) text(f field, value *string) *string {
	if *value == "" && e.empty&f == 0 {
		return nil
	}
	return value
}

// set writes a text that the sender said.
func (e *Event) set(f field, value string) {
	to := e.place(f)
	*to = value
	if value == "" {
		e.empty |= f
	} else {
		e.empty &^= f
	}
}

func (e *Event) place(f field) *string {
	switch f {
	case fieldEventID:
		return &e.EventID
	case fieldMessageID:
		return &e.MessageID
	case fieldRecipient:
		return &e.Recipient
	case fieldDescription:
		return &e.Description
	case fieldMTAResponse:
		return &e.MTAResponse
	case fieldUserAgent:
		return &e.UserAgent
	default:
		return &e.ClickURL
	}
}
