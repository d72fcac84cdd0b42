package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func TestTheUseOfSecretsIsShown(t *testing.T) {
	const fresh, old = "made-up-for-tests-0123456789abcdef", "made-up-for-tests-fedcba9876543210"
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	guard, err := core.New(core.Config{
		Endpoint: "hooks",
		Provider: provider.GitLabToken(),
		Secrets: secrets.Labeled(secrets.New("new", fresh),
			secrets.New("old", old).ValidUntil(now.Add(365*24*time.Hour))),
		Replay: core.DangerouslyNoReplay,
		Now:    func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, token := range []string{old, fresh, fresh} {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader("{}"))
		r.Header.Set("X-Gitlab-Token", token)
		handler.ServeHTTP(httptest.NewRecorder(), r)
		now = now.Add(time.Second)
	}
	now = now.Add(30 * 24 * time.Hour)
	const want = `
# HELP webhook_secret_deliveries Deliveries that the secret has proved.
# TYPE webhook_secret_deliveries gauge
webhook_secret_deliveries{endpoint="hooks",secret="new",setting="Secrets",tenant=""} 2
webhook_secret_deliveries{endpoint="hooks",secret="old",setting="Secrets",tenant=""} 1
# HELP webhook_secret_last_matched_timestamp_seconds When the secret proved a delivery last; absent: never.
# TYPE webhook_secret_last_matched_timestamp_seconds gauge
webhook_secret_last_matched_timestamp_seconds{endpoint="hooks",secret="new",setting="Secrets",tenant=""} 1.772366402e+09
webhook_secret_last_matched_timestamp_seconds{endpoint="hooks",secret="old",setting="Secrets",tenant=""} 1.7723664e+09
# HELP webhook_secret_not_after_timestamp_seconds When the secret ends; absent: never.
# TYPE webhook_secret_not_after_timestamp_seconds gauge
webhook_secret_not_after_timestamp_seconds{endpoint="hooks",secret="old",setting="Secrets",tenant=""} 1.8039024e+09
# HELP webhook_secret_safe_to_remove 1: others match, and no retry carries this one any more.
# TYPE webhook_secret_safe_to_remove gauge
webhook_secret_safe_to_remove{endpoint="hooks",secret="new",setting="Secrets",tenant=""} 0
webhook_secret_safe_to_remove{endpoint="hooks",secret="old",setting="Secrets",tenant=""} 1
`
	if err := testutil.CollectAndCompare(newRotation(guard), strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
