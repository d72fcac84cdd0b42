package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// carrier is a body, or an item of one, that carries its own signature: a JSON object or a form of either kind.
type carrier interface {
	// id returns the signed id that the test has set, or "".
	id(s *entry.Scheme) string
	// field returns a signed value. It makes one up where the value is missing and not optional.
	field(p *entry.Part) (text string, present bool)
	// set writes the signature, the timestamp, the id and the version to where the scheme has them in the body.
	set(s *entry.Scheme, signature, at, id, version string)
	// with returns the body with that signature. The carrier keeps it.
	with(s *entry.Scheme, signature, at, id, version string) ([]byte, error)
	// encoded returns the body to send.
	encoded() ([]byte, error)
}

// openBody reads the body as the form or the JSON object that carries the signature. An empty body is an empty object.
func (s *signer) openBody() (carrier, error) {
	if isForm(s.r) { // by its Content-Type
		form, err := url.ParseQuery(string(s.body))
		return formCarrier(form), err
	}
	if form, ok, err := openMultipart(s.r, s.body); ok {
		return form, err
	}
	doc := jsonCarrier{}
	if len(s.body) == 0 { // every member is made up
		return doc, nil
	}
	d := json.NewDecoder(bytes.NewReader(s.body))
	d.UseNumber() // a float would change long numbers
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("webhooktest: the body is not a JSON object that could carry the signature: %w", err)
	}
	if doc == nil { // "null" is valid JSON
		return nil, errors.New("webhooktest: the body is null, which cannot carry the signature")
	}
	return doc, nil
}

// formCarrier is a URL-encoded form.
type formCarrier url.Values

func (f formCarrier) id(s *entry.Scheme) string { return url.Values(f).Get(s.ID.Form) }

// field implements carrier. Of a field that comes twice it signs the first value. A guard refuses such a form.
func (f formCarrier) field(p *entry.Part) (string, bool) {
	if form := url.Values(f); !form.Has(p.Text) && !p.Optional {
		form.Set(p.Text, madeUp(p))
	}
	return url.Values(f).Get(p.Text), url.Values(f).Has(p.Text)
}

// set implements carrier. Parts that the scheme has elsewhere have an empty name here.
func (f formCarrier) set(s *entry.Scheme, signature, at, id, version string) {
	for name, value := range map[string]string{s.Signature.Form: signature, s.Timestamp.Form: at, s.ID.Form: id,
		s.Signature.Version.Form: version} {
		if name != "" {
			url.Values(f).Set(name, value)
		}
	}
}

func (f formCarrier) with(s *entry.Scheme, signature, at, id, version string) ([]byte, error) {
	f.set(s, signature, at, id, version)
	return f.encoded()
}

func (f formCarrier) encoded() ([]byte, error) { return []byte(url.Values(f).Encode()), nil }

// jsonCarrier is a JSON object. Its members are written in sorted order, because a map has none.
type jsonCarrier map[string]any

// parent returns the object with the pointer's last member, and the name of that member. It makes the objects on the
// way where they are missing. The pointer must have no escapes.
func (j jsonCarrier) parent(pointer string) (object map[string]any, member string) {
	object = j
	parts := strings.Split(pointer, "/")[1:]
	for _, name := range parts[:len(parts)-1] {
		next, ok := object[name].(map[string]any)
		if !ok { // absent, or not an object
			next = map[string]any{}
			object[name] = next
		}
		object = next
	}
	return object, parts[len(parts)-1]
}

// id implements carrier.
func (j jsonCarrier) id(s *entry.Scheme) string {
	if s.ID.JSON == "" {
		return ""
	}
	object, member := j.parent(s.ID.JSON)
	text, _ := object[member].(string)
	return text
}

// field implements carrier. The text of a value is signed, whatever its type is.
func (j jsonCarrier) field(p *entry.Part) (string, bool) {
	object, member := j.parent(p.Text)
	switch value := object[member].(type) {
	case nil: // absent, or null
		if p.Optional {
			return "", false
		}
		object[member] = madeUp(p)
		return madeUp(p), true
	case string: // unescaped
		return value, true
	default:
		return fmt.Sprint(value), true // a number as it was written, true or false
	}
}

// set implements carrier. Parts that the scheme has elsewhere have an empty pointer here.
func (j jsonCarrier) set(s *entry.Scheme, signature, at, id, version string) {
	for pointer, value := range map[string]string{s.Signature.JSON: signature, s.Timestamp.JSON: at, s.ID.JSON: id,
		s.Signature.Version.JSON: version} {
		if pointer != "" {
			object, member := j.parent(pointer)
			object[member] = value
		}
	}
}

func (j jsonCarrier) with(s *entry.Scheme, signature, at, id, version string) ([]byte, error) {
	j.set(s, signature, at, id, version)
	return j.encoded()
}

func (j jsonCarrier) encoded() ([]byte, error) { return json.Marshal(j) }
