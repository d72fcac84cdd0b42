package sign

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// multipartCarrier is a multipart form. Its parts keep their order and their headers.
type multipartCarrier struct {
	r     *http.Request // for the boundary in its Content-Type
	parts []part
}

// part is a field or a file of a form.
type part struct {
	name   string // of a field; empty for a file
	header textproto.MIMEHeader
	value  []byte
}

// openMultipart reads a multipart form. It returns false where the Content-Type names another kind of body.
func openMultipart(r *http.Request, body []byte) (*multipartCarrier, bool, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, false, nil
	}
	form := &multipartCarrier{r: r}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		// Raw: the bytes of a file must not change.
		p, err := reader.NextRawPart()
		if err == io.EOF { // after the last boundary
			return form, true, nil
		}
		if err != nil {
			return nil, true, err
		}
		value, err := io.ReadAll(p)
		if err != nil {
			return nil, true, err
		}
		one := part{header: p.Header, value: value}
		if p.FileName() == "" { // a file is not a field
			one.name = p.FormName()
		}
		form.parts = append(form.parts, one)
	}
}

// get returns the first field with a name.
func (m *multipartCarrier) get(name string) (string, bool) {
	for i := range m.parts {
		if m.parts[i].name == name {
			return string(m.parts[i].value), true
		}
	}
	return "", false
}

// setField replaces the first field with a name, or adds one at the end.
func (m *multipartCarrier) setField(name, value string) {
	for i := range m.parts {
		if m.parts[i].name == name {
			m.parts[i].value = []byte(value)
			return
		}
	}
	disposition := mime.FormatMediaType("form-data", map[string]string{"name": name})
	m.parts = append(m.parts, part{
		name: name, value: []byte(value), header: textproto.MIMEHeader{"Content-Disposition": {disposition}},
	})
}

// id implements carrier.
func (m *multipartCarrier) id(s *entry.Scheme) string {
	text, _ := m.get(s.ID.Form)
	return text
}

// field implements carrier.
func (m *multipartCarrier) field(p *entry.Part) (string, bool) {
	if _, ok := m.get(p.Text); !ok && !p.Optional {
		m.setField(p.Text, madeUp(p))
	}
	return m.get(p.Text)
}

// set implements carrier. The order is fixed, so that equal requests have equal bodies.
func (m *multipartCarrier) set(s *entry.Scheme, signature, at, id, version string) {
	for _, f := range [...][2]string{
		{s.Timestamp.Form, at}, {s.ID.Form, id}, {s.Signature.Form, signature}, {s.Signature.Version.Form, version},
	} {
		if f[0] != "" {
			m.setField(f[0], f[1])
		}
	}
}

func (m *multipartCarrier) with(s *entry.Scheme, signature, at, id, version string) ([]byte, error) {
	m.set(s, signature, at, id, version)
	return m.encoded()
}

// encoded returns the form, with the boundary that the request's Content-Type names.
func (m *multipartCarrier) encoded() ([]byte, error) {
	_, params, err := mime.ParseMediaType(m.r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary(params["boundary"]); err != nil {
		return nil, err
	}
	for _, p := range m.parts {
		to, err := w.CreatePart(p.header)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(p.value); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}
