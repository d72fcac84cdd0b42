package email

import (
	"bytes"
	"io"
	"mime/multipart"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// maxFields is how many fields of a form are read. Mailgun sends one for each header of a message.
const maxFields = 10_000

// maxDisposition is how long the header of a field may be.
const maxDisposition = 8 << 10

// form is a form's fields in order: first to last as sent, without files.
type form struct {
	names  []string // each once
	values map[string][]string
}

// readForm reads a form of either encoding. What is malformed ends it.
func readForm(body []byte) form {
	f := form{values: map[string][]string{}}
	if boundary, ok := formscan.Boundary(body); ok {
		f.readMultipart(body, string(boundary))
		return f
	}
	n := 0
	formscan.Each(body, func(name, value []byte) bool {
		key, named := formscan.Unescape(name)
		text, ok := formscan.Unescape(value)
		if named && ok {
			f.add(string(key), string(text))
		}
		n++
		return n < maxFields
	})
	return f
}

func (f *form) readMultipart(body []byte, boundary string) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		part, err := r.NextRawPart()
		if err != nil {
			return
		}
		// Package mime joins the pieces of a continued parameter in time that grows with their square.
		if len(part.Header.Get("Content-Disposition")) > maxDisposition {
			continue
		}
		if part.FormName() == "" || part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part) // no longer than the body
		if err != nil {
			return
		}
		f.add(part.FormName(), string(value))
	}
}

func (f *form) add(name, value string) {
	if _, known := f.values[name]; !known {
		f.names = append(f.names, name)
	}
	f.values[name] = append(f.values[name], value)
}

// first returns the first value of the first of the fields that is there.
func (f *form) first(names ...string) (string, bool) {
	for _, name := range names {
		if values := f.values[name]; len(values) > 0 {
			return values[0], true
		}
	}
	return "", false
}

// last returns the last value of a field.
func (f *form) last(name string) (string, bool) {
	values := f.values[name]
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

func (f *form) has(name string) bool { return len(f.values[name]) > 0 }
