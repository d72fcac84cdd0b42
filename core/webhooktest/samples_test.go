package webhooktest_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// sampled are the senders that have samples.
func sampled(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("samples/*.json")
	require.NoError(t, err)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	require.NotEmpty(t, names)
	return names
}

func TestEverySampleIsWhatItsProviderSends(t *testing.T) {
	t.Parallel()
	for _, name := range sampled(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := entryOf(t, name)
			data, err := entry.Of(p)
			require.NoError(t, err)
			sender := webhooktest.NewSender(p)
			guard := newSenderGuard(t, sender, p)
			require.NotEmpty(t, sender.Samples())
			for i, sample := range sender.Samples() {
				d, reply := guard.Receive(httptest.NewRecorder(), sender.Request("/hooks", sample), adapter.Inbound{})
				require.Nil(t, reply, sample.Type)
				events := d.Events()
				require.Equal(t, sample.Type, events[0].Type)
				// Slack's buttons and commands name no event, nor do Postmark but for bounces, and Brevo for mail that
				// was sent.
				message := strings.EqualFold(sample.Type, "inbound")
				nameless := name == "slack" && isForm(sample) || name == "brevo" && !message ||
					slices.Contains([]string{"sendgrid", "sendgrid-inbound", "mandrill", "sparkpost"}, name) &&
						message ||
					name == "postmark" &&
						slices.Contains([]string{"Delivery", "Open", "Click", "SubscriptionChange"}, sample.Type)
				// Events of WeCom have no MsgId, and what HubSpot's workflows ask for is no event.
				nameless = nameless || name == "wecom" && sample.Type == "subscribe" || name == "hubspot-v2"
				require.Equal(t, len(data.Event.ID) > 0 && !nameless, events[0].ID != "", sample.Type)
				// Commands have none, and these two sign the time of the event, which is now.
				timeless := isForm(sample) || name == "discord" || message || name == "kinde" ||
					name == "apple-app-store" || name == "hubspot-v2"
				if len(data.Event.Time) > 0 && !timeless {
					require.Equal(t, 2026, events[0].Time.Year(), sample.Type)
				}
				// The first sample is a batch; others show one event each.
				// those send one at a time as a rule
				if i == 0 && data.Batch != nil && name != "adyen" && name != "brevo" && name != "twilio" {
					require.Greater(t, len(events), 1, sample.Type)
				}
			}
		})
	}
}

// entryOf returns a provider of the samples. Those with keys or topics of their own are made here.
func entryOf(t *testing.T, name string) core.Provider {
	switch name {
	case "amazon-ses":
		return provider.AmazonSES(provider.SNSConfig{Topics: []string{"arn:aws:sns:us-east-1:123456789012:mail"}})
	case "wechat-pay":
		return provider.WeChatPay(provider.WeChatPayConfig{
			APIv3Keys: secrets.Static("an-APIv3-key-of-a-test-32-bytes!"),
		})
	case "dingtalk":
		return provider.DingTalk(provider.DingTalkConfig{OwnerKeys: []string{"ding1"},
			EncodingAESKeys: secrets.Static("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")})
	case "wecom":
		return provider.WeCom(provider.WeComConfig{ReceiveIDs: []string{"ww1"},
			EncodingAESKeys: secrets.Static("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")})
	case "scaleway-tem":
		return provider.ScalewayTEM(provider.ScalewayConfig{Topics: []string{"arn:scw:sns:fr-par:project-1:mail"}})
	}
	e, ok := catalogue.ByName(name)
	require.True(t, ok, "no sender is listed as %s: correct the name, or see \"Add a provider\" (3) in CONTRIBUTING.md",
		name)
	return e.Sample()
}

func isForm(s webhooktest.Sample) bool { return strings.Contains(s.Header.Get("Content-Type"), "form") }

func newSenderGuard(t *testing.T, s *webhooktest.Sender, p core.Provider) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "samples", Provider: p, Secrets: secrets.Static(s.Secret()), Replay: core.DangerouslyNoReplay,
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
		PublicURL: publicOf(p, "https://example.com/hooks"),
	})
	require.NoError(t, err)
	return g
}

func TestEveryFileOfSamplesBelongsToAnEntry(t *testing.T) {
	t.Parallel()
	for _, name := range sampled(t) {
		require.NotEmpty(t, webhooktest.Samples(entryOf(t, name)), name)
	}
	require.Empty(t, webhooktest.Samples(provider.Basic()))
	require.Empty(t, webhooktest.Samples(core.Provider{}))
}

// TestSamplesAreNobodys: what looks like a real key, address or id has no place in them.
func TestSamplesAreNobodys(t *testing.T) {
	t.Parallel()
	for _, name := range sampled(t) {
		for _, s := range webhooktest.Samples(entryOf(t, name)) {
			for _, part := range strings.FieldsFunc(string(s.Body),
				func(c rune) bool { return strings.ContainsRune(` "<>/\=`, c) }) {
				if at := strings.LastIndex(part, "@"); at > 0 && at < len(part)-1 {
					require.True(t, strings.HasPrefix(part[at+1:], "example.com"), part)
				}
			}
		}
	}
}

func TestEachSampleIsNew(t *testing.T) {
	t.Parallel()
	first := webhooktest.Samples(provider.GitHub())[0]
	first.Header.Set("X-GitHub-Event", "changed")
	first.Body[0] = 'x'
	again := webhooktest.Samples(provider.GitHub())[0]
	require.Equal(t, "push", again.Header.Get("X-GitHub-Event"))
	require.True(t, json.Valid(again.Body))
}

// TestASenderForEveryEntry: nobody has to know how a provider's keys look.
func TestASenderForEveryEntry(t *testing.T) {
	t.Parallel()
	for _, p := range provider.All() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			sender := webhooktest.NewSender(p)
			sender.Host, sender.Now = "hooks.example", func() time.Time { return now }
			guard, err := core.New(core.Config{
				Endpoint: "sender", Provider: p, Secrets: secrets.Static(sender.Secret()),
				Replay:       core.DangerouslyNoReplay,
				StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler), Now: sender.Now,
				PublicURL: publicOf(p, "https://hooks.example/hooks"),
			})
			require.NoError(t, err)
			ran := 0
			h := httpwebhook.Verify(guard)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { ran++ }))
			w := sender.Send(h, "/hooks", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)})
			if data, _ := entry.Of(p); data.Batch == nil {
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				require.Equal(t, 1, ran)
			}
			_, reply := guard.Receive(httptest.NewRecorder(),
				sender.Request("/hooks", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)}), adapter.Inbound{})
			require.Nil(t, reply)
			_, reply = guard.Receive(httptest.NewRecorder(),
				webhooktest.NewSender(p).Request("/hooks", webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)}),
				adapter.Inbound{})
			require.NotNil(t, reply, "another sender's keys")
		})
	}
	require.Panics(t, func() { webhooktest.NewSender(core.Provider{}) })
	require.Panics(t, func() { webhooktest.NewSender(provider.HMAC(provider.HMACConfig{})) })
}
