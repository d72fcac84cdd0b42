package inspector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/plain"
)

// shownBytes is how much of a payload the page shows. The rest is in the download.
const shownBytes = 256 << 10

// header is one header of a request.
type header struct{ Name, Value string }

// looksSecret reports whether a header may hold a credential. A journal keeps none of which it knows that, but the app
// can name headers to keep.
func looksSecret(name string) bool {
	if slices.Contains([]string{"X-Event-Key", "Idempotency-Key"}, name) { // the type of an event, and its id
		return false
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "cookie", "secret", "token", "signature", "password", "key"},
		func(word string) bool { return strings.Contains(name, word) })
}

// masked returns headers without the values of those that may hold a credential.
func masked(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			if looksSecret(name) {
				v = fmt.Sprintf("(%d bytes, hidden)", len(v))
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}

// headersOf returns headers by name, masked and cut.
func headersOf(h http.Header) []header {
	all := byName(masked(h))
	for i := range all {
		all[i].Value = cut(all[i].Value, 1000)
	}
	return all
}

// byName returns a line for each value, in the order of the names.
func byName(h http.Header) []header {
	var all []header
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			all = append(all, header{name, v})
		}
	}
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
		shown = whole(shown[:shownBytes])
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
		text := bytes.TrimPrefix(body, []byte("\uFEFF"))
		// Checked before: deeply nested, a payload of 100 KB would be indented to gigabytes.
		if fitsIndented(text, 4*shownBytes) && json.Indent(&b, text, "", "  ") == nil {
			v.Pretty = readable(b.Bytes())
		}
	}
	return v
}

// whole leaves out a character that a cut has parted.
func whole(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if last := b[len(b)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// fitsIndented reports whether JSON has at most so many bytes once it is indented. It counts too much rather than too
// little.
func fitsIndented(text []byte, most int) bool {
	size, depth, quoted := len(text), 0, false
	for i := 0; i < len(text) && size <= most; i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++ // whatever follows does not end the string
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			size += 1 + 2*depth
		case c == '}' || c == ']':
			depth = max(0, depth-1)
			size += 1 + 2*depth
		case c == ',':
			size += 1 + 2*depth
		case c == ':':
			size++
		}
	}
	return size <= most
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
		case plain.Steers(r):
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
