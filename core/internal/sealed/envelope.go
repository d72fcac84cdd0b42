package sealed

import (
	"bytes"
	"strings"
)

// Element returns the text of a child of the one element that a flat XML document is, without decoding the document:
//
//	<xml><ToUserName><![CDATA[id]]></ToUserName><Encrypt><![CDATA[text]]></Encrypt></xml>
//
// The document is not proved yet. So it fails closed on everything that such an envelope does not have, and that
// readers could understand in different ways: attributes, nesting, entities, comments, declarations, a name that comes
// twice, text behind the document. Its work is linear.
func Element(doc []byte, name string) (text string, ok bool) {
	r := xmlReader{rest: doc}
	r.space()
	root, ok := r.open()
	if !ok {
		return "", false
	}
	found := false
	for {
		r.space()
		if r.take("</" + root + ">") {
			r.space()
			return text, found && len(r.rest) == 0
		}
		child, ok := r.open()
		if !ok {
			return "", false
		}
		value, ok := r.text()
		if !ok || !r.take("</"+child+">") {
			return "", false
		}
		if !strings.EqualFold(child, name) {
			continue
		}
		// A second one, also in another case: another reader could use that.
		if found || child != name {
			return "", false
		}
		text, found = value, true
	}
}

// xmlReader reads the little XML that an envelope has.
type xmlReader struct{ rest []byte }

func (r *xmlReader) space() { r.rest = bytes.TrimLeft(r.rest, " \t\r\n") }

func (r *xmlReader) take(text string) bool {
	rest, ok := bytes.CutPrefix(r.rest, []byte(text))
	r.rest = rest
	return ok
}

// maxElementName is the longest name of an element, in bytes.
const maxElementName = 64

// open reads a start tag without attributes.
func (r *xmlReader) open() (name string, ok bool) {
	if !r.take("<") {
		return "", false
	}
	end := bytes.IndexByte(r.rest[:min(len(r.rest), maxElementName+1)], '>')
	if end <= 0 {
		return "", false
	}
	name = string(r.rest[:end])
	for i := range len(name) {
		c := name[i] | 0x20
		if c < 'a' || c > 'z' { // letters of ASCII, as all of these names have
			return "", false
		}
	}
	r.rest = r.rest[end+1:]
	return name, true
}

// text reads one CDATA section, or plain text.
func (r *xmlReader) text() (text string, ok bool) {
	if r.take("<![CDATA[") {
		end := bytes.Index(r.rest, []byte("]]>"))
		if end < 0 {
			return "", false
		}
		text, r.rest = string(r.rest[:end]), r.rest[end+len("]]>"):]
		return text, true
	}
	end := bytes.IndexAny(r.rest, "<&>")
	if end < 0 || r.rest[end] != '<' {
		return "", false
	}
	text, r.rest = string(r.rest[:end]), r.rest[end:]
	return text, true
}
