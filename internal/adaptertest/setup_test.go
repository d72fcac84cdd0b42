package adaptertest_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// setUp is an endpoint of a sender that is being registered.
type setUp struct {
	sender *webhooktest.Sender
	guard  *core.Guard
	app    http.Handler
	ran    []string
	handed []string
}

func newSetUp(t *testing.T, c catalogue.Entry, awaiting, handsOver bool, router string) *setUp {
	t.Helper()
	s := &setUp{sender: webhooktest.NewSender(c.Sample())}
	s.sender.Now = func() time.Time { return time.Unix(lifeTime, 0) }
	config := core.Config{
		Endpoint: "setup", Provider: c.Sample(), Replay: memstore.New(), StoreFailure: core.RefuseDelivery,
		Logger: slog.New(slog.DiscardHandler), Now: s.sender.Now,
		PublicURL: registered(c), Setup: core.Setup{VerifyTokens: secrets.Static(webhooktest.VerifyToken)},
	}
	if awaiting {
		config.Setup.AwaitingSecret = true
	} else {
		config.Secrets = secrets.Static(s.sender.Secret())
	}
	if handsOver {
		config.Setup.SecretSink = func(_ context.Context, secret secrets.Secret) error {
			s.handed = append(s.handed, secret.Label())
			return nil
		}
	}
	g, err := core.New(config)
	require.NoError(t, err)
	s.guard = g
	s.app = mounted(router, "/hooks", g, func(e core.Event) error { s.ran = append(s.ran, e.Type); return nil })
	return s
}

// registered is the URL to configure, where the entry needs one.
func registered(c catalogue.Entry) string {
	p, ok := parameter(c, catalogue.PublicURL)
	e, err := entry.Of(c.Sample())
	if ok && p.Required || err == nil && e.Scheme != nil && e.Scheme.Boundary().URL {
		return "https://example.com/hooks"
	}
	return ""
}

func parameter(c catalogue.Entry, name string) (catalogue.Parameter, bool) {
	for _, p := range c.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return catalogue.Parameter{}, false
}

// TestEverySenderCanBeSetUp goes through registration and test of every sender that sends something then: handshakes
// are answered as the provider expects, reach no signal and are no sign of life; test events arrive with their type.
func TestEverySenderCanBeSetUp(t *testing.T) {
	t.Parallel()
	senders, steps := 0, 0
	for _, c := range catalogue.All() {
		all := webhooktest.NewSender(c.Sample()).Setup()
		if len(all) == 0 {
			continue
		}
		senders++
		steps += len(all)
		for n := range all {
			for _, router := range []string{"http", "gin"} {
				t.Run(c.Name+"/"+all[n].When+"/"+router, func(t *testing.T) {
					t.Parallel()
					s := newSetUp(t, c, all[n].Awaiting, all[n].HandsOver, router)
					s.step(t, s.sender.Setup()[n])
				})
			}
		}
	}
	require.Greater(t, senders, 40)
	require.Greater(t, steps, senders)
}

func (s *setUp) step(t *testing.T, step webhooktest.Setup) {
	t.Helper()
	require.NotEmpty(t, step.When)
	before := s.guard.Health()
	w := s.sender.SendSetup(s.app, "/hooks", step)
	require.NoError(t, step.Check(w))
	if step.Handshake || step.Empty {
		require.Empty(t, s.ran, "reached a signal")
	} else {
		require.Contains(t, s.ran, step.Type)
	}
	if step.Handshake {
		after := s.guard.Health()
		require.Equal(t, before.LastProved, after.LastProved, "a handshake is no sign of life")
		require.Equal(t, step.HandsOver, len(s.handed) == 1)
	}
}

// TestASetUpOfAnotherSecretIsRefused: what has to be signed is refused under another key, and reaches nothing.
func TestASetUpOfAnotherSecretIsRefused(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, c := range catalogue.All() {
		forger := webhooktest.NewSender(c.Sample())
		forger.Now = func() time.Time { return time.Unix(lifeTime, 0) }
		for _, step := range forger.Setup() {
			if !step.Signed() || step.Awaiting {
				continue
			}
			refused++
			s := newSetUp(t, c, false, false, "http")
			w := forger.SendSetup(s.app, "/hooks", step)
			require.GreaterOrEqual(t, w.Code, 400, "%s: %s", c.Name, step.When)
			require.Empty(t, s.ran, c.Name)
		}
	}
	require.Greater(t, refused, 30)
}
