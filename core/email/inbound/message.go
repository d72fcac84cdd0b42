package inbound

import (
	"strings"
	"time"
)

// Message is a message that came in. Everything in it but the envelope was written by whoever sent it.
type Message struct {
	// EventID is the sender's id of the delivery, where it has one; else use the header Message-ID.
	EventID string
	// Timestamp is when the sender received the message; zero where it does not say.
	Timestamp time.Time

	// EnvelopeSender and EnvelopeRecipient come from SMTP. Route and check by these, never by headers. Empty where
	// the sender does not report them.
	EnvelopeSender, EnvelopeRecipient string

	From, To, Cc, Bcc []Address
	Subject           string
	Date              time.Time // by the header, with its zone; zero where it is missing or invalid
	Text, HTML        string    // the first part of each kind that is not an attachment; bad bytes are U+FFFD

	Attachments []Part // parts with the disposition attachment
	Inlines     []Part // parts with the disposition inline

	StrippedText, StrippedHTML string   // without quotes and signature, where the sender does that
	SpamDetected               *bool    // nil: the sender does not say
	SpamScore                  *float64 // the scale differs by sender; nil: it does not say

	Headers []Header // all, in order, with repeats
	Raw     []byte   // the message as it came, where the sender passes it on; nil: it does not

	// Defects say what of the message could not be read, or was left out because of a bound.
	Defects []string
}

// Address is a mailbox.
type Address struct {
	Name string // the display name; may be empty
	Addr string
}

// String writes the address as in a header.
func (a Address) String() string {
	switch {
	case a.Name == "":
		return a.Addr
	case strings.ContainsAny(a.Name, `()<>@,:;."[]\`):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" <` + a.Addr + ">"
	default:
		return a.Name + " <" + a.Addr + ">"
	}
}

// Header is a header of the message. Encoded words are decoded, and addresses and dates are in their usual form.
type Header struct{ Name, Value string }

// Part is a file. Name, type and content were chosen by whoever sent the message: look at the content before trusting
// them.
type Part struct {
	Filename    string // without path and line breaks; may be empty
	ContentType string // "image/png"
	Charset     string // of a text, where it is given
	ContentID   string // as in the header, with its angle brackets; may be empty
	Content     []byte // of an attached message: the message
}

// Header returns the first value of a header, in whatever case its name is written.
func (m *Message) Header(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// HeaderValues returns every value of a header.
func (m *Message) HeaderValues(name string) (values []string) {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// ContentIDs returns the inline parts by their Content-ID without angle brackets, as HTML refers to them ("cid:...").
func (m *Message) ContentIDs() map[string]Part {
	byID := map[string]Part{}
	for _, p := range m.Inlines {
		if id := strings.Trim(p.ContentID, "<>"); id != "" {
			byID[id] = p
		}
	}
	return byID
}

func (m *Message) defect(text string) {
	if len(m.Defects) < maxDefects {
		m.Defects = append(m.Defects, text)
	}
}

const maxDefects = 20
