package provider_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// Hardly any signature covers the Content-Type. Whoever captured a delivery may send it again under another one, while
// the app fails: what is read then is what the genuine delivery says, or the genuine one would be taken for done.
func TestHowABodyIsReadDoesNotDependOnItsContentType(t *testing.T) {
	t.Parallel()
	forms := 0
	for _, p := range provider.All() {
		if p.Name() == "sinch-application" || p.Name() == "contentful" { // these sign it
			continue
		}
		sender, samples := webhooktest.NewSender(p), webhooktest.Samples(p)
		if strings.HasPrefix(p.Name(), "github") {
			form := webhooktest.Sample{Header: http.Header{"X-Github-Event": {"issues"}, "X-Github-Delivery": {"d-1"}}}
			form.Body = []byte("payload=" + url.QueryEscape(`{"action":"opened"}`))
			form.Header.Set("Content-Type", formType)
			samples = append(samples, form)
		}
		for _, sample := range samples {
			genuine := sender.Request("/hooks", sample)
			body, err := io.ReadAll(genuine.Body)
			require.NoError(t, err)
			events := func(contentType string, set bool) []core.Event {
				g := guardOf(t, p, sender.Secret(), time.Now())
				r := genuine.Clone(t.Context())
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				if set {
					r.Header.Set("Content-Type", contentType)
				} else {
					r.Header.Del("Content-Type")
				}
				d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
				require.Nil(t, reply, "%s as %q", p.Name(), contentType)
				return d.Events()
			}
			want := events(genuine.Header.Get("Content-Type"), true)
			require.NotEmpty(t, want)
			if strings.Contains(genuine.Header.Get("Content-Type"), "form") {
				forms++
			}
			for _, other := range []string{
				"application/json", formType, "multipart/form-data; boundary=x", "text/plain", "application/xml", "",
			} {
				require.Equal(t, want, events(other, other != ""), "%s as %q", p.Name(), other)
			}
		}
	}
	require.Greater(t, forms, 6)
}

func TestAFormOfAnyContentTypeIsOneEvent(t *testing.T) {
	t.Parallel()
	p := provider.GitHub()
	sender := webhooktest.NewSender(p)
	g := guardOf(t, p, sender.Secret(), time.Now())
	sample := webhooktest.Sample{Header: http.Header{"X-Github-Event": {"push"}, "Content-Type": {formType}}}
	sample.Body = []byte("payload=" + url.QueryEscape(`{"ref":"main"}`))
	replayed := sender.Request("/hooks", sample)
	replayed.Header.Set("Content-Type", "application/json")
	decoded := 0
	typed := core.Typed(func(_ context.Context, _ core.Event, v struct{ Ref string }) error {
		require.Equal(t, "main", v.Ref)
		decoded++
		return nil
	})
	w := httptest.NewRecorder()
	signals := core.NewSignals()
	signals.On("*", typed)
	httpwebhook.Handler(g, signals).ServeHTTP(w, replayed)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, 1, decoded, "it says what the genuine delivery says")
}
