package inbound

// postalFields reads the processed form, which an HTTP endpoint of Postal can be set to. It has the usual headers
// alone.
//
// https://docs.postalserver.io/developer/http-payloads
func (m *Message) postalFields(payload []byte, c *Config) {
	f := readFields(payload, "/from", "/to", "/cc", "/subject", "/date", "/message_id", "/in_reply_to", "/references",
		"/auto_submitted", "/plain_body", "/html_body", "/spam_status", "/attachments")
	for _, h := range [...]rawHeader{
		{"From", "/from"}, {"To", "/to"}, {"Cc", "/cc"}, {"Subject", "/subject"}, {"Date", "/date"},
		{"In-Reply-To", "/in_reply_to"}, {"References", "/references"}, {"Auto-Submitted", "/auto_submitted"},
	} {
		if text := f.text(h.value); text != "" {
			m.addHeader(h.name, text)
		}
	}
	if id := f.text("/message_id"); id != "" {
		m.addHeader("Message-ID", "<"+withoutBrackets(id)+">")
	}
	switch f.text("/spam_status") {
	case "NotSpam":
		m.SpamDetected = new(false)
	case "Spam":
		m.SpamDetected = new(true)
	}
	m.Text, m.HTML = f.text("/plain_body"), f.text("/html_body")
	for _, item := range m.files(c, f.list("/attachments")) {
		a := readFields(item, "/filename", "/content_type", "/data")
		m.file(c, Part{
			Filename: a.text("/filename"), ContentType: a.text("/content_type"),
			Content: decodeBase64(a.bytes("/data")),
		})
	}
}
