package inbound

import (
	"context"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// Senders that parse the message and pass its fields on in JSON.

// https://developers.brevo.com/docs/inbound-parse-webhooks
func readBrevo(ctx context.Context, e *core.Event, c *Config, m *Message) error {
	payload := e.Payload
	if f := readFields(payload, "/items"); f.has("/items") { // no guard has split it
		items := f.list("/items")
		if len(items) == 0 {
			return ErrNoMessage
		}
		payload = items[0]
	}
	f := readFields(payload, "/event", "/Uuid", "/Headers", "/RawTextBody", "/RawHtmlBody", "/ExtractedMarkdownMessage",
		"/SpamScore", "/Attachments")
	if f.has("/event") && !f.has("/Headers") {
		return email.TrackingAtInbound(e.Provider)
	}
	if ids := f.list("/Uuid"); len(ids) > 0 {
		m.EventID = fields{"": ids[0]}.text("")
	}
	eachMember(f["/Headers"], m.addHeader)
	m.EnvelopeSender = withoutBrackets(m.Header("Return-Path"))
	m.EnvelopeRecipient = withoutBrackets(m.Header("Delivered-To"))
	m.Text, m.HTML, m.StrippedText = f.text("/RawTextBody"), f.text("/RawHtmlBody"), f.text("/ExtractedMarkdownMessage")
	m.SpamScore = f.number("/SpamScore")
	for _, item := range m.files(c, f.list("/Attachments")) {
		a := readFields(item, "/Name", "/ContentType", "/ContentID", "/DownloadToken")
		if err := c.needKey("Brevo"); err != nil {
			return err
		}
		answer, err := c.fetch(ctx,
			"https://api.brevo.com/v3/inbound/attachments/"+url.PathEscape(a.text("/DownloadToken")),
			[]string{"api.brevo.com"}, map[string][]string{"Api-Key": {c.APIKey}})
		if err != nil {
			return err
		}
		p := Part{Filename: a.text("/Name"), ContentType: a.text("/ContentType"), ContentID: a.text("/ContentID"),
			Content: answer.body}
		mediaOf(answer.contentType, &p.Charset)
		m.file(c, p)
	}
	return nil
}

// https://dev.mailjet.com/email/guides/parse-api/
func readMailjet(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/event", "/Headers", "/Text-part", "/Html-part", "/Parts", "/Sender", "/Recipient",
		"/SpamAssassinScore")
	if f.has("/event") && !f.has("/Headers") {
		return email.TrackingAtInbound(e.Provider)
	}
	eachMember(f["/Headers"], m.addHeader)
	m.EnvelopeSender, m.EnvelopeRecipient, m.SpamScore = f.text("/Sender"), f.text("/Recipient"),
		f.number("/SpamAssassinScore")
	m.Text, m.HTML = f.text("/Text-part"), f.text("/Html-part")
	contents := map[string][]byte{}
	eachRaw(e.Payload, func(name string, value []byte) { contents[name] = value })
	for _, item := range f.list("/Parts") {
		part := readFields(item, "/ContentRef", "/Headers")
		ref := part.text("/ContentRef")
		if !strings.Contains(ref, "Attachment") {
			continue
		}
		var headers []rawHeader
		eachMember(part["/Headers"], func(name, value string) { headers = append(headers, rawHeader{name, value}) })
		k := kindOf(headers, "application/octet-stream")
		content := decodeBase64(fields{"": contents[ref]}.bytes(""))
		m.file(c, Part{Filename: k.filename, ContentType: k.media, Charset: k.charset, ContentID: k.contentID,
			Content: content})
		if len(m.Attachments)+len(m.Inlines) >= c.maxParts() {
			break
		}
	}
	m.attachedText(c, f.has("/Text-part"), f.has("/Html-part"))
	return nil
}

// https://postmarkapp.com/developer/webhooks/inbound-webhook
func readPostmark(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/RecordType", "/FromFull", "/ToFull", "/CcFull", "/BccFull", "/Subject", "/Date",
		"/ReplyTo", "/TextBody",
		"/HtmlBody", "/StrippedTextReply", "/OriginalRecipient", "/MessageID", "/Headers", "/RawEmail", "/Attachments")
	if kind := f.text("/RecordType"); kind != "" && kind != "Inbound" {
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.EnvelopeRecipient, m.StrippedText = f.text("/MessageID"), f.text("/OriginalRecipient"),
		f.text("/StrippedTextReply")
	var headers []rawHeader
	for i, item := range f.list("/Headers") {
		h := readFields(item, "/Name", "/Value")
		name, value := h.text("/Name"), h.text("/Value")
		if i == 0 && strings.EqualFold(name, "Return-Path") { // one further down is not Postmark's
			m.EnvelopeSender = withoutBrackets(value)
			continue
		}
		if name != "" {
			headers = append(headers, rawHeader{name, value})
		}
	}
	if f.has("/RawEmail") {
		m.parseRaw(f.bytes("/RawEmail"), c)
		m.addFull("Bcc", f.list("/BccFull"))
	} else {
		m.postmarkFields(f, headers, c)
	}
	m.SpamDetected = new(strings.HasPrefix(strings.ToLower(m.Header("X-Spam-Status")), "yes"))
	m.SpamScore = numberOf(m.Header("X-Spam-Score"))
	return nil
}

func (m *Message) postmarkFields(f fields, headers []rawHeader, c *Config) {
	if f.has("/FromFull") {
		m.addFull("From", [][]byte{f["/FromFull"]})
	}
	m.addFull("To", f.list("/ToFull"))
	m.addFull("Cc", f.list("/CcFull"))
	m.addFull("Bcc", f.list("/BccFull"))
	m.addHeader("Subject", f.text("/Subject"))
	m.addHeaders(headers)
	if m.Header("Date") == "" && f.has("/Date") {
		m.addHeader("Date", f.text("/Date"))
	}
	if reply := f.text("/ReplyTo"); reply != "" && m.Header("Reply-To") == "" {
		m.addHeader("Reply-To", reply)
	}
	m.Text, m.HTML = f.text("/TextBody"), f.text("/HtmlBody")
	for _, item := range f.list("/Attachments") {
		a := readFields(item, "/Name", "/Content", "/Data", "/ContentType", "/ContentID")
		content := a.bytes("/Content")
		if !a.has("/Content") {
			content = a.bytes("/Data") // of test payloads
		}
		m.file(c, Part{
			Filename: a.text("/Name"), ContentType: a.text("/ContentType"), ContentID: a.text("/ContentID"),
			Content: decodeBase64(content),
		})
	}
}

// addFull adds a header of addresses that are objects with Email and Name.
func (m *Message) addFull(name string, items [][]byte) {
	var list []Address
	var text []string
	for _, item := range items {
		a := readFields(item, "/Email", "/Name")
		if address := (Address{a.text("/Name"), a.text("/Email")}); address != (Address{}) {
			list, text = append(list, address), append(text, address.String())
		}
	}
	if len(list) == 0 {
		return
	}
	m.Headers = append(m.Headers, Header{name, strings.Join(text, ", ")})
	switch name {
	case "From":
		m.From = list
	case "To":
		m.To = list
	case "Cc":
		m.Cc = list
	case "Bcc":
		m.Bcc = list
	}
}
