package inbound

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

const mailtrapAPI = "mailtrap.io"

// readMailtrap asks for the message: the delivery has its id and the name of its writer alone. The API gives the texts
// and some headers; the message as it came, and files, are at hosts that are not documented, so that only those in
// DownloadHosts are asked.
//
// https://docs.mailtrap.io/inbound-email/webhooks
// https://docs.mailtrap.io/developers/inbound/messages
func readMailtrap(ctx context.Context, e *core.Event, c *Config, m *Message) error {
	payload := e.Payload
	if f := readFields(payload, "/events"); f.has("/events") { // no guard has split it
		items := f.list("/events")
		if len(items) == 0 {
			return ErrNoMessage
		}
		payload = items[0]
	}
	event := readFields(payload, "/event", "/timestamp", "/inbox_id", "/message_id")
	if kind := event.text("/event"); !strings.HasPrefix(kind, "inbound") && kind != "" {
		return email.TrackingAtInbound(e.Provider)
	}
	inbox, id := safeID(event.text("/inbox_id")), safeID(event.text("/message_id"))
	if inbox == "" || inbox == "1" || id == "" { // the test of the webhook has made-up ids
		return ErrNoMessage
	}
	m.EventID, m.Timestamp = inbox+"/"+id, millisOf(event.text("/timestamp")) // the event's id may differ at a retry
	if err := c.needKey("Mailtrap"); err != nil {
		return err
	}
	answer, err := c.fetch(ctx, "https://"+mailtrapAPI+"/api/inbound/inboxes/"+inbox+"/messages/"+id,
		[]string{mailtrapAPI},
		map[string][]string{"Authorization": {"Bearer " + c.APIKey}})
	if err != nil {
		return err
	}
	f := readFields(answer.body, "/from", "/to", "/cc", "/bcc", "/reply_to", "/subject", "/headers", "/rfc_message_id",
		"/in_reply_to", "/references", "/html_body", "/text_body", "/raw_message_url", "/attachments")
	if link := f.text("/raw_message_url"); c.mayDownload(link) {
		raw, err := c.fetch(ctx, link, c.downloads(), nil)
		if err != nil {
			return err
		}
		m.parseRaw(raw.body, c)
		return nil
	}
	m.mailtrapFields(f)
	return m.mailtrapFiles(ctx, c, f.list("/attachments"))
}

func (m *Message) mailtrapFields(f fields) {
	for _, name := range [...]string{"From", "Reply-To", "Subject"} {
		if text := f.text("/" + strings.ReplaceAll(strings.ToLower(name), "-", "_")); text != "" {
			m.addHeader(name, text)
		}
	}
	for _, name := range [...]string{"To", "Cc", "Bcc"} {
		if list := f.texts("/" + strings.ToLower(name)); len(list) > 0 {
			m.addHeader(name, strings.Join(list, ", "))
		}
	}
	for _, h := range [...]rawHeader{{"Message-ID", "/rfc_message_id"}, {"In-Reply-To", "/in_reply_to"}} {
		if text := f.text(h.value); text != "" {
			m.addHeader(h.name, text)
		}
	}
	if list := f.texts("/references"); len(list) > 0 {
		m.addHeader("References", strings.Join(list, " "))
	}
	eachMember(f["/headers"], func(name, value string) {
		if m.Header(name) == "" {
			m.addHeader(name, value)
		}
	})
	m.Text, m.HTML = f.text("/text_body"), f.text("/html_body")
}

func (m *Message) mailtrapFiles(ctx context.Context, c *Config, items [][]byte) error {
	for _, item := range m.files(c, items) {
		a := readFields(item, "/filename", "/content_type", "/content_id", "/download_url")
		p := Part{
			Filename: a.text("/filename"), ContentType: a.text("/content_type"), ContentID: a.text("/content_id"),
		}
		if link := a.text("/download_url"); c.mayDownload(link) {
			file, err := c.fetch(ctx, link, c.downloads(), nil)
			if err != nil {
				return err
			}
			p.Content = file.body
		} else {
			m.defect("the content of a file was not fetched: its host is not one of Config.DownloadHosts")
		}
		m.file(c, p)
	}
	return nil
}

// mayDownload reports whether a link leads to one of DownloadHosts.
func (c *Config) mayDownload(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "https" && slices.Contains(c.DownloadHosts, u.Hostname())
}

// downloads are hosts that get no credential, which goes to the first one alone.
func (c *Config) downloads() []string { return append([]string{""}, c.DownloadHosts...) }

func millisOf(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 253402300799999 { // the end of the year 9999
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
