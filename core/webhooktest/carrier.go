package webhooktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/entry"
)

// carrier is a body that carries its own signature.
type carrier interface {
	id(s *entry.Scheme) string // the signed id that is there already; may be empty
	with(s *entry.Scheme, signature, at, id string) ([]byte, error)
}

func (s *signer) openBody() (carrier, error) {
	if isForm(s.r) {
		form, err := url.ParseQuery(string(s.body))
		return formCarrier(form), err
	}
	doc := jsonCarrier{}
	if len(s.body) == 0 {
		return doc, nil
	}
	d := json.NewDecoder(bytes.NewReader(s.body))
	d.UseNumber() // a float would change long numbers
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("webhooktest: the body is not a JSON object that could carry the signature: %w", err)
	}
	return doc, nil
}

func isForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

type formCarrier url.Values

func (f formCarrier) id(s *entry.Scheme) string { return url.Values(f).Get(s.ID.Form) }

func (f formCarrier) with(s *entry.Scheme, signature, at, id string) ([]byte, error) {
	form := url.Values(f)
	for name, value := range map[string]string{s.Signature.Form: signature, s.Timestamp.Form: at, s.ID.Form: id} {
		if name != "" {
			form.Set(name, value)
		}
	}
	return []byte(form.Encode()), nil
}

type jsonCarrier map[string]any

// parent finds the object that holds the pointer's last member, and makes it where it is missing.
func (j jsonCarrier) parent(pointer string) (object map[string]any, member string) {
	object = j
	parts := strings.Split(pointer, "/")[1:]
	for _, name := range parts[:len(parts)-1] {
		next, ok := object[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			object[name] = next
		}
		object = next
	}
	return object, parts[len(parts)-1]
}

func (j jsonCarrier) id(s *entry.Scheme) string {
	if s.ID.JSON == "" {
		return ""
	}
	object, member := j.parent(s.ID.JSON)
	text, _ := object[member].(string)
	return text
}

func (j jsonCarrier) with(s *entry.Scheme, signature, at, id string) ([]byte, error) {
	for pointer, value := range map[string]string{s.Signature.JSON: signature, s.Timestamp.JSON: at, s.ID.JSON: id} {
		if pointer != "" {
			object, member := j.parent(pointer)
			object[member] = value
		}
	}
	return json.Marshal(j)
}
