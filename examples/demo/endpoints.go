package main

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// keys are the secrets of one run: fresh ones, and those of the recorded deliveries.
type keys struct {
	current, previous, retired string // a rotation: in use, still accepted, no longer accepted
	standard                   string // in the spelling of Standard Webhooks
	pair, oldPair              string // "user:password"
	stranger                   string // what a forger signs with

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
		current:  core.GenerateSecret(),
		previous: core.GenerateSecret(),
		retired:  core.GenerateSecret(),
		standard: "whsec_" + base64.StdEncoding.EncodeToString(raw),
		pair:     core.GenerateCredential(),
		oldPair:  core.GenerateCredential(),
		stranger: core.GenerateSecret(),
		recorded: recorded,
	}, nil
}

// smallBody is the limit of one endpoint, so that a body over it is quickly sent.
const smallBody = 16 << 10

// endpoints are what every router serves. The name of an endpoint is its path as well.
func (k *keys) endpoints() []core.Config {
	hour := time.Now().Add(time.Hour)
	rotation := core.LabeledSecrets(
		core.NewSecret("new", k.current),
		core.NewSecret("old", k.previous).ValidUntil(hour),
		core.NewSecret("retired", k.retired).ValidUntil(time.Now().Add(-time.Hour)),
	)
	pairs := core.LabeledSecrets(core.NewSecret("new", k.pair), core.NewSecret("old", k.oldPair).ValidUntil(hour))
	list := []core.Config{
		{Endpoint: "/hooks/stripe", Provider: provider.Stripe(), Secrets: rotation, TrustedProxies: "127.0.0.1"},
		{Endpoint: "/hooks/github", Provider: provider.GitHub(), Secrets: rotation, MaxBody: smallBody},
		{
			Endpoint: "/hooks/github-and-password", Provider: provider.GitHub(), Secrets: rotation,
			Credentials: []core.Credential{core.BasicAuth(pairs)},
		},
		{Endpoint: "/hooks/slack", Provider: provider.Slack(), Secrets: rotation},
		{Endpoint: "/hooks/standard", Provider: provider.StandardWebhooks(), Secrets: core.StaticSecrets(k.standard)},
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
			Endpoint: "/recorded/" + r.ID, Provider: p, Secrets: core.StaticSecrets(r.Secret), Now: r.clock(),
			DangerouslyAllowWeakSecrets: true, // what was published is no secret any more
		})
	}
	stripe := k.recorded["stripe-1"]
	list = append(list, core.Config{
		Endpoint: "/recorded/judged-today", Provider: provider.Stripe(), Secrets: core.StaticSecrets(stripe.Secret),
		DangerouslyAllowWeakSecrets: true,
	})
	for i := range list {
		list[i].Replay = memstore.New() // one store would do; endpoints never share an identity
		if list[i].Provider.Name() == provider.GitHub().Name() {
			list[i].StoreFailure = core.RefuseDelivery // GitHub never sends again by itself, so that core.New asks
		}
	}
	return list
}
