package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

func TestOutcomesAreCountedByTheSecretThatMatched(t *testing.T) {
	registry := prometheus.NewRegistry()
	guard, err := core.New(core.Config{
		Endpoint: "hooks",
		Provider: provider.GitLabToken(),
		Secrets:  core.LabeledSecrets(core.NewSecret("old", "made-up-for-tests-0123456789abcdef")),
		Replay:   core.DangerouslyNoReplay,
		Observer: newObserver(registry),
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := core.Handler(guard, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, token := range []string{"made-up-for-tests-0123456789abcdef", "wrong", "wrong"} {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader("{}"))
		r.Header.Set("X-Gitlab-Token", token)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := guard.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	const want = `
# HELP webhook_deliveries_total Webhook deliveries by outcome and by the label of the secret that matched.
# TYPE webhook_deliveries_total counter
webhook_deliveries_total{endpoint="hooks",provider="gitlab-token",reason="accepted",secret="old"} 1
webhook_deliveries_total{endpoint="hooks",provider="gitlab-token",reason="bad_credential",secret=""} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "webhook_deliveries_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(registry, "webhook_delivery_duration_seconds"); n != 1 {
		t.Errorf("%d histograms, want one for the endpoint", n)
	}
}
