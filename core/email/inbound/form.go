package inbound

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// Senders that pass the message on as a form, with its files or raw.

// maxFields is how many fields of a form are read. Mailgun sends one for each header of a message.
const maxFields = 10_000

// maxPartHeader is how long the headers of a field may be.
const maxPartHeader = 64 << 10

// form is a form: the first value of each field, the last one of each, and the files.
type form struct {
	first, last map[string][]byte
	files       map[string]Part
}

func readForm(body []byte) form {
	f := form{first: map[string][]byte{}, last: map[string][]byte{}, files: map[string]Part{}}
	boundary, ok := formscan.Boundary(body)
	if !ok {
		n := 0
		formscan.Each(body, func(name, value []byte) bool {
			key, named := formscan.Unescape(name)
			if text, ok := formscan.Unescape(value); named && ok {
				f.add(string(key), text)
			}
			n++
			return n < maxFields
		})
		return f
	}
	n := 0
	cutParts(body, string(boundary), func(part []byte) bool {
		headers, content, _ := cutHeaders(part, maxPartHeader)
		k := kindOf(headers, "application/octet-stream")
		switch {
		case k.field == "":
		case !k.named:
			f.add(k.field, content)
		case k.filename != "": // a file whose name is nothing but a path is left out, as form parsers do
			f.files[k.field] = Part{Filename: k.filename, ContentType: k.media, Charset: k.charset, Content: content}
		}
		n++
		return n < maxFields
	})
	return f
}

func (f *form) add(name string, value []byte) {
	if _, ok := f.first[name]; !ok {
		f.first[name] = value
	}
	f.last[name] = value
}

func (f *form) has(name string) bool {
	_, ok := f.first[name]
	return ok
}

func (f *form) text(name string) string { return decodeText(f.first[name], "") }

// https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store
func readMailgun(_ context.Context, e *core.Event, c *Config, m *Message) error {
	if !formscan.Is(e.Payload) {
		return email.TrackingAtInbound(e.Provider)
	}
	f := readForm(e.Payload)
	switch {
	case f.has("event"):
		return email.TrackingAtInbound(e.Provider)
	case f.has("attachments"):
		return &email.WrongEndpointError{
			Sender: "Mailgun", Got: "a notice of a stored message", Want: "inbound messages",
			Advice: "in Receiving > Routes, give the route the action forward and not store",
		}
	}
	m.EventID, m.Timestamp = string(f.last["token"]), unixOf(string(f.last["timestamp"]))
	m.EnvelopeSender, m.EnvelopeRecipient = f.text("sender"), f.text("recipient")
	m.StrippedText, m.StrippedHTML = f.text("stripped-text"), f.text("stripped-html")
	if raw, ok := f.first["body-mime"]; ok {
		m.parseRaw(raw, c)
	} else {
		m.mailgunFields(&f, c)
	}
	m.SpamDetected = new(strings.EqualFold(m.Header("X-Mailgun-Sflag"), "Yes"))
	m.SpamScore = numberOf(m.Header("X-Mailgun-Sscore"))
	return nil
}

func (m *Message) mailgunFields(f *form, c *Config) {
	for _, item := range (fields{"": f.first["message-headers"]}).list("") {
		if pair := (fields{"": item}).list(""); len(pair) == 2 {
			name, value := fields{"": pair[0]}.text(""), fields{"": pair[1]}.text("")
			if name != "" {
				m.addHeader(name, value)
			}
		}
	}
	m.Text, m.HTML = f.text("body-plain"), f.text("body-html")
	ids := map[string]string{}
	eachMember(f.first["content-id-map"], func(id, field string) { ids[field] = id })
	count, _ := strconv.Atoi(f.text("attachment-count"))
	for i := range min(max(count, 0), c.maxParts()) { // more may be announced than come
		field := "attachment-" + strconv.Itoa(i+1)
		if file, ok := f.files[field]; ok {
			file.ContentID = ids[field]
			m.file(c, file)
		}
	}
	m.attachedText(c, f.has("body-plain"), f.has("body-html"))
}

// https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
func readSendGrid(_ context.Context, e *core.Event, c *Config, m *Message) error {
	if !formscan.Is(e.Payload) {
		return email.TrackingAtInbound(e.Provider)
	}
	f := readForm(e.Payload)
	envelope := readFields(f.first["envelope"], "/from", "/to")
	m.EnvelopeSender = envelope.text("/from")
	if to := envelope.list("/to"); len(to) > 0 {
		m.EnvelopeRecipient = fields{"": to[0]}.text("")
	}
	m.SpamScore = numberOf(f.text("spam_score"))
	switch {
	case f.has("headers"):
		m.sendgridFields(&f, c)
	case f.has("email"):
		m.parseRaw(f.first["email"], c)
	default:
		return fmt.Errorf("%w: the form has neither headers nor email: it is not SendGrid's inbound parse", errSetUp)
	}
	return nil
}

func (m *Message) sendgridFields(f *form, c *Config) {
	headers, _, whole := cutHeaders(f.first["headers"], c.maxHeaderBytes())
	if !whole {
		m.defect("the headers are malformed or too long; some were left out")
	}
	m.addHeaders(headers)
	charsets := map[string]string{}
	eachMember(f.first["charsets"], func(field, charset string) { charsets[field] = charset })
	m.Text = decodeText(f.first["text"], charsets["text"])
	m.HTML = decodeText(f.first["html"], charsets["html"])
	info := map[string]fields{}
	eachRaw(f.first["attachment-info"], func(field string, object []byte) {
		info[field] = readFields(object, "/content-id")
	})
	count, _ := strconv.Atoi(f.text("attachments"))
	for i := range min(max(count, 0), c.maxParts()) {
		field := "attachment" + strconv.Itoa(i+1)
		file, ok := f.files[field]
		if !ok {
			continue
		}
		file.ContentID = info[field].text("/content-id")
		m.file(c, file)
	}
	m.attachedText(c, f.has("text"), f.has("html"))
}
