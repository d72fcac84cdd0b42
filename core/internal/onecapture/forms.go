package onecapture

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
)

// forms changes a body that is a form.
func forms(l *changes) {
	s := l.source
	if !s.isForm() {
		return
	}
	text := string(s.Body)
	l.begin("form", false)
	editPairs(l, "the form", text, func(c *Capture, text string) { c.Body = []byte(text) })
	l.begin("form as another kind", false)
	l.add("the form comes as multipart", func() *Capture { return asMultipart(s, "") })
	l.add("the form comes as multipart whose fields are files", func() *Capture { return asMultipart(s, "a.txt") })
	l.add("the form comes as JSON", func() *Capture { return asJSON(s) })
	for _, p := range split(text) {
		value, err := url.QueryUnescape(p.value)
		if err != nil {
			continue
		}
		l.edit("the form's "+p.name+" is the whole body", func(c *Capture) { c.Body = []byte(value) })
		l.edit("the form's "+p.name+" is the whole body, as JSON", func(c *Capture) {
			c.Body = []byte(value)
			c.Header.Set("Content-Type", "application/json")
		})
		l.edit("the form's "+p.name+" moves into the query", func(c *Capture) {
			c.setQuery(strings.TrimPrefix(c.query()+"&"+p.text(), "&"))
			c.Body = []byte(joined(slices.DeleteFunc(split(text), func(q pair) bool { return q == p })))
		})
	}
}

func asMultipart(s *Source, file string) *Capture {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if w.SetBoundary("onecapture") != nil {
		return nil
	}
	for _, p := range split(string(s.Body)) {
		name, err := url.QueryUnescape(p.name)
		value, err2 := url.QueryUnescape(p.value)
		if err != nil || err2 != nil {
			return nil
		}
		if file != "" {
			part, err := w.CreateFormFile(name, file)
			if err != nil {
				return nil
			}
			_, _ = part.Write([]byte(value))
		} else if w.WriteField(name, value) != nil {
			return nil
		}
	}
	if w.Close() != nil {
		return nil
	}
	c := s.Clone()
	c.Body = b.Bytes()
	c.Header.Set("Content-Type", w.FormDataContentType())
	return c
}

func asJSON(s *Source) *Capture {
	values, err := url.ParseQuery(string(s.Body))
	if err != nil {
		return nil
	}
	object := map[string]string{}
	for name := range values {
		object[name] = values.Get(name)
	}
	c := s.Clone()
	if c.Body, err = json.Marshal(object); err != nil {
		return nil
	}
	c.Header.Set("Content-Type", "application/json")
	return c
}

// bodies changes a body as a whole, whatever it is.
func bodies(l *changes) {
	body := l.source.Body
	l.begin("body", false)
	for _, b := range []struct{ name, text string }{
		{"the body is empty", ""}, {"the body has a byte order mark", "\xef\xbb\xbf" + string(body)},
		{"the body ends in a line feed", string(body) + "\n"}, {"the body ends in a space", string(body) + " "},
		{"the body begins with a space", " " + string(body)}, {"the body is {}", "{}"},
		{"the body has no blank at its ends", strings.TrimSpace(string(body))},
		{"something follows the body", string(body) + "{}"}, {"a zero byte follows the body", string(body) + "\x00"},
		{"the body comes twice", string(body) + string(body)},
		{"the body is in a list", "[" + string(body) + "]"}, {"the body is in an object", `{"a":` + string(body) + "}"},
	} {
		if b.text != string(body) {
			l.edit(b.name, func(c *Capture) { c.Body = []byte(b.text) })
		}
	}
	if !l.source.isForm() {
		l.begin("form as another kind", false)
		l.edit("the body comes in a form's field", func(c *Capture) {
			name := cmp.Or(l.source.Entry.Event.PayloadForm, "payload")
			c.Body = []byte(url.Values{name: {string(c.Body)}}.Encode())
			c.Header.Set("Content-Type", formType)
		})
	}
}
