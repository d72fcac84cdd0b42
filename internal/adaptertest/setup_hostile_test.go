package adaptertest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// refused holds an answer to what somebody gets who may not have the handshake's.
func (h *handshake) refused(t *testing.T, name string, w *httptest.ResponseRecorder, ran bool) {
	t.Helper()
	require.GreaterOrEqual(t, w.Code, 400, name)
	require.False(t, ran, name)
	require.NotEqual(t, reason.Handshake, h.why, name)
	if h.challenge != "" {
		require.NotContains(t, w.Body.String(), h.challenge, name)
	}
}

// stripped is the request without its proof; false: it has none, or the proof is a part of the body.
func (h *handshake) stripped(r *http.Request) bool {
	headers := []string{"Authorization"}
	if s := h.entry.Scheme; s != nil {
		if s.Signature.JSON != "" || s.Signature.Form != "" {
			return false
		}
		headers = append(headers, slices.Concat(s.Signature.Headers, s.Signature.Further)...)
	}
	switch c := h.entry.Credential; c.Kind {
	case entry.HeaderToken:
		headers = append(headers, c.Name)
	case entry.QueryToken:
		query := r.URL.Query()
		query.Del(c.Name)
		r.URL.RawQuery = query.Encode()
		r.RequestURI = r.URL.RequestURI()
	case entry.BodyToken:
		return false
	}
	before := len(r.Header)
	for _, name := range headers {
		r.Header.Del(name)
	}
	return len(r.Header) < before || h.entry.Credential.Kind == entry.QueryToken
}

// TestAHandshakeThatMustBeProvedIsRefusedUnproved: also where failed checks are only reported, because what it confirms
// could not be taken back.
func TestAHandshakeThatMustBeProvedIsRefusedUnproved(t *testing.T) {
	t.Parallel()
	unsigned := func(h entry.Handshake) bool { return h.Unsigned }
	everyHandshake(t, func(t *testing.T, h *handshake) {
		if !h.data.Proved || slices.ContainsFunc(h.entry.Handshakes, unsigned) {
			return
		}
		r := h.captured()
		if !h.stripped(r) {
			return
		}
		w, ran := h.send(t, r)
		h.refused(t, "without its proof", w, ran)

		h.mount(t, false, func(c *core.Config) {
			c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
			if h.entry.Scheme == nil {
				c.DangerouslyReportOnly = []core.Check{core.CheckCredentials}
			}
		})
		r = h.captured()
		h.stripped(r)
		w, _ = h.send(t, r)
		require.NotEqual(t, reason.Handshake, h.why)
		if h.challenge != "" {
			require.NotContains(t, w.Body.String(), h.challenge)
		}
	})
}

// TestNoHandshakeReflectsWhatChallengesNeverHold: not into the body, where a browser could run it, and not into a
// header.
func TestNoHandshakeReflectsWhatChallengesNeverHold(t *testing.T) {
	t.Parallel()
	hostile := map[string]string{
		"markup": "<script>alert(1)</script>", "a quotation mark": `a"}`, "a line break": "a\r\nSet-Cookie: a=b",
		"a longer text than challenges are": strings.Repeat("a", 513), "a brace": "a{hmac}", "nothing": "",
		"a letter beyond ASCII": "caf\u00e9", "a zero byte": "a\x00b",
	}
	everyHandshake(t, func(t *testing.T, h *handshake) {
		if h.challenge == "" {
			return
		}
		for name, text := range hostile {
			r := h.captured()
			h.swap(t, r, h.challenge, text)
			w, ran := h.send(t, h.signed(t, r))
			require.False(t, ran && !h.data.Proved, name)
			require.NotEqual(t, reason.Handshake, h.why, name)
			if text == "" {
				continue
			}
			require.NotContains(t, w.Body.String(), text, name)
			for _, values := range w.Header() {
				require.NotContains(t, strings.Join(values, "\n"), text, name)
			}
		}
	})
}

// TestNoHandshakeAmplifies: what is answered is hardly longer than what was asked, and of a fixed type.
func TestNoHandshakeAmplifies(t *testing.T) {
	t.Parallel()
	everyHandshake(t, func(t *testing.T, h *handshake) {
		asked := h.written(t, h.captured())
		w, _ := h.send(t, h.captured())
		if !h.data.Proved {
			require.Less(t, w.Body.Len(), len(asked)+128)
		}
		if w.Body.Len() > 0 {
			require.NotContains(t, w.Header().Get("Content-Type"), "html")
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		}
		if !h.step.HandsOver {
			require.NotContains(t, w.Body.String(), h.configured)
		}
	})
}

// TestAmbiguousHandshakesAreNotAnswered: what marks one comes once. In doubt the request is a delivery, which needs a
// proof, so that no event is lost as a handshake.
func TestAmbiguousHandshakesAreNotAnswered(t *testing.T) {
	t.Parallel()
	everyHandshake(t, func(t *testing.T, h *handshake) {
		d := h.data
		doubled := map[string]func(r *http.Request) bool{
			"the header twice": func(r *http.Request) bool {
				name := d.WhenHeader + d.SecretHeader
				r.Header.Add(name, "another")
				return name != ""
			},
			"the parameter twice": func(r *http.Request) bool {
				r.URL.RawQuery += "&" + url.QueryEscape(d.EchoQuery) + "=another"
				r.RequestURI = r.URL.RequestURI()
				return d.EchoQuery != ""
			},
			"the member twice": func(r *http.Request) bool {
				pointer := d.SecretJSON
				if d.WhenJSON != "" {
					pointer = d.WhenJSON
				}
				name := strings.TrimPrefix(pointer, "/")
				setBody(t, r, func(body string) string {
					return strings.Replace(body, "{", `{"`+name+`":"another",`, 1)
				})
				return name != "" && !strings.Contains(name, "/")
			},
			"the field twice": func(r *http.Request) bool {
				setBody(t, r, func(body string) string { return body + "&" + d.WhenForm + "=13" })
				return d.WhenForm != ""
			},
		}
		for name, change := range doubled {
			r := h.captured()
			if !change(r) || d.WhenHeader == "" && d.SecretHeader == "" && name == "the header twice" {
				continue
			}
			if h.entry.Event.Sealed != nil && name == "the member twice" {
				continue // the member is in the ciphertext: core/provider doubles it there
			}
			if s := h.entry.Scheme; s != nil && s.Signature.JSON != "" {
				continue // it cannot be signed: what holds its own proof is refused at once
			}
			w, ran := h.send(t, h.signed(t, r))
			require.NotEqual(t, reason.Handshake, h.why, name)
			if !d.Proved { // a proved one is an event, and runs as one
				h.refused(t, name, w, ran)
			}
		}
	})
}

// TestAHandshakeOfAnotherMethodIsNotOne, and one that nothing proves has a short body.
func TestAHandshakeOfAnotherMethodIsNotOne(t *testing.T) {
	t.Parallel()
	everyHandshake(t, func(t *testing.T, h *handshake) {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			same := func(other entry.Handshake) bool { return other.Method == method }
			if slices.ContainsFunc(h.entry.Handshakes, same) {
				continue
			}
			r := h.captured()
			r.Method = method
			_, ran := h.send(t, r)
			require.NotEqual(t, reason.Handshake, h.why, method)
			require.False(t, ran && !h.data.Proved, method)
		}
		if h.data.Proved || h.data.Method != http.MethodPost {
			return
		}
		r := h.captured()
		setBody(t, r, func(body string) string { return body + strings.Repeat(" ", 5<<10) })
		if r.ContentLength == 0 { // a delivery with the handshake's head
			setBodyTo(r, `{"id":"1"}`)
		}
		if h.step.HandsOver {
			return // nothing else comes while a secret is awaited, and its size is bounded as every body's is
		}
		w, ran := h.send(t, h.signed(t, r))
		h.refused(t, "a long body", w, ran)
	})
}

// TestOnceThereIsASecretNoneIsTaken: what comes before there is a secret is refused later. Somebody else could send it.
func TestOnceThereIsASecretNoneIsTaken(t *testing.T) {
	t.Parallel()
	everyHandshake(t, func(t *testing.T, h *handshake) {
		if !h.step.Awaiting {
			return
		}
		if h.step.HandsOver { // a second sender, while the first one's secret is not configured yet
			_, _ = h.send(t, h.captured())
			h.sender = webhooktest.NewSender(h.provider)
			h.step = h.sender.Setup()[slices.IndexFunc(h.entry.Handshakes, func(e entry.Handshake) bool {
				return e.HandsSecretOver()
			})]
			w, ran := h.send(t, h.captured())
			h.refused(t, "a second secret", w, ran)
		}
		h.mount(t, false, nil)
		w, ran := h.send(t, h.captured())
		h.refused(t, "with a secret", w, ran)
		require.NotContains(t, w.Body.String(), h.sender.Secret())
		for _, values := range w.Header() {
			require.NotContains(t, values, h.sender.Secret())
		}
	})
}

// TestNoSignedChallengeIsADelivery: an endpoint that signs challenges for whoever asks never signs the text of a
// delivery that it accepts.
func TestNoSignedChallengeIsADelivery(t *testing.T) {
	t.Parallel()
	everyHandshake(t, func(t *testing.T, h *handshake) {
		if !strings.Contains(h.data.Answer, "{hmac}") {
			return
		}
		answered, accepted := 0, 0
		for _, body := range []string{
			h.challenge, "abc", "1", "a=1", "a.b", `{}`, `[]`, `{"id":"1"}`, `"a"`, "20f9f8ed05f77439fe955c977e4c8a53",
		} {
			delivery := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(body))
			delivery.Header.Set("Content-Type", "application/json")
			if webhooktest.Sign(delivery, h.provider, h.signing, h.sender.Now()) != nil {
				continue // a delivery of the sender's cannot hold it
			}
			ask := h.captured()
			h.swap(t, ask, h.challenge, h.signedText(t, delivery))
			_, ran := h.send(t, h.signed(t, ask))
			require.False(t, ran, body)
			isSigned := h.why == reason.Handshake
			if _, ran := h.send(t, delivery); ran {
				accepted++
				require.False(t, isSigned, "the signature of %q can be asked for", body)
			}
			if isSigned {
				answered++
			}
		}
		require.Positive(t, accepted)
		require.Less(t, answered, 10)
	})
}

// signedText is what the signature of a delivery covers, as the entry says it. Each part that is not fixed stands for
// the body.
func (h *handshake) signedText(t *testing.T, r *http.Request) string {
	t.Helper()
	body := ""
	setBody(t, r, func(text string) string { body = text; return text })
	var b strings.Builder
	for _, p := range h.entry.Scheme.Signed {
		b.WriteString(p.Before)
		switch p.Kind {
		case entry.PartLiteral:
			b.WriteString(p.Text)
		case entry.PartTimestamp:
			b.WriteString(strconv.Itoa(lifeTime))
		case entry.PartForm:
			form, err := url.ParseQuery(body)
			require.NoError(t, err)
			b.WriteString(form.Get(p.Text))
		default:
			b.WriteString(body)
		}
		b.WriteString(p.After)
	}
	return b.String()
}
