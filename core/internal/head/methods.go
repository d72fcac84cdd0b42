// Package head checks the head of a request: its method, and what its headers say of the body. It also takes tokens out
// of the URL.
package head

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Methods are those that an endpoint takes. They are read only once they are made.
type Methods struct {
	list     []string          // POST first; then what the entry and its handshakes add
	allow    string            // the header Allow
	expected string            // the list in words, with the sender's name
	refused  map[string]string // details by method; never written after New, so that it needs no lock
}

// NewMethods returns the methods of an entry. It makes the details for those that people and health checks use: a flood
// of them allocates no text for each.
func NewMethods(e *entry.Entry) Methods {
	m := Methods{list: append([]string{http.MethodPost}, e.Methods...)}
	for _, h := range e.Handshakes {
		if !slices.Contains(m.list, h.Method) {
			m.list = append(m.list, h.Method)
		}
	}
	m.allow = strings.Join(m.list, ", ")
	m.expected = e.Title + " sends " + strings.Join(m.list, " or ")
	m.refused = map[string]string{}
	for _, method := range [...]string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST"} {
		m.refused[method] = m.detail(method)
	}
	return m
}

// Allow returns the header Allow of a refusal.
func (m *Methods) Allow() string { return m.allow }

// Check refuses every other method. It fails closed: methods differ in case, and "post" is not POST.
func (m *Methods) Check(method string) fault.Failure {
	if slices.Contains(m.list, method) {
		return fault.Failure{}
	}
	text, ok := m.refused[method]
	if !ok {
		text = m.detail(method)
	}
	return fault.New(reason.Method, text)
}

// detail returns the detail of a refused method. A method is a token of the sender's choice, whose characters net/http
// has checked. Its length is bounded here.
func (m *Methods) detail(method string) string {
	const most = 20
	if len(method) > most {
		method = method[:most]
	}
	text := "the request came with " + method + ", and " + m.expected
	if method == http.MethodGet {
		return text + ": a browser, a health check, or a redirect that made a GET of a POST; register the final URL " +
			"at the provider"
	}
	return text + ": see who calls this URL"
}
