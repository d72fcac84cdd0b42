package inbound

import (
	"context"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// readSweego reads a message without its files: their content is at an API whose address has the id of the account.
//
// https://learn.sweego.io/docs/inbound/inbound_routing
func readSweego(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/event_type", "/event_id", "/timestamp", "/from_", "/to", "/cc", "/headers", "/text",
		"/html",
		"/subject", "/attachments")
	if kind := f.text("/event_type"); kind != "email_inbound" && kind != "" {
		return email.TrackingAtInbound(e.Provider)
	}
	m.EventID, m.Timestamp = f.text("/event_id"), timeOf(f.text("/timestamp"))
	if f.has("/from_") {
		m.addMailboxes("From", [][]byte{f["/from_"]})
	}
	m.addMailboxes("To", f.list("/to"))
	m.addMailboxes("Cc", f.list("/cc"))
	if f.has("/subject") {
		m.addHeader("Subject", f.text("/subject"))
	}
	eachMember(f["/headers"], func(name, value string) {
		switch strings.ToLower(name) {
		case "from", "to", "cc", "subject":
		default:
			m.addHeader(name, value)
		}
	})
	m.Text, m.HTML = f.text("/text"), f.text("/html")
	for _, item := range m.files(c, f.list("/attachments")) {
		a := readFields(item, "/uuid", "/name", "/content_type")
		m.file(c, Part{Filename: a.text("/name"), ContentType: a.text("/content_type")})
		m.defect("the content of a file is at Sweego's API alone: ask it for " + safeID(a.text("/uuid")))
	}
	return nil
}

// addMailboxes adds a header of addresses that are objects with email and name.
func (m *Message) addMailboxes(name string, items [][]byte) {
	var list []string
	for _, item := range items {
		a := readFields(item, "/email", "/name")
		if address := (Address{a.text("/name"), a.text("/email")}); address.Addr != "" {
			list = append(list, address.String())
		}
	}
	if len(list) > 0 {
		m.addHeader(name, strings.Join(list, ", "))
	}
}

// safeID returns an id that can be one element of a path, and "" for any other.
func safeID(id string) string {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(id) > 128 || strings.Trim(id, allowed) != "" {
		return ""
	}
	return id
}
