package adaptertest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// handshake is one handshake of the catalogue, with an endpoint that is asked. Tests change its request and sign it
// again, as only the sender could.
type handshake struct {
	senderKeys
	entry     *entry.Entry
	data      *entry.Handshake
	step      webhooktest.Setup
	provider  core.Provider
	challenge string // as the sender's own code chose it; empty: it brings none

	catalogue catalogue.Entry
	router    string
	app       http.Handler
	guard     *core.Guard
	runs      atomic.Int32
	last      atomic.Pointer[core.Record]
	why       reason.Reason // of the last request
}

// everyHandshake runs a test for each handshake that the catalogue has, through net/http and Gin. None is listed
// anywhere: a new entry's handshakes are among them.
func everyHandshake(t *testing.T, test func(t *testing.T, h *handshake)) {
	t.Helper()
	asked := 0
	for _, c := range catalogue.All() {
		e, err := entry.Of(c.Sample())
		require.NoError(t, err)
		if len(e.Handshakes) == 0 {
			continue
		}
		keys := newKeys(c.Sample(), e) // made once: keys of RSA take long
		for n := range e.Handshakes {
			asked++
			for _, router := range []string{"http", "gin"} {
				t.Run(c.Name+"/"+strconv.Itoa(n)+"/"+router, func(t *testing.T) {
					t.Parallel()
					test(t, newHandshake(t, c, n, router, keys))
				})
			}
		}
	}
	require.Greater(t, asked, 40)
}

// senderKeys are what signs and verifies for one entry.
type senderKeys struct {
	sender              *webhooktest.Sender
	configured, signing string
}

func newKeys(p core.Provider, e *entry.Entry) senderKeys {
	k := senderKeys{sender: webhooktest.NewSender(p)}
	k.sender.Now = func() time.Time { return time.Unix(lifeTime, 0) }
	k.configured, k.signing = k.sender.Secret(), k.sender.Secret()
	if s := e.Scheme; s != nil && (s.Algorithm.PublicKey() || s.Custom != nil && s.Custom.Traits().Pair != 0) {
		k.configured, k.signing = webhooktest.KeyPair(p)
	}
	return k
}

func newHandshake(t *testing.T, c catalogue.Entry, n int, router string, keys senderKeys) *handshake {
	t.Helper()
	e, err := entry.Of(c.Sample())
	require.NoError(t, err)
	h := &handshake{catalogue: c, router: router, entry: e, data: &e.Handshakes[n], provider: c.Sample(),
		senderKeys: keys, step: keys.sender.Setup()[n]}
	h.challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
	if h.data.Grammar == entry.Challenge {
		h.challenge = "20f9f8ed05f77439fe955c977e4c8a53"
	}
	if !bytes.Contains(h.written(t, h.captured()), []byte(h.challenge)) {
		h.challenge = ""
	}
	h.mount(t, h.step.Awaiting, nil)
	return h
}

// mount makes the endpoint, with a secret or while one is awaited.
func (h *handshake) mount(t *testing.T, awaiting bool, change func(*core.Config)) {
	t.Helper()
	config := core.Config{
		Endpoint: "handshake", Provider: h.provider, Replay: memstore.New(), StoreFailure: core.RefuseDelivery,
		Logger: slog.New(slog.DiscardHandler), Now: h.sender.Now, PublicURL: registered(h.catalogue),
		Setup:     core.Setup{VerifyTokens: secrets.Static(webhooktest.VerifyToken)},
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { h.last.Store(&r) })},
	}
	if awaiting {
		config.Setup.AwaitingSecret = true
		if h.step.HandsOver {
			config.Setup.SecretSink = func(context.Context, secrets.Secret) error { return nil }
		}
	} else {
		config.Secrets = secrets.Static(h.configured)
	}
	if change != nil {
		change(&config)
	}
	g, err := core.New(config)
	require.NoError(t, err)
	h.guard = g
	h.app = mounted(h.router, "/hooks", g, func(core.Event) error { h.runs.Add(1); return nil })
}

// captured is the request as the sender sends it.
func (h *handshake) captured() *http.Request {
	var r *http.Request
	h.sender.SendSetup(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) { r = got }), "/hooks", h.step)
	return r
}

// written is the request as text.
func (h *handshake) written(t *testing.T, r *http.Request) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(r.URL.RawQuery + "\n")
	require.NoError(t, r.Header.Write(&b))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	b.Write(body)
	return b.Bytes()
}

// signed signs a changed request as the sender does, if it does.
func (h *handshake) signed(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	key := h.signing
	switch {
	case h.data.Published != "":
		key = h.data.Published
	case !h.data.Proved, h.entry.Credential.Kind == entry.BodyToken: // the body holds the token already
		return r
	}
	require.NoError(t, webhooktest.Sign(r, h.provider, key, h.sender.Now()))
	return r
}

// send sends a request and returns the answer, and whether a signal ran.
func (h *handshake) send(t *testing.T, r *http.Request) (w *httptest.ResponseRecorder, ran bool) {
	t.Helper()
	before := h.runs.Load()
	w = httptest.NewRecorder()
	h.app.ServeHTTP(w, r)
	require.NoError(t, h.guard.Flush(t.Context())) // observers hear of it later
	h.why = h.last.Load().Reason
	return w, h.runs.Load() != before
}

// swap writes another text in the place of one that a request brings.
func (h *handshake) swap(t *testing.T, r *http.Request, old, text string) {
	t.Helper()
	r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, url.QueryEscape(old), url.QueryEscape(text))
	r.RequestURI = r.URL.RequestURI()
	for name, values := range r.Header {
		for i := range values {
			r.Header[name][i] = strings.ReplaceAll(values[i], old, text)
		}
	}
	setBody(t, r, func(body string) string {
		if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
			quoted := strconv.Quote(text)
			return strings.ReplaceAll(body, old, quoted[1:len(quoted)-1])
		}
		return strings.ReplaceAll(body, url.QueryEscape(old), url.QueryEscape(text))
	})
}

// setBody changes the body of a request that has one.
func setBody(t *testing.T, r *http.Request, change func(string) string) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	text := string(body)
	if text != "" {
		text = change(text)
	}
	setBodyTo(r, text)
}

func setBodyTo(r *http.Request, text string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	if text == "" {
		r.Body = http.NoBody
	}
}

// TestAHandshakeIsAnsweredInEveryForm: clients write one request in many ways, and a retry is answered as the first one
// was. No form of it reaches a signal.
func TestAHandshakeIsAnsweredInEveryForm(t *testing.T) {
	t.Parallel()
	forms := []struct {
		name   string
		change func(t *testing.T, h *handshake, r *http.Request)
	}{
		{"as it comes", nil},
		{"once more, as a retry", nil},
		{"the content type has a charset", func(_ *testing.T, _ *handshake, r *http.Request) {
			if kind := r.Header.Get("Content-Type"); kind != "" {
				r.Header.Set("Content-Type", kind+"; charset=UTF-8")
			}
		}},
		{"there is no content type", func(_ *testing.T, h *handshake, r *http.Request) {
			if h.data.WhenForm == "" {
				r.Header.Del("Content-Type")
			}
		}},
		{"other headers", func(_ *testing.T, _ *handshake, r *http.Request) {
			r.Header.Set("User-Agent", "sender/1.0")
			r.Header.Set("Accept", "*/*")
		}},
		{"another parameter in the URL", func(_ *testing.T, _ *handshake, r *http.Request) {
			r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&tenant=acme", "&")
			r.RequestURI = r.URL.RequestURI()
		}},
		{"a byte order mark", inJSON(func(body string) string { return "\ufeff" + body })},
		{"a line end", inJSON(func(body string) string { return body + "\n" })},
		{"a line end of Windows", inJSON(func(body string) string { return body + "\r\n" })},
		{"blanks before it", inJSON(func(body string) string { return " \t\n" + body })},
		{"blanks between", inJSON(func(body string) string {
			return strings.NewReplacer(`":`, `" : `, `,"`, ` , "`).Replace(body)
		})},
		{"another member", inJSON(func(body string) string {
			return strings.Replace(strings.Replace(body, `{}`, `{"any":null}`, 1), `{"`, `{"any":null,"`, 1)
		})},
		{"escapes", inJSON(func(body string) string {
			return regexp.MustCompile(`"[A-Za-z]`).ReplaceAllStringFunc(body, func(at string) string {
				return fmt.Sprintf(`"\u%04x`, at[1])
			})
		})},
	}
	everyHandshake(t, func(t *testing.T, h *handshake) {
		for _, form := range forms {
			if h.entry.Scheme != nil && h.entry.Scheme.Signature.JSON != "" && form.name == "a byte order mark" {
				continue // the body that holds its own proof is read before it is proved, and strictly
			}
			r := h.captured()
			if form.change != nil {
				form.change(t, h, r)
			}
			if h.step.HandsOver { // a second secret is refused
				h.mount(t, true, nil)
			}
			w, ran := h.send(t, h.signed(t, r))
			require.NoError(t, h.step.Check(w), form.name)
			require.False(t, ran, form.name)
			require.Equal(t, reason.Handshake, h.why, form.name)
		}
	})
}

// inJSON changes a JSON body.
func inJSON(change func(string) string) func(*testing.T, *handshake, *http.Request) {
	return func(t *testing.T, _ *handshake, r *http.Request) {
		t.Helper()
		setBody(t, r, func(body string) string {
			if body[0] != '{' && body[0] != '[' {
				return body
			}
			return change(body)
		})
	}
}
