package examples_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/inspector"
	"github.com/sallyport-go/sallyport/internal/routers"
)

// The lines that mount the page are those of docs/inspector.md.
func TestThePageIsMountedInEachRouter(t *testing.T) {
	t.Parallel()
	for _, router := range routers.All() {
		t.Run(router.Name, func(t *testing.T) {
			t.Parallel()
			sender := webhooktest.NewSender(provider.Stripe())
			kept, err := journal.InMemory(journal.Config{})
			require.NoError(t, err)
			guard, err := core.New(core.Config{
				Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(sender.Secret()),
				Replay: memstore.New(), Journal: kept, Logger: slog.New(slog.DiscardHandler),
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, guard.Shutdown(context.WithoutCancel(t.Context()))) })
			failing := true
			signals := core.NewSignals()
			signals.On("*", func(context.Context, core.Event) error {
				if failing {
					return errors.New("broken")
				}
				return nil
			})
			app := router.New(slog.New(slog.DiscardHandler))
			app.Handle("/webhooks/stripe", guard, signals)
			page, err := inspector.New(inspector.Config{
				Journal: kept, Redriver: &core.Redriver{App: app.Handler, Guards: []*core.Guard{guard}},
				Logger: slog.New(slog.DiscardHandler), Prefix: "/inspector", Hosts: []string{"hooks.example.com"},
				Authorize: inspector.BasicAuth(secrets.Static("ops:a-password-of-tests"), inspector.Access{Redrive: true}),
			})
			require.NoError(t, err)
			app.Mount("/inspector", page)
			body := []byte(`{"id":"evt_1","type":"invoice.paid"}`)
			require.Equal(t, 500, sender.Send(app, "/webhooks/stripe", webhooktest.Sample{Body: body}).Code)
			ask := func(method, path string, form url.Values, login bool) *httptest.ResponseRecorder {
				r := httptest.NewRequestWithContext(t.Context(), method, "https://hooks.example.com"+path,
					strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if login {
					r.SetBasicAuth("ops", "a-password-of-tests")
				}
				w := httptest.NewRecorder()
				app.ServeHTTP(w, r)
				return w
			}
			at := ask(http.MethodGet, "/inspector", nil, true).Header().Get("Location")
			require.True(t, strings.HasSuffix(at, "inspector/"), "a slash that is left out is added: %q", at)
			list := ask(http.MethodGet, "/inspector/", nil, true)
			require.Equal(t, 200, list.Code)
			_, rest, found := strings.Cut(list.Body.String(), `href="event/`)
			require.True(t, found)
			id, _, _ := strings.Cut(rest, `"`)
			for _, path := range []string{"/inspector/", "/inspector/event/" + id, "/inspector/nothing"} {
				require.Equal(t, 401, ask(http.MethodGet, path, nil, false).Code, path)
			}
			failing = false
			w := ask(http.MethodPost, "/inspector/event/"+id+"/redrive", url.Values{"revision": {"1"}}, true)
			require.Equal(t, "../"+id+"?notice=done", w.Header().Get("Location"))
		})
	}
}
