package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TestTheSampleOfEverySenderRunsEachTimeItIsSent: a newcomer sends an event, changes something, and sends it again.
// Events without a signed id are distinguished by their bytes: the second is a duplicate.
func TestTheSampleOfEverySenderRunsEachTimeItIsSent(t *testing.T) {
	t.Parallel()
	for _, e := range catalogue.All() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			_, p, err := (&program{}).provide(&choice{provider: e.Name})
			require.NoError(t, err)
			s := &sender{entry: e, provider: p}
			s.Configured, s.Signing = webhooktest.Keys(p)
			g, err := core.New(core.Config{
				Endpoint: e.Name, Provider: p, Secrets: secrets.Static(s.Configured), Replay: memstore.New(),
				StoreFailure: core.RefuseDelivery, TrustedProxies: "192.0.2.1", Logger: slog.New(slog.DiscardHandler),
				PublicURL: "https://example.com/hook",
				Setup:     core.Setup{VerifyTokens: secrets.Static("webhooktest-verify-token")},
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, g.Shutdown(context.WithoutCancel(t.Context()))) })
			runs := 0
			signals := core.NewSignals()
			httpwebhook.On(signals, "*", func(*http.Request, core.Event) error {
				runs++
				return nil
			})
			app := httpwebhook.Handler(g, signals)
			said, err := entry.Of(p)
			require.NoError(t, err)
			for range 2 {
				sample, err := new(content).sample(s)
				require.NoError(t, err)
				r, err := s.sign(&url.URL{Scheme: "http", Host: "example.com", Path: "/hook"}, "", sample, time.Now())
				require.NoError(t, err)
				r.RemoteAddr, r.Host = "192.0.2.1:1", "example.com"
				w := httptest.NewRecorder()
				app.ServeHTTP(w, r)
				require.Less(t, w.Code, 300, w.Body)
			}
			require.Positive(t, runs)
			if said.Identity.Kind == entry.BySignedID {
				require.Equal(t, 2, runs, "the second has the id of the first")
			}
		})
	}
}

func TestAFreshIDHasTheFormOfTheOldOne(t *testing.T) {
	t.Parallel()
	for text, form := range map[string]string{
		"evt_sample_0002":                      `^evt_sample_\d{12}$`,
		"1234567890":                           `^[1-9]\d{9}$`,
		"7":                                    `^[1-9]$`,
		"a4cf33420c4df5784a2515e9dba4742203cf": `^[0-9a-f]{36}$`,
		"0D0F6C7A-5B1E-4C7B-9A47-1D2B3C4D5E6F": `^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`,
		"ch.shop/1/é":                          `^ch.shop/\d/é\d{11}$`,
	} {
		require.Regexp(t, regexp.MustCompile(form), freshText(text), text)
	}
	require.NotEqual(t, freshText("evt_sample_0002"), freshText("evt_sample_0002"))
}
