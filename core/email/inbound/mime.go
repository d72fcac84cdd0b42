package inbound

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// walker reads a tree of parts within bounds.
type walker struct {
	m          *Message
	c          *Config
	parts      int
	size       int64
	text, html bool // found
}

// parseRaw reads a message as it was sent. It always succeeds: what cannot be read is a defect.
func (m *Message) parseRaw(raw []byte, c *Config) {
	headers, body, whole := cutHeaders(raw, c.maxHeaderBytes())
	if !whole {
		m.defect("the headers are malformed or too long; some were left out")
	}
	m.addHeaders(headers)
	m.Raw = raw
	w := walker{m: m, c: c}
	w.part(headers, body, "text/plain", 0)
}

// kind is what a part's headers say about its content.
type kind struct {
	media, charset, boundary string
	disposition, filename    string
	contentID                string
	field                    string // of a form
	named                    bool   // a file's name is given, though it may be empty
}

func kindOf(headers []rawHeader, usual string) (k kind) {
	k.media = usual
	if value := first(headers, "Content-Type"); value != "" {
		media, params := parseMedia(value)
		if strings.Contains(media, "/") {
			k.media = media
		} else {
			text, _, _ := strings.Cut(value, ";")
			if text = strings.ToLower(strings.TrimSpace(text)); strings.Count(text, "/") == 1 &&
				!strings.ContainsAny(text, " \t") {
				k.media = text
			}
		}
		if params == nil {
			params = looseParams(value)
		}
		k.charset, k.boundary, k.filename = params["charset"], params["boundary"], params["name"]
	}
	if value := first(headers, "Content-Disposition"); value != "" {
		disposition, params := parseMedia(value)
		if disposition == "" {
			text, _, _ := strings.Cut(value, ";")
			disposition = strings.ToLower(strings.TrimSpace(text))
		}
		if params == nil {
			params = looseParams(value)
		}
		k.disposition = disposition
		if name, ok := params["filename"]; ok {
			k.filename, k.named = name, true
		}
		k.field = params["name"]
	}
	k.contentID = strings.TrimSpace(first(headers, "Content-ID"))
	k.filename = fileName(k.filename)
	return k
}

// maxMedia is how long a header of a part may be. Package mime joins the pieces of a continued parameter ("name*0=")
// in time that grows with their square.
const maxMedia = 8 << 10

func parseMedia(value string) (media string, params map[string]string) {
	if len(value) > maxMedia {
		return "", nil
	}
	media, params, _ = mime.ParseMediaType(value)
	return media, params
}

// looseParams reads the parameters of a header that package mime refuses.
func looseParams(value string) map[string]string {
	params := map[string]string{}
	for i, pair := range strings.Split(value, ";") {
		if name, text, ok := strings.Cut(pair, "="); ok && i > 0 && i < 50 {
			params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(text), `"`)
		}
	}
	return params
}

// part reads one part and those in it.
func (w *walker) part(headers []rawHeader, body []byte, usual string, depth int) {
	if w.parts++; w.parts > w.c.maxParts() || depth > w.c.maxDepth() {
		w.m.defect("the message has more parts, or parts in parts, than are read")
		return
	}
	k := kindOf(headers, usual)
	if strings.HasPrefix(k.media, "multipart/") && k.boundary != "" {
		w.multipart(&k, body, depth)
		return
	}
	content := decodeTransfer(body, first(headers, "Content-Transfer-Encoding"))
	w.leaf(&k, content, depth)
}

func (w *walker) multipart(k *kind, body []byte, depth int) {
	usual := "text/plain"
	if k.media == "multipart/digest" {
		usual = "message/rfc822"
	}
	closed := cutParts(body, k.boundary, func(part []byte) bool {
		headers, content, whole := cutHeaders(part, w.c.maxHeaderBytes())
		if !whole {
			w.m.defect("the headers of a part are malformed or too long; some were left out")
		}
		w.part(headers, content, usual, depth+1)
		return w.parts <= w.c.maxParts()
	})
	if !closed {
		w.m.defect("a multipart part does not end; its last part may be cut short")
	}
}

// cutParts calls fn with each part of a multipart body, until it returns false. The parts are not copied: parts in
// parts would multiply what a message takes. It reports whether the body ends as it should. A last part without an
// end is a part.
func cutParts(body []byte, boundary string, fn func(part []byte) bool) (closed bool) {
	delimiter := []byte("--" + boundary)
	start := -1
	for at := 0; at < len(body); {
		n := bytes.Index(body[at:], delimiter)
		if n < 0 {
			break
		}
		n += at
		// The rest of the line is read once a line: whoever sent the message may repeat the delimiter in it.
		if at = n + len(delimiter); n > 0 && body[n-1] != '\n' {
			continue
		}
		line, _, _ := bytes.Cut(body[at:], []byte("\n"))
		last, rest := bytes.CutPrefix(line, []byte("--"))
		if len(bytes.TrimSpace(last)) > 0 { // a longer boundary, or text
			continue
		}
		at = min(at+len(line)+1, len(body))
		if start >= 0 && !fn(withoutBreak(body[start:max(start, n)])) {
			return true
		}
		if start = at; rest {
			return true
		}
	}
	if start >= 0 {
		fn(body[start:])
	}
	return false
}

// withoutBreak leaves out the line break that belongs to the delimiter behind a part.
func withoutBreak(part []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))
}

// leaf takes a part that holds no others: a text, a file or an attached message.
func (w *walker) leaf(k *kind, content []byte, depth int) {
	if w.size += int64(len(content)); w.size > w.c.maxBytes() {
		w.m.defect("the message is larger than what is read")
		return
	}
	attachment := k.disposition == "attachment"
	if attachment || k.disposition == "inline" {
		file := Part{Filename: k.filename, ContentType: k.media, Charset: k.charset, ContentID: k.contentID,
			Content: content}
		if attachment {
			w.m.Attachments = append(w.m.Attachments, file)
		} else {
			w.m.Inlines = append(w.m.Inlines, file)
		}
	}
	switch {
	case k.media == "message/rfc822":
		headers, body, _ := cutHeaders(content, w.c.maxHeaderBytes())
		w.part(headers, body, "text/plain", depth+1)
	case attachment:
	case k.media == "text/plain" && !w.text:
		w.text, w.m.Text = true, w.lines(decodeText(content, k.charset))
	case k.media == "text/html" && !w.html:
		w.html, w.m.HTML = true, w.lines(decodeText(content, k.charset))
	}
}

func (w *walker) lines(text string) string {
	if w.c.unifyLines {
		return strings.ReplaceAll(text, "\r\n", "\n")
	}
	return text
}

// decodeTransfer undoes a transfer encoding. What is malformed is decoded as far as it goes.
func decodeTransfer(body []byte, encoding string) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return decodeBase64(body)
	case "quoted-printable":
		out, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		return out
	default:
		return body
	}
}

// decodeBase64 decodes base64, padded or not, and passes over everything else, as mail readers do.
func decodeBase64(text []byte) []byte {
	clean := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}
