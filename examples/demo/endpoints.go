package main

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// keys are the secrets of one run: fresh ones, and those of the recorded deliveries.
type keys struct {
	current, previous, retired string // a rotation: in use, still accepted, no longer accepted
	standard                   string // in the form of Standard Webhooks
	pair, oldPair              string // "user:password"
	unknown                    string // what a forger signs with

	recorded map[string]recording
}

func newKeys() (*keys, error) {
	recorded, err := loadRecordings()
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	return &keys{
		current:  secrets.Generate(),
		previous: secrets.Generate(),
		retired:  secrets.Generate(),
		standard: "whsec_" + base64.StdEncoding.EncodeToString(raw),
		pair:     secrets.GeneratePair(),
		oldPair:  secrets.GeneratePair(),
		unknown:  secrets.Generate(),
		recorded: recorded,
	}, nil
}

// smallBody is the limit of one endpoint, so that a body over it is quickly sent.
const smallBody = 16 << 10

// endpoints are what every router serves. What fails at the first of them is kept in the journal. The name of an
// endpoint is its path as well.
func (k *keys) endpoints(kept *journal.Journal) []core.Config {
	hour := time.Now().Add(time.Hour)
	rotation := secrets.Labeled(
		secrets.New("new", k.current),
		secrets.New("old", k.previous).ValidUntil(hour),
		secrets.New("retired", k.retired).ValidUntil(time.Now().Add(-time.Hour)),
	)
	pairs := secrets.Labeled(secrets.New("new", k.pair), secrets.New("old", k.oldPair).ValidUntil(hour))
	list := []core.Config{
		{Endpoint: "/hooks/stripe", Provider: provider.Stripe(), Secrets: rotation, TrustedProxies: "127.0.0.1"},
		{Endpoint: "/hooks/github", Provider: provider.GitHub(), Secrets: rotation,
			Limits: core.Limits{MaxBody: smallBody}},
		{
			Endpoint: "/hooks/github-and-password", Provider: provider.GitHub(), Secrets: rotation,
			Credentials: []core.Credential{core.BasicAuth(pairs)},
		},
		{Endpoint: "/hooks/slack", Provider: provider.Slack(), Secrets: rotation},
		{Endpoint: "/hooks/standard", Provider: provider.StandardWebhooks(), Secrets: secrets.Static(k.standard)},
		{Endpoint: "/hooks/mailgun", Provider: provider.Mailgun(), Secrets: rotation},
		{Endpoint: "/hooks/shopify", Provider: provider.Shopify(), Secrets: rotation},
		{Endpoint: "/hooks/postmark", Provider: provider.Postmark(), Secrets: pairs},
		{Endpoint: "/hooks/gitlab", Provider: provider.GitLabToken(), Secrets: rotation},
	}
	for _, r := range k.recorded {
		p, ok := provider.ByName(r.Provider)
		if !ok {
			continue // the case that sends it fails and says so
		}
		list = append(list, core.Config{
			Endpoint: "/recorded/" + r.ID, Provider: p, Secrets: secrets.Static(r.Secret), Now: r.clock(),
			DangerouslyAllowWeakSecrets: true, // what was published is no secret any more
		})
	}
	stripe := k.recorded["stripe-1"]
	list = append(list, core.Config{
		Endpoint: "/recorded/checked-today", Provider: provider.Stripe(), Secrets: secrets.Static(stripe.Secret),
		DangerouslyAllowWeakSecrets: true,
	})
	list[0].Journal = kept
	for i := range list {
		list[i].Replay = memstore.New() // one store would do; endpoints never share an identity
		if list[i].Provider.Name() == provider.GitHub().Name() {
			list[i].StoreFailure = core.RefuseDelivery // GitHub never sends again by itself, so that core.New asks
		}
	}
	return list
}
