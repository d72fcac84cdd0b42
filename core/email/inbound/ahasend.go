package inbound

import (
	"context"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// readAhaSend reads a route's delivery. Headers and files are there where the route includes them.
//
// https://ahasend.com/docs/api-reference/routes/route-message
func readAhaSend(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/type", "/timestamp", "/data/id", "/data/from", "/data/reply_to", "/data/to",
		"/data/cc",
		"/data/subject", "/data/message_id", "/data/date", "/data/in_reply_to", "/data/references",
		"/data/auto_submitted", "/data/spam_score", "/data/html_body", "/data/plain_body",
		"/data/reply_from_plain_body", "/data/attachments", "/data/headers")
	if kind := f.text("/type"); kind != "message.routing" && kind != "route.message" && kind != "" {
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.Timestamp = f.text("/data/id"), timeOf(f.text("/timestamp"))
	if to := addressesOf(f.text("/data/to")); len(to) > 0 {
		m.EnvelopeRecipient = to[0].Addr // the address of the route
	}
	m.SpamScore = f.number("/data/spam_score")
	eachMember(f["/data/headers"], m.addHeader)
	for _, h := range [...]rawHeader{
		{"From", "/data/from"}, {"To", "/data/to"}, {"Cc", "/data/cc"}, {"Reply-To", "/data/reply_to"},
		{"Subject", "/data/subject"}, {"Date", "/data/date"}, {"Message-ID", "/data/message_id"},
		{"In-Reply-To", "/data/in_reply_to"}, {"References", "/data/references"},
		{"Auto-Submitted", "/data/auto_submitted"},
	} {
		if text := f.text(h.value); text != "" && m.Header(h.name) == "" {
			m.addHeader(h.name, text)
		}
	}
	m.Text, m.HTML, m.StrippedText = f.text("/data/plain_body"), f.text("/data/html_body"),
		f.text("/data/reply_from_plain_body")
	for _, item := range m.files(c, f.list("/data/attachments")) {
		a := readFields(item, "/filename", "/content_type", "/content_id", "/data")
		m.file(c, Part{
			Filename: a.text("/filename"), ContentType: a.text("/content_type"),
			ContentID: strings.TrimSpace(a.text("/content_id")), Content: decodeBase64(a.bytes("/data")),
		})
	}
	return nil
}
