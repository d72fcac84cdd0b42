package inbound

import (
	"context"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

const resendAPI = "api.resend.com"

// readResend asks for the message: the delivery has its id and some headers alone.
//
// https://resend.com/docs/webhooks/emails/received
func readResend(ctx context.Context, e *core.Event, c *Config, m *Message) error {
	event := readFields(e.Payload, "/type", "/created_at", "/data/email_id")
	if event.text("/type") != "email.received" {
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.Timestamp = e.ID, timeOf(event.text("/created_at"))
	if err := c.needKey("Resend"); err != nil {
		return err
	}
	// Resend's documentation shows the first of the further hosts; links to raw messages have been seen at the second.
	hosts := append([]string{resendAPI, "inbound-cdn.resend.com", "cdn.resend.app"}, c.DownloadHosts...)
	key := map[string][]string{"Authorization": {"Bearer " + c.APIKey}}
	address := "https://" + resendAPI + "/emails/receiving/" + url.PathEscape(event.text("/data/email_id"))
	answer, err := c.fetch(ctx, address, hosts[:1], key)
	if err != nil {
		return err
	}
	f := readFields(answer.body, "/raw/download_url", "/from", "/to", "/cc", "/bcc", "/reply_to", "/subject",
		"/headers", "/text", "/html",
		"/attachments")
	if link := f.text("/raw/download_url"); link != "" {
		raw, err := c.fetch(ctx, link, hosts, nil)
		if err != nil {
			return err
		}
		m.parseRaw(raw.body, c)
		return nil
	}
	m.resendFields(f)
	for _, item := range m.files(c, f.list("/attachments")) {
		a := readFields(item, "/id", "/filename", "/content_type", "/content_id", "/download_url")
		link := a.text("/download_url")
		if link == "" { // the list of a message has no links; the attachment itself has
			one, err := c.fetch(ctx, address+"/attachments/"+url.PathEscape(a.text("/id")), hosts[:1], key)
			if err != nil {
				return err
			}
			link = readFields(one.body, "/download_url").text("/download_url")
		}
		file, err := c.fetch(ctx, link, hosts, nil)
		if err != nil {
			return err
		}
		m.file(c, Part{
			Filename: a.text("/filename"), ContentType: a.text("/content_type"), ContentID: a.text("/content_id"),
			Content: file.body,
		})
	}
	m.attachedText(c, f.has("/text"), f.has("/html"))
	return nil
}

func (m *Message) resendFields(f fields) {
	m.addHeader("From", f.text("/from"))
	for _, name := range [...]string{"To", "Cc", "Bcc"} {
		if list := f.texts("/" + strings.ToLower(name)); len(list) > 0 {
			m.addHeader(name, strings.Join(list, ", "))
		}
	}
	if f.has("/subject") {
		m.addHeader("Subject", f.text("/subject"))
	}
	add := func(name, value string) {
		switch strings.ToLower(name) {
		case "from", "to", "cc", "bcc", "subject":
		default:
			m.addHeader(name, value)
		}
	}
	if isKind(f["/headers"], '{') {
		eachMember(f["/headers"], add)
	}
	for _, item := range f.list("/headers") {
		if h := readFields(item, "/name", "/value"); h.text("/name") != "" {
			add(h.text("/name"), h.text("/value"))
		}
	}
	if list := f.texts("/reply_to"); len(list) > 0 && m.Header("Reply-To") == "" {
		m.addHeader("Reply-To", strings.Join(list, ", "))
	}
	m.Text, m.HTML = f.text("/text"), f.text("/html")
}

// texts returns the texts of a list.
func (f fields) texts(place string) (all []string) {
	for _, item := range f.list(place) {
		if text := (fields{"": item}).text(""); text != "" {
			all = append(all, text)
		}
	}
	return all
}
