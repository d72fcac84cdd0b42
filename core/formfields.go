package core

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// formField is one decoded field of a form.
type formField struct{ name, value string }

// readSortedForm decodes and sorts every field of a form that is signed field by field. What is no form is covered by
// the URL's digest of it, or by nothing.
func (v *verifier) readSortedForm(form bool, body []byte, p *presented) failure {
	p.form = nil
	if _, multi := multipartBoundary(body); !form || multi {
		if len(body) > 0 && v.scheme.BodySHA256 == "" {
			return failure{ReasonMissingSignature, "the body is no form, and the signature covers a form's fields"}
		}
		return failure{}
	}
	fields, ok := sortedForm(body, v.sortedForm.Repeats)
	if !ok {
		return failure{ReasonMalformedSignature, "the form in the body is malformed, has too many fields, or repeats one"}
	}
	p.form = fields
	return failure{}
}

// sortedForm gives the fields of a URL-encoded form sorted by name, and those of one name by value.
func sortedForm(body []byte, repeats entry.Repeats) (fields []formField, ok bool) {
	for len(body) > 0 {
		pair := body
		if i := bytes.IndexByte(body, '&'); i >= 0 {
			pair, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		if len(pair) == 0 {
			continue
		}
		if len(fields) == maxFormFields {
			return nil, false
		}
		key, val, _ := bytes.Cut(pair, []byte{'='})
		name, err := url.QueryUnescape(string(key))
		if err != nil {
			return nil, false
		}
		value, err := url.QueryUnescape(string(val))
		if err != nil {
			return nil, false
		}
		fields = append(fields, formField{name, value})
	}
	slices.SortFunc(fields, func(a, b formField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	switch repeats {
	case entry.RepeatsSorted:
	case entry.RepeatsOnce:
		fields = slices.Compact(fields)
	default:
		for i := 1; i < len(fields); i++ {
			if fields[i].name == fields[i-1].name {
				return nil, false
			}
		}
	}
	return fields, true
}

// multipartBoundary reads the boundary of a multipart form from its first line. A URL-encoded form holds no line break.
func multipartBoundary(body []byte) (string, bool) {
	line, _, ok := bytes.Cut(body[:min(len(body), 80)], []byte("\r\n"))
	boundary, dashes := bytes.CutPrefix(line, []byte("--"))
	if !ok || !dashes || len(boundary) == 0 || len(boundary) > 70 { // RFC 2046, section 5.1.1
		return "", false
	}
	return string(boundary), true
}

// multipartValue finds one field, which is a part without a file name, of a multipart form.
func multipartValue(body []byte, boundary, name string) (value string, count int, ok bool) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFormFields {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return value, count, true
		}
		if err != nil {
			return "", 0, false
		}
		if part.FormName() != name || part.FileName() != "" {
			continue
		}
		if count++; count > 1 {
			continue
		}
		text, err := io.ReadAll(part) // within the body, which is bounded
		if err != nil {
			return "", 0, false
		}
		value = string(text)
	}
	return "", 0, false
}
