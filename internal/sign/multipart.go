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

// multipartCarrier is a multipart form, whose parts keep their order and their headers.
type multipartCarrier struct {
	r     *http.Request
	parts []part
}

type part struct {
	name   string // of a field; empty for a file
	header textproto.MIMEHeader
	value  []byte
}

// openMultipart reads a multipart form, and false where the body is not one.
func openMultipart(r *http.Request, body []byte) (*multipartCarrier, bool, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, false, nil
	}
	form := &multipartCarrier{r: r}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := reader.NextRawPart()
		if err == io.EOF {
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
		if p.FileName() == "" {
			one.name = p.FormName()
		}
		form.parts = append(form.parts, one)
	}
}

func (m *multipartCarrier) get(name string) (string, bool) {
	for i := range m.parts {
		if m.parts[i].name == name {
			return string(m.parts[i].value), true
		}
	}
	return "", false
}

func (m *multipartCarrier) set(name, value string) {
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

func (m *multipartCarrier) id(s *entry.Scheme) string {
	text, _ := m.get(s.ID.Form)
	return text
}

func (m *multipartCarrier) field(p *entry.Part) (string, bool) {
	if _, ok := m.get(p.Text); !ok && !p.Optional {
		m.set(p.Text, madeUp(p))
	}
	return m.get(p.Text)
}

func (m *multipartCarrier) put(s *entry.Scheme, signature, at, id, version string) {
	for _, f := range [...][2]string{
		{s.Timestamp.Form, at}, {s.ID.Form, id}, {s.Signature.Form, signature}, {s.Signature.Version.Form, version},
	} {
		if f[0] != "" {
			m.set(f[0], f[1])
		}
	}
}

func (m *multipartCarrier) with(s *entry.Scheme, signature, at, id, version string) ([]byte, error) {
	m.put(s, signature, at, id, version)
	return m.encoded()
}

// encoded writes the form with the boundary that the request's Content-Type names.
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
