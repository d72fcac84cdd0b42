package inbound

import "strings"

// withoutBrackets returns an address of an envelope.
func withoutBrackets(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "<"), ">")
}

const tooManyFiles = "the message has more files than are read"

// files returns the items that are read of a list of files.
func (m *Message) files(c *Config, items [][]byte) [][]byte {
	if len(items) <= c.maxParts() {
		return items
	}
	m.defect(tooManyFiles)
	return items[:c.maxParts()]
}

// file adds a file: inline where it has a Content-ID.
func (m *Message) file(c *Config, p Part) {
	p.ContentType, p.Filename = mediaOf(p.ContentType, &p.Charset), fileName(p.Filename)
	if len(m.Attachments)+len(m.Inlines) >= c.maxParts() {
		m.defect(tooManyFiles)
		return
	}
	if p.ContentID == "" {
		m.Attachments = append(m.Attachments, p)
		return
	}
	if !strings.HasPrefix(p.ContentID, "<") {
		p.ContentID = "<" + p.ContentID + ">"
	}
	m.Inlines = append(m.Inlines, p)
}

// mediaOf returns the media type of a Content-Type, and sets the charset that it names.
func mediaOf(value string, charset *string) string {
	k := kindOf([]rawHeader{{"Content-Type", value}}, "application/octet-stream")
	if k.charset != "" {
		*charset = k.charset
	}
	return k.media
}

// attachedText reads the text of attached messages where the message has none of its own.
func (m *Message) attachedText(c *Config, hasText, hasHTML bool) {
	w := walker{m: &Message{}, c: c, text: hasText, html: hasHTML}
	for _, p := range m.Attachments {
		if p.ContentType == "message/rfc822" {
			w.leaf(&kind{media: p.ContentType}, p.Content, 1)
		}
	}
	if !hasText {
		m.Text = w.m.Text
	}
	if !hasHTML {
		m.HTML = w.m.HTML
	}
}
