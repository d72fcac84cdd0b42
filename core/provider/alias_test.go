package provider_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// TestAnAliasIsAnotherNameOfOneEntry: every alias stands for an entry, for none twice over, and hides none.
func TestAnAliasIsAnotherNameOfOneEntry(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, e := range catalogue.All() {
		names[e.Name] = true
	}
	found := 0
	for alias, name := range provider.Aliases() {
		require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, alias)
		require.False(t, names[alias], "%s is an entry of its own", alias)
		require.True(t, names[name], "%s: %s is not an entry", alias, name)
		e, ok := catalogue.ByName(alias)
		require.True(t, ok, alias)
		require.Equal(t, name, e.Name)
		require.Equal(t, name, e.Sample().Name())
		require.Contains(t, e.Aliases(), alias)
		if p, ok := provider.ByName(alias); ok {
			require.Equal(t, name, p.Name(), "an alias is never a provider's name")
			found++
		}
	}
	require.Greater(t, found, 30)
	changed := provider.Aliases()
	changed["github"] = "stripe"
	p, _ := provider.ByName("github")
	require.Equal(t, "github", p.Name(), "the table is the package's own")
}

// TestAReleasedAliasStays: an alias stands in configurations. One may be added, and none taken away.
func TestAReleasedAliasStays(t *testing.T) {
	t.Parallel()
	for _, alias := range []string{
		"amazon-eventbridge", "amazon-sns", "artifactory", "autodesk-forge", "aws-ses", "azure-eventgrid", "bird",
		"bitbucket-data-center",
		"calcom", "chargify", "huggingface", "claude", "codeberg", "customerio", "dropboxsign", "eventarc",
		"eventbridge", "facebook",
		"github-enterprise",
		"google-gemini", "google-play-rtdn", "hellosign", "incidentio", "instagram", "lemonsqueezy",
		"mailchimp-transactional",
		"mercadopago", "messenger", "microsoft-teams", "mongodb", "msgraph", "nexmo", "nexus-repository",
		"prometheus-alertmanager",
		"pubsub", "pusher-channels", "resend-inbound", "sendinblue", "ses", "sns", "sonarcloud", "stream-chat",
		"terraform-cloud",
		"maxio-advanced-billing", "merge-dev", "terraform-enterprise", "transferwise", "urban-airship",
		"twilio-sendgrid", "twitter", "whatsapp", "whatsapp-cloud",
	} {
		require.Contains(t, provider.Aliases(), alias)
	}
}

// sharedByProcesses is a store that several processes share, and that keeps what was claimed in it.
type sharedByProcesses struct {
	replay.Store
	mu      sync.Mutex
	digests []replay.Digest
}

func (*sharedByProcesses) Scope() replay.Scope { return replay.Shared }

func (s *sharedByProcesses) Claim(
	ctx context.Context, items []replay.Item, lease time.Duration,
) ([]replay.Result, error) {
	s.mu.Lock()
	for _, item := range items {
		s.digests = append(s.digests, item.Digest)
	}
	s.mu.Unlock()
	return s.Store.Claim(ctx, items, lease)
}

// TestAnAliasWritesTheEntrysOwnNameIntoAStore: a store remembers which provider an endpoint's name belongs to. A
// program that finds it under an alias shares the endpoint with one that does not.
func TestAnAliasWritesTheEntrysOwnNameIntoAStore(t *testing.T) {
	t.Parallel()
	store := &sharedByProcesses{Store: memstore.New()}
	now := time.Unix(ownTime, 0)
	deliver := func(name, body string) int {
		p, ok := provider.ByName(name)
		require.True(t, ok)
		g, err := core.New(core.Config{
			Endpoint: "hooks", Provider: p, Secrets: secrets.Static(ownSecret), Replay: store,
			Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler := httpwebhook.Verify(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		handler.ServeHTTP(w, webhooktest.NewRequest(p, ownSecret, "https://example.com/hooks", body, now))
		return w.Code
	}
	require.Equal(t, http.StatusOK, deliver("twitter", `{"for_user_id":"1","tweet_create_events":[]}`))
	require.Equal(t, http.StatusOK, deliver("x-twitter", `{"for_user_id":"2","tweet_create_events":[]}`))
	require.Equal(t, http.StatusServiceUnavailable, deliver("typeform", `{"event_id":"1"}`),
		"another provider's endpoint")
	var own replay.Digest
	copy(own[:], "x-twitter")
	require.Contains(t, store.digests, own)
	var other replay.Digest
	copy(other[:], "twitter")
	require.NotContains(t, store.digests, other)
}
