package core

import (
	"bytes"
	"mime"
	"net/url"
	"strings"
)

const (
	urlEncoded    = "application/x-www-form-urlencoded"
	multipartForm = "multipart/form-data"
)

// isForm says whether the body is a form, URL-encoded or multipart.
func isForm(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.TrimSpace(t)
	switch len(t) { // most have the length of neither
	case len(urlEncoded):
		return strings.EqualFold(t, urlEncoded)
	case len(multipartForm):
		return strings.EqualFold(t, multipartForm)
	}
	return false
}

// startsJSON says that the body is no form, whatever the Content-Type says: no signature covers that header, and what it
// says must not decide whether an event is remembered.
func startsJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

const maxFormFields = 1000

// formValue finds one field of a form without decoding the others. It says how often the field comes; ok is false where
// the form is malformed or has too many fields. A multipart form is told by its body, in which a line ends: no header
// is asked, because none is signed.
func formValue(body []byte, name string) (value string, count int, ok bool) {
	if boundary, multi := multipartBoundary(body); multi {
		return multipartValue(body, boundary, name)
	}
	for fields := 0; len(body) > 0; fields++ {
		if fields == maxFormFields {
			return "", 0, false
		}
		pair := body
		if i := bytes.IndexByte(body, '&'); i >= 0 {
			pair, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		key, val, _ := bytes.Cut(pair, []byte{'='})
		k, err := url.QueryUnescape(string(key))
		if err != nil {
			return "", 0, false
		}
		if k != name {
			continue
		}
		if count++; count > 1 {
			continue
		}
		if value, err = url.QueryUnescape(string(val)); err != nil {
			return "", 0, false
		}
	}
	return value, count, true
}

// badContentType recognises what two readers of the body would read differently: a second Content-Type, and
// encodings of text other than UTF-8.
func badContentType(values []string) bool {
	switch len(values) {
	case 0:
		return false
	case 1:
	default:
		return true
	}
	switch values[0] { // what nearly all send, which needs no parser
	case "application/json", "application/json; charset=utf-8", urlEncoded:
		return false
	}
	if len(values[0]) > 1024 {
		return true
	}
	_, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		// A type nobody can parse is not refused for that alone: what matters is the charset.
		rest := strings.ReplaceAll(strings.ToLower(values[0]), "charset=utf-8", "")
		return strings.Contains(rest, "charset") || strings.Contains(rest, ",")
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return false
	default:
		return true
	}
}
