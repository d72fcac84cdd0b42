package provider_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestScalewayTEM: the canonical form itself is proved by Amazon's recorded messages, in the tests of aws-sns.
func TestScalewayTEM(t *testing.T) {
	t.Parallel()
	const topic = "arn:scw:sns:fr-par:project-1f9f5d9c-0a8e-4c4d-8a31-111111111111:mails"
	now := time.Unix(1772366400, 0)
	p := provider.ScalewayTEM(provider.ScalewayConfig{Topics: []string{topic}})
	public, private := webhooktest.KeyPair(p)
	guard := func(p core.Provider) *core.Guard {
		g, err := core.New(core.Config{
			Endpoint: "scaleway", Provider: p, Secrets: secrets.Static(public), Replay: core.DangerouslyNoReplay,
			Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		})
		require.NoError(t, err)
		return g
	}
	r := webhooktest.NewRequest(p, private, "https://example.com/hooks",
		`{"Message":"{\"id\":\"1\",\"type\":\"email_delivered\"}"}`, now)
	d, reply := guard(p).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Nil(t, reply)
	require.Equal(t, "email_delivered", d.Events()[0].Type)
	other := provider.ScalewayTEM(provider.ScalewayConfig{Topics: []string{strings.Replace(topic, "mails", "other",
		1)}})
	r = webhooktest.NewRequest(p, private, "https://example.com/hooks", `{}`, now)
	_, reply = guard(other).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Equal(t, reason.WrongRecipient, reply.Rejection.Reason)
	for _, topics := range [][]string{nil, {"mails"}, {"arn:aws:sns:eu-west-1:123456789012:mails"},
		{"arn:scw:sns:fr-par:project-1:*"}} {
		_, err := core.New(core.Config{
			Endpoint: "x", Provider: provider.ScalewayTEM(provider.ScalewayConfig{Topics: topics}),
			Secrets: secrets.Static(public),
			Replay:  core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
		})
		require.ErrorContains(t, err, "Topics")
	}
}
