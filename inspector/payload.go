package inspector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shownBytes is how much of a payload the page shows. The rest is in the download.
const shownBytes = 256 << 10

// header is one header of a request.
type header struct{ Name, Value string }

// headersOf returns headers by name. A journal keeps none that holds a credential; what looks like one all the same is
// masked.
func headersOf(h http.Header) []header {
	var all []header
	for name, values := range h {
		for _, v := range values {
			if slices.ContainsFunc([]string{"auth", "cookie", "secret", "token", "signature", "password", "key"},
				func(word string) bool { return strings.Contains(strings.ToLower(name), word) }) {
				v = fmt.Sprintf("(%d bytes, hidden)", len(v))
			}
			all = append(all, header{name, cut(v, 1000)})
		}
	}
	slices.SortStableFunc(all, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// payload is a body as the page shows it.
type payload struct {
	Pretty string // indented JSON; empty: it is none
	Raw    string
	Note   string // what is missing
	Length int64
}

func payloadOf(body []byte, length int64, contentType string) *payload {
	v := &payload{Length: length}
	shown := body
	if len(shown) > shownBytes {
		shown = shown[:shownBytes]
		v.Note = fmt.Sprintf("The first %d of %d bytes are shown; the download has what was kept.", shownBytes, length)
	} else if int64(len(body)) < length {
		v.Note = fmt.Sprintf("Of %d bytes the journal kept the first %d (journal.Config.MaxBody).", length, len(body))
	}
	if !utf8.Valid(body) {
		v.Note += " It is not UTF-8 throughout: bytes that are not are shown as \uFFFD."
	}
	v.Raw = readable(shown)
	// Only a whole body can be indented. JSON that is cut would be shown as something that was never sent.
	if len(body) <= shownBytes && int64(len(body)) == length && looksLikeJSON(body, contentType) {
		var b bytes.Buffer
		if json.Indent(&b, bytes.TrimPrefix(body, []byte("\uFEFF")), "", "  ") == nil && b.Len() <= 4*shownBytes {
			v.Pretty = readable(b.Bytes())
		}
	}
	return v
}

func looksLikeJSON(body []byte, contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\uFEFF")), " \t\r\n")
	return strings.HasSuffix(kind, "json") || len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
}

// readable replaces what would change how the text around it is read: control characters and those that turn the
// direction of writing.
func readable(b []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(string(b), "\uFFFD"))
}

// sendBody sends the body as a file, whatever it is: no browser shows it as a page.
func (p *Inspector) sendBody(w http.ResponseWriter, r *http.Request) {
	if !accessOf(r).Payloads {
		p.fail(w, r, http.StatusForbidden, "You may not see payloads (Access.Payloads).")
		return
	}
	e, ok := p.load(w, r)
	if !ok {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="event.bin"`)
	h.Set("Content-Length", fmt.Sprint(len(e.Body)))
	_, _ = w.Write(e.Body) // the client has gone: nobody is left to say it to
}
