package provider_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func TestASenderOfYourOwnWithAKeyPair(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, algorithm := range []provider.PublicKeyAlgorithm{provider.Ed25519, provider.ECDSAP256SHA256,
		provider.RSASHA256, provider.RSAPSSSHA256} {
		p := provider.PublicKey(provider.PublicKeyConfig{
			Name: "acme", Header: "Acme-Signature", Algorithm: algorithm, Signed: "{id}.{timestamp}.{body}",
			TimestampHeader: "Acme-Time", IDHeader: "Acme-Id", KeyPrefix: "pk_", EventType: "/type",
		})
		public, private := webhooktest.KeyPair(p)
		_, other := webhooktest.KeyPair(p)
		g := guardOf(t, p, public, now)
		d, _ := g.Receive(httptest.NewRecorder(), webhooktest.NewRequest(p, private, "/hooks", `{"type":"a"}`, now),
			adapter.Inbound{})
		require.NotNil(t, d, algorithm)
		require.Equal(t, "a", d.Events()[0].Type)
		require.False(t, accepts(g, webhooktest.NewRequest(p, other, "/hooks", `{"type":"a"}`, now)), algorithm)
		require.False(t, accepts(g, webhooktest.NewRequest(p, private, "/hooks", `{"type":"a"}`, now.Add(-time.Hour))),
			algorithm)
	}
	rows := []struct {
		config provider.PublicKeyConfig
		want   string
	}{
		{provider.PublicKeyConfig{Name: "a", Header: "S"}, "Algorithm"},
		{provider.PublicKeyConfig{Name: "a", Header: "S", Algorithm: "none"}, "none"},
		{provider.PublicKeyConfig{Name: "a", Algorithm: provider.Ed25519}, "PublicKeyConfig needs a Name and a Header"},
		{provider.PublicKeyConfig{Name: "a", Header: "S", Algorithm: provider.Ed25519, KeyEncoding: provider.Text},
			"KeyEncoding"},
		{provider.PublicKeyConfig{Name: "a", Header: "S", Algorithm: provider.Ed25519, Signed: "{method}"}, "{body}"},
	}
	for _, row := range rows {
		_, err := core.New(core.Config{
			Endpoint: "own", Provider: provider.PublicKey(row.config), Secrets: secrets.Static("x"),
			Replay: core.DangerouslyNoReplay,
		})
		require.ErrorContains(t, err, row.want)
	}
}
