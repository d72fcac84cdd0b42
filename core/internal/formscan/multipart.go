package formscan

import (
	"bytes"
	"strings"
)

// This scanner takes the place of mime/multipart for what is not proved, because that cannot be bounded from outside:
// it reads up to 10,000 headers of a part, of any length, and mime.ParseMediaType joins parameters that are continued
// ("name*0=a;name*1=a") in time and memory that grow with their square. Here a part has one bounded header, and the
// names of fields are written as RFC 7578 demands. What both read, both read alike: a fuzz test compares them.

// Boundary reads the boundary of a multipart form from its first line. A URL-encoded form holds no line break.
func Boundary(body []byte) (boundary []byte, ok bool) {
	line, _, ok := bytes.Cut(body[:min(len(body), 80)], []byte("\r\n"))
	boundary, dashes := bytes.CutPrefix(line, []byte("--"))
	if !ok || !dashes || len(boundary) == 0 || len(boundary) > 70 { // RFC 2046, section 5.1.1
		return nil, false
	}
	return boundary, true
}

// multipart scans a multipart form. A field is a part without a file's name.
func (n *Names) multipart(body, boundary []byte, out []Field, strict bool) error {
	var room [80]byte
	var unquoted [128]byte
	delimiter := append(append(room[:0], "\r\n--"...), boundary...)
	rest := body[len(delimiter)-len("\r\n"):] // behind the first one
	for parts := 0; ; parts++ {
		var last, ok bool
		if rest, last, ok = behindDelimiter(rest); !ok {
			return ErrMalformed
		}
		if last {
			return nil
		}
		if strict && parts == MaxFields {
			return ErrTooLarge
		}
		header, content, err := cutHeader(rest, strict)
		if err != nil {
			return err
		}
		// The line break that ends an empty content may be the one that ends the header.
		end := findDelimiter(content, delimiter)
		if end < 0 {
			return ErrMalformed
		}
		value := content[min(len("\r\n"), end):end]
		d := disposition{room: unquoted[:0]}
		if !d.read(header, n.longest) {
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

// behindDelimiter reads the end of a delimiter's line. last is that of the form's end, behind which anything may stand.
func behindDelimiter(text []byte) (rest []byte, last, ok bool) {
	text, last = bytes.CutPrefix(text, []byte("--"))
	text = bytes.TrimLeft(text, " \t")
	if last && len(text) == 0 {
		return nil, true, true
	}
	rest, ok = bytes.CutPrefix(text, []byte("\r\n"))
	return rest, last, ok
}

// cutHeader cuts the header off a part. content begins with the line break that ends the header.
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

// findDelimiter finds the next delimiter. What only begins like one belongs to the content.
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

// disposition is what the header of a part says of it.
type disposition struct {
	name []byte
	file bool   // it names a file
	room []byte // for a name with escapes
}

// read reads a header. It returns false where two readers could find different names in it.
func (d *disposition) read(header []byte, longest int) bool {
	found := false
	for len(header) > 0 {
		line := cutLine(&header)
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || len(name) == 0 || bytes.ContainsAny(name, blanks) || bareBreak(value) {
			return false
		}
		if !bytes.EqualFold(name, []byte("Content-Disposition")) {
			continue
		}
		if found || !d.parse(value, longest) {
			return false
		}
		found = true
	}
	return true
}

// cutLine cuts a line off a header, with those that continue it.
func cutLine(header *[]byte) []byte {
	text := *header
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("\r\n"))
		if i < 0 {
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

// parse reads the value of Content-Disposition. Only form-data has a name.
func (d *disposition) parse(value []byte, longest int) bool {
	kind, rest, more := bytes.Cut(value, []byte{';'})
	if !bytes.EqualFold(bytes.Trim(kind, blanks), []byte("form-data")) {
		return true
	}
	named := false
	for more {
		rest = bytes.TrimLeft(rest, blanks)
		if len(rest) == 0 {
			return true // a semicolon too many
		}
		key, after, ok := bytes.Cut(rest, []byte{'='})
		if !ok {
			return false
		}
		var param []byte
		key, rest = bytes.TrimRight(key, blanks), bytes.TrimLeft(after, blanks)
		quoted := len(rest) > 0 && rest[0] == '"'
		if param, rest, more, ok = cutValue(rest, quoted); !ok {
			d.file = d.file || hasPrefixFold(key, "filename")
			return false
		}
		switch {
		case !isToken(key):
			return false
		case bytes.EqualFold(key, []byte("name")):
			if named {
				return false
			}
			named = true
			d.name = d.unquoted(param, quoted, longest)
		case bytes.EqualFold(key, []byte("filename")):
			d.file = d.file || len(param) > 0
			continue // senders do not always quote what a file is called
		case hasPrefixFold(key, "filename*"):
			d.file = true
		case hasPrefixFold(key, "name*"):
			return false // RFC 7578 forbids it, and another reader would take it for the name
		}
		if !quoted && !isToken(param) {
			return false
		}
	}
	return true
}

const blanks = " \t\r\n"

// bareBreak reports whether a value holds a line break other than those of lines that continue it.
func bareBreak(value []byte) bool {
	for i, c := range value {
		if c == '\r' && (i+1 == len(value) || value[i+1] != '\n') || c == '\n' && (i == 0 || value[i-1] != '\r') {
			return true
		}
	}
	return false
}

// isToken reports whether a text is a token of RFC 2045, section 5.1, as mime/multipart reads it.
func isToken(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(specials, c) >= 0 {
			return false
		}
	}
	return len(text) > 0
}

const specials = "()<>@,;:\\\"/[]?="

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// cutValue cuts the value of a parameter off, without its quotes. more says that another parameter follows.
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

// unquoted returns the name, or nothing where it is longer than any that is wanted.
func (d *disposition) unquoted(name []byte, quoted bool, longest int) []byte {
	if !quoted || bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	if len(name) > 2*longest {
		return nil
	}
	out := d.room
	for i := 0; i < len(name); i++ {
		// A backslash before anything else stands for itself, as in a path of Windows.
		if name[i] == '\\' && i+1 < len(name) && strings.IndexByte(specials, name[i+1]) >= 0 {
			i++
		}
		out = append(out, name[i])
	}
	return out
}
