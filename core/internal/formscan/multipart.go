package formscan

import (
	"bytes"
	"strings"
)

// This scanner takes the place of mime/multipart for forms that are not proved, because that package cannot be bounded
// from outside. It reads up to 10,000 headers of a part, of any length. mime.ParseMediaType joins continued parameters
// ("name*0=a;name*1=a") in time and memory that grow with the square of their number.
//
// Here the header of a part is bounded, and names of fields must be written as RFC 7578 demands. Forms that both
// accept, both read alike: a fuzz test compares them.

// Boundary returns the boundary of a multipart form, from its first line. ok is false for other bodies: a URL-encoded
// form has no line break. A preamble before the first boundary, which RFC 2046 allows, is not accepted: no sender
// writes one.
func Boundary(body []byte) (boundary []byte, ok bool) {
	line, _, ok := bytes.Cut(body[:min(len(body), 80)], []byte("\r\n"))
	boundary, dashes := bytes.CutPrefix(line, []byte("--"))
	if !ok || !dashes || len(boundary) == 0 || len(boundary) > 70 { // RFC 2046, section 5.1.1
		return nil, false
	}
	return boundary, true
}

// multipart scans a multipart form (RFC 7578). A part with the name of a file is not a field, as in mime/multipart.
func (n *Names) multipart(body, boundary []byte, out []Field, strict bool) error {
	var room [80]byte      // for the delimiter: 4 bytes and the boundary
	var unquoted [128]byte // for a name with escapes
	delimiter := append(append(room[:0], "\r\n--"...), boundary...)
	rest := body[len(delimiter)-len("\r\n"):] // after the first delimiter, which has no line break before it
	for parts := 0; ; parts++ {
		var last, ok bool
		if rest, last, ok = behindDelimiter(rest); !ok {
			return ErrMalformed
		}
		if last { // an epilogue may follow, and readers ignore it
			return nil
		}
		if strict && parts == MaxFields {
			return ErrTooLarge
		}
		header, content, err := cutHeader(rest, strict)
		if err != nil {
			return err
		}
		// content begins with the line break that ends the header, because that may also be the one before the
		// delimiter: then the part is empty.
		end := findDelimiter(content, delimiter)
		if end < 0 { // fails closed: a form that was cut off may lack fields
			return ErrMalformed
		}
		value := content[min(len("\r\n"), end):end]
		d := disposition{room: unquoted[:0]}
		if !d.read(header, n.longest) {
			// The header of a file cannot hide a field, and senders write odd names of files. Others fail closed.
			if strict && !d.file {
				return ErrMalformed
			}
		} else if f := n.field(d.name, out); f != nil && !d.file {
			if f.Count++; f.Count == 1 {
				f.raw, f.encoded = value, false
			}
		}
		rest = content[end+len(delimiter):]
	}
}

// behindDelimiter reads the rest of a delimiter's line, and returns the text after it. last is true for the delimiter
// that ends the form ("--" follows). Blanks before the line break are allowed (RFC 2046, section 5.1.1).
func behindDelimiter(text []byte) (rest []byte, last, ok bool) {
	text, last = bytes.CutPrefix(text, []byte("--"))
	text = bytes.TrimLeft(text, " \t")
	if last && len(text) == 0 {
		return nil, true, true
	}
	rest, ok = bytes.CutPrefix(text, []byte("\r\n"))
	return rest, last, ok
}

// cutHeader separates the header of a part from its content, which begins with the line break that ends the header. A
// part may have no header. A strict reader searches only maxPartHeader bytes for the end.
func cutHeader(text []byte, strict bool) (header, content []byte, err error) {
	if bytes.HasPrefix(text, []byte("\r\n")) {
		return nil, text, nil
	}
	look := text
	if strict {
		look = text[:min(len(text), maxPartHeader)]
	}
	end := bytes.Index(look, []byte("\r\n\r\n"))
	if end < 0 && len(look) < len(text) {
		return nil, nil, ErrTooLarge
	}
	if end < 0 {
		return nil, nil, ErrMalformed
	}
	return text[:end], text[end+len("\r\n"):], nil
}

// findDelimiter returns the position of the next delimiter, or -1. A line that only begins like one belongs to the
// content: the boundary may be a prefix of another word.
func findDelimiter(content, delimiter []byte) int {
	for from := 0; ; from += len(delimiter) {
		i := bytes.Index(content[from:], delimiter)
		if i < 0 {
			return -1
		}
		from += i
		switch rest := content[from+len(delimiter):]; {
		case len(rest) == 0, bytes.HasPrefix(rest, []byte("--")):
			return from
		case rest[0] == ' ', rest[0] == '\t', rest[0] == '\r', rest[0] == '\n':
			return from
		}
	}
}

// disposition is the content of a part's header.
type disposition struct {
	name []byte // of the field; empty: it has none, or one that is too long to be wanted
	file bool   // the part has the name of a file
	room []byte // for a name with escapes
}

// read reads the header of a part. It returns false where two readers could find different names in it: a line that is
// not a header, a line break that is not CRLF, or a second Content-Disposition.
func (d *disposition) read(header []byte, longest int) bool {
	found := false
	for len(header) > 0 {
		line := cutLine(&header)
		name, value, ok := bytes.Cut(line, []byte{':'})
		// A blank before the colon is part of the name for some readers, and ignored by others.
		if !ok || len(name) == 0 || bytes.ContainsAny(name, blanks) || loneBreak(value) {
			return false
		}
		if !bytes.EqualFold(name, []byte("Content-Disposition")) {
			continue
		}
		if found || !d.parse(value, longest) { // of two Content-Dispositions readers use different ones
			return false
		}
		found = true
	}
	return true
}

// cutLine returns the first line of a header with those that continue it, and removes them. A line that begins with a
// blank continues the one before it (RFC 5322, section 2.2.3).
func cutLine(header *[]byte) []byte {
	text := *header
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("\r\n"))
		if i < 0 { // the last line has no line break here
			*header = nil
			return text
		}
		end := from + i
		from = end + len("\r\n")
		if from == len(text) || text[from] != ' ' && text[from] != '\t' {
			*header = text[from:]
			return text[:end]
		}
	}
}

// parse reads the value of Content-Disposition. Only form-data has a name. It returns false where readers could
// disagree on the name.
func (d *disposition) parse(value []byte, longest int) bool {
	kind, rest, more := bytes.Cut(value, []byte{';'})
	if !bytes.EqualFold(bytes.Trim(kind, blanks), []byte("form-data")) { // an attachment, which is not a field
		return true
	}
	named := false
	for more { // one parameter after another, name=value
		rest = bytes.TrimLeft(rest, blanks)
		if len(rest) == 0 {
			return true // a semicolon at the end, which some senders write
		}
		key, after, ok := bytes.Cut(rest, []byte{'='})
		if !ok {
			return false
		}
		var param []byte
		key, rest = bytes.TrimRight(key, blanks), bytes.TrimLeft(after, blanks)
		quoted := len(rest) > 0 && rest[0] == '"'
		if param, rest, more, ok = cutValue(rest, quoted); !ok {
			// A malformed name of a file still shows that the part is a file, see multipart.
			d.file = d.file || hasPrefixFold(key, "filename")
			return false
		}
		switch {
		case !isToken(key):
			return false
		case bytes.EqualFold(key, []byte("name")):
			if named { // name twice: readers use different ones
				return false
			}
			named = true
			d.name = d.unquoted(param, quoted, longest)
		case bytes.EqualFold(key, []byte("filename")):
			if !quoted && len(param) == 0 {
				return false // fails closed: mime/multipart does not read a part that is written so
			}
			d.file = d.file || len(param) > 0
			continue // its syntax does not matter: senders do not always quote the name of a file
		case hasPrefixFold(key, "filename*"):
			d.file = true
		case hasPrefixFold(key, "name*"):
			return false // fails closed: RFC 7578, section 4.2, forbids it, and another reader would use it as the name
		}
		if !quoted && !isToken(param) {
			return false
		}
	}
	return true
}

const blanks = " \t\r\n"

// loneBreak reports whether a value has a CR without an LF, or the reverse. Some readers treat one of them as the end
// of the line.
func loneBreak(value []byte) bool {
	for i, c := range value {
		if c == '\r' && (i+1 == len(value) || value[i+1] != '\n') || c == '\n' && (i == 0 || value[i-1] != '\r') {
			return true
		}
	}
	return false
}

// isToken reports whether a text is a token of RFC 2045, section 5.1, as mime/multipart reads it.
func isToken(text []byte) bool {
	for _, c := range text { // no control characters, blanks, or bytes outside of ASCII
		if c <= ' ' || c >= 0x7f || strings.IndexByte(specials, c) >= 0 {
			return false
		}
	}
	return len(text) > 0
}

// specials are the tspecials of RFC 2045.
const specials = "()<>@,;:\\\"/[]?="

// hasPrefixFold reports whether b begins with prefix, in whatever case.
func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// cutValue returns the value of a parameter without its quotes, and the text after it. more reports whether another
// parameter follows. ok is false for a value that is not closed, or that has text after its quotes.
func cutValue(text []byte, quoted bool) (value, rest []byte, more, ok bool) {
	if !quoted {
		value, rest, more = bytes.Cut(text, []byte{';'})
		value = bytes.TrimRight(value, blanks)
		return value, rest, more, bytes.IndexByte(value, '"') < 0
	}
	text = text[1:]
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			rest = bytes.TrimLeft(text[i+1:], blanks)
			if len(rest) > 0 && rest[0] != ';' {
				return nil, nil, false, false
			}
			return text[:i], rest[min(1, len(rest)):], len(rest) > 0, true
		}
	}
	return nil, nil, false, false
}

// unquoted returns the name without escapes, or nil where it is too long to be a wanted one.
func (d *disposition) unquoted(name []byte, quoted bool, longest int) []byte {
	if !quoted || bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	if len(name) > 2*longest { // an escape has two bytes for one
		return nil
	}
	out := d.room
	for i := 0; i < len(name); i++ {
		// A backslash before any other character stands for itself, as mime does because of Windows paths.
		if name[i] == '\\' && i+1 < len(name) && strings.IndexByte(specials, name[i+1]) >= 0 {
			i++
		}
		out = append(out, name[i])
	}
	return out
}
