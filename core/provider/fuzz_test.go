package provider_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// fuzzed makes a request of what a fuzzer gives; nil where no server would hand it over. Each line of heads is a
// header.
func fuzzed(method, query, heads string, body []byte) *http.Request {
	if strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }) {
		return nil
	}
	r := httptest.NewRequest(method, everyURL, bytes.NewReader(body))
	r.URL.RawQuery, r.RequestURI = query, "/hooks?"+query
	for line := range strings.Lines(heads) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name != "" {
			r.Header.Add(name, strings.Trim(value, " \t"))
		}
	}
	return r
}

// FuzzEverySender goes through the handshakes and the readers of events of every entry: nothing panics, nothing that is
// not proved is a delivery, and what is proved can be read.
func FuzzEverySender(f *testing.F) {
	now := time.Unix(ownTime, 0)
	senders := everySender(f)
	guards := make([]*core.Guard, len(senders))
	for i := range senders {
		guards[i] = senders[i].guard(f, now)
		f.Add(uint16(i), "POST", "", "Content-Type: application/json", []byte(senders[i].body()))
		e := senders[i].entry
		for n := range e.Handshakes {
			h := &e.Handshakes[n]
			text := `{"challenge":"abc"}`
			if name := strings.TrimPrefix(h.WhenJSON, "/"); name != "" && !strings.Contains(name, "/") {
				text = `{"` + name + `":"` + h.WhenEquals + `","` + strings.TrimPrefix(h.EchoJSON, "/") + `":"abc"}`
			}
			f.Add(uint16(i), h.Method, h.WhenQuery+"=abc&"+h.EchoQuery+"=abc", h.WhenHeader+": abc", []byte(text))
		}
	}
	f.Add(uint16(1), "GET", "challenge=%ff", "X: \x01\nX-Signature: ,,,=,t=", []byte("a=%zz&&=\x00"))
	f.Fuzz(func(t *testing.T, which uint16, method, query, heads string, body []byte) {
		n := int(which) % len(senders)
		s := &senders[n]
		switch method {
		case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions:
		default:
			method = http.MethodPost
		}
		r := fuzzed(method, query, heads, body)
		if r == nil {
			return
		}
		if d, _ := guards[n].Receive(httptest.NewRecorder(), r, adapter.Inbound{}); d != nil {
			t.Fatalf("%s: an unproved request is a delivery", s.name)
		}
		r = fuzzed(method, query, heads, body)
		if webhooktest.Sign(r, s.provider, s.signs(1), now) != nil {
			return // such a body has no place for the signature
		}
		d, _ := guards[n].Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		if d == nil {
			return
		}
		for i, e := range d.Events() {
			if i > 0 && s.entry.Batch == nil {
				t.Fatalf("%s: %d events of what is one", s.name, len(d.Events()))
			}
			if s.entry.Identity.Kind == 0 && len(s.entry.Identity.Apart) == 0 && len(e.Payload) > 0 &&
				e.Identity.IsZero() && !s.entry.Identity.NoneForForms && !s.entry.Identity.NoneForSingles {
				t.Fatalf("%s: event %d is remembered by nothing", s.name, i)
			}
		}
	})
}
