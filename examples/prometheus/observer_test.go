package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func TestOutcomesAreCountedByTheSecretThatMatched(t *testing.T) {
	registry := prometheus.NewRegistry()
	guard, err := core.New(core.Config{
		Endpoint:  "hooks",
		Provider:  provider.GitLabToken(),
		Secrets:   secrets.Labeled(secrets.New("old", "made-up-for-tests-0123456789abcdef")),
		Replay:    core.DangerouslyNoReplay,
		Observers: []core.Observer{newObserver(registry)},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
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

// What senders make up must make no series: 10,000 methods, types and ids leave their number as it was after a few.
func TestSendersMakeNoSeries(t *testing.T) {
	const secret = "made-up-for-tests-0123456789abcdef"
	registry := prometheus.NewRegistry()
	guard, err := core.New(core.Config{
		Endpoint: "hooks", Provider: provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig", EventID: "/id",
			EventType: "/type"}),
		Secrets: secrets.Static(secret), Replay: core.DangerouslyNoReplay,
		Observers: []core.Observer{newObserver(registry)},
		Logger:    slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		RateLimit: core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	series := func(from, to int) int {
		for n := from; n < to; n++ {
			body := fmt.Sprintf(`{"id":"%d","type":"type.%d"}`, n, n)
			r := httptest.NewRequest(http.MethodPost, fmt.Sprintf("/hooks/%d", n), strings.NewReader(body))
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(body))
			r.Header.Set("X-Sig", hex.EncodeToString(mac.Sum(nil)))
			r.RemoteAddr = fmt.Sprintf("[2001:db8:%x::1]:1", n)
			switch n % 3 {
			case 0:
				r.Method = fmt.Sprintf("M%d", n)
			case 1:
				r.Header.Set("X-Sig", fmt.Sprintf("%064d", n))
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if n%500 == 0 { // so that nothing is dropped
				if err := guard.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := guard.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		return testutil.CollectAndCount(registry)
	}
	few := series(0, 100)
	if many := series(100, 10_000); few != 4 || many != few {
		t.Errorf("%d series after 100 requests and %d after 10,000, want 4: three outcomes and a histogram", few, many)
	}
}
