package core_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestEveryProvidersEventRunsAgainAsItWas: from a sealed journal, with the details, the payload and the data that the
// delivery had.
func TestEveryProvidersEventRunsAgainAsItWas(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, p := range append(provider.All(), encryptingProviders()...) {
		sender := webhooktest.NewSender(p)
		kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(strings.Repeat("key ", 12))})
		require.NoError(t, err)
		c, _ := config(timestamped())
		c.Provider, c.Secrets, c.Now, c.Journal = p, secrets.Static(sender.Secret()), nil, kept
		g, err := core.New(c)
		if err != nil {
			continue // it needs settings of its own
		}
		var first, again []string
		failing := true
		s := core.NewSignals()
		s.On("*", func(_ context.Context, e core.Event) error {
			line := fmt.Sprintf("%s %s %s %s %s %v %s %v %d|%s|%s", e.Identity, e.ID, e.Type, e.Action, e.Tenant,
				e.Time.UnixNano(),
				e.Secret, e.Authenticated, e.Attempt, e.Payload, e.Data)
			if failing {
				first = append(first, line)
				return core.Permanent(errColumn)
			}
			again = append(again, line)
			return nil
		})
		app := httpwebhook.Handler(g, s)
		for _, sample := range sender.Samples() {
			first, again, failing = nil, nil, true
			r := sender.Request("/hooks", sample)
			app.ServeHTTP(httptest.NewRecorder(), r)
			failing = false
			redriver := &core.Redriver{App: app, Guards: []*core.Guard{g}}
			parked := journal.Query{State: journal.Parked}
			for e, err := range kept.Entries(t.Context(), parked) {
				require.NoError(t, err)
				require.True(t, e.Runnable, "%s: %s", p.Name(), e.WhyNot)
			}
			for _, err := range redriver.RedriveAll(t.Context(), parked, core.RedriveOptions{}) {
				require.NoError(t, err, p.Name())
			}
			require.ElementsMatch(t, first, again, p.Name())
			tried += len(first)
		}
	}
	require.Greater(t, tried, 200)
}
