package adaptertest_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// sampleForms are ways to write one event. What a sender's client, or a proxy that the sender uses, makes of it must
// not lose it.
func sampleForms() map[string]func(r *http.Request, body []byte) []byte {
	asJSON := func(change func(body []byte) []byte) func(*http.Request, []byte) []byte {
		return func(_ *http.Request, body []byte) []byte {
			if len(body) == 0 || body[0] != '{' && body[0] != '[' {
				return body
			}
			return change(body)
		}
	}
	around := func(before, after string) func(*http.Request, []byte) []byte {
		return asJSON(func(body []byte) []byte { return []byte(before + string(body) + after) })
	}
	return map[string]func(*http.Request, []byte) []byte{
		"as it comes": func(_ *http.Request, body []byte) []byte { return body },
		"a charset": func(r *http.Request, body []byte) []byte {
			if kind := r.Header.Get("Content-Type"); !strings.Contains(kind, ";") {
				r.Header.Set("Content-Type", kind+"; charset=utf-8")
			}
			return body
		},
		"a content type in upper case": func(r *http.Request, body []byte) []byte {
			if kind := r.Header.Get("Content-Type"); !strings.Contains(kind, ";") {
				r.Header.Set("Content-Type", strings.ToUpper(kind))
			}
			return body
		},
		"another content type of JSON": func(r *http.Request, body []byte) []byte {
			if r.Header.Get("Content-Type") == "application/json" {
				r.Header.Set("Content-Type", "application/vnd.sender.event+json")
			}
			return body
		},
		"no content type": func(r *http.Request, body []byte) []byte {
			if r.Header.Get("Content-Type") == "application/json" {
				r.Header.Del("Content-Type")
			}
			return body
		},
		"a byte order mark":     around("\ufeff", ""),
		"a line end behind":     around("", "\n"),
		"a line end of Windows": around("", "\r\n"),
		"blanks in front":       around("\n  ", ""),
		"a blank behind each name": asJSON(func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`":`), []byte(`": `))
		}),
	}
}

// TestEverySampleIsReceivedInEveryForm: an event runs, and keeps its type, however its client writes it.
func TestEverySampleIsReceivedInEveryForm(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, c := range catalogue.All() {
		e, err := entry.Of(c.Sample())
		require.NoError(t, err)
		if len(webhooktest.Samples(c.Sample())) == 0 {
			continue
		}
		tried++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			keys := newKeys(c.Sample(), e)
			for name, change := range sampleForms() {
				for n, sample := range webhooktest.Samples(c.Sample()) {
					if refuses(e, name) {
						continue
					}
					var types []string
					config := core.Config{
						Endpoint: "forms", Provider: c.Sample(), Replay: memstore.New(), Now: lifeNow,
						StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
						Secrets: secrets.Static(keys.configured), PublicURL: registered(c),
					}
					app := routed(t, "http", config, func(e core.Event) { types = append(types, e.Type) })
					w := httptest.NewRecorder()
					app.ServeHTTP(w, sampleIn(t, c.Sample(), keys.signing, sample, change))
					require.Equal(t, http.StatusOK, w.Code, "%s of sample %d: %s", name, n, w.Body)
					require.NotEmpty(t, types, "%s of sample %d", name, n)
					require.Equal(t, sample.Type, types[0], "%s of sample %d", name, n)
				}
			}
		})
	}
	require.Greater(t, tried, 80)
}

// refuses reports whether the scheme demands that the first byte of a body is its JSON's: where nothing else ends the
// text that is signed before it. A byte order mark is refused as well where the body holds its own proof, because it is
// read before it is proved.
func refuses(e *entry.Entry, form string) bool {
	s := e.Scheme
	switch {
	case form != "a byte order mark" && form != "blanks in front":
		return false
	case e.Event.Sealed != nil:
		return true // it would stand in the ciphertext, whose first byte says that it is an event
	case s == nil:
		return form == "a byte order mark" && e.Credential.Kind == entry.BodyToken
	}
	if s.Custom != nil { // the proof of some is the body
		return form == "a byte order mark" && strings.Contains(s.Custom.Traits().Proof, "in the body")
	}
	begins := func(p entry.Part) bool { return p.Kind == entry.PartBody && p.Grammar != 0 }
	if s.Boundary().JSON || slices.ContainsFunc(s.Signed, begins) {
		return true
	}
	return form == "a byte order mark" && (s.Signature.JSON != "" || s.Timestamp.JSON != "" || s.Items != "")
}

func sampleIn(t *testing.T, p core.Provider, key string, sample webhooktest.Sample,
	change func(*http.Request, []byte) []byte,
) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", nil)
	for name, values := range sample.Header {
		r.Header[name] = append([]string(nil), values...)
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	setBodyTo(r, string(change(r, bytes.Clone(sample.Body))))
	require.NoError(t, webhooktest.Sign(r, p, key, lifeNow()))
	return r
}
