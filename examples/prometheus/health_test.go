package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func TestARotationGoneWrongIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const old, fresh = "made-up-for-tests-0123456789abcdef", "made-up-for-tests-fedcba9876543210"
		registry := prometheus.NewRegistry()
		stuck := make(chan struct{})
		guard, err := core.New(core.Config{
			Endpoint: "hooks", Provider: provider.GitLabToken(), Secrets: secrets.Static(old),
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
			Observers: []core.Observer{core.ObserverFunc(func(context.Context, core.Record) { <-stuck })},
		})
		if err != nil {
			t.Fatal(err)
		}
		registry.MustRegister(newHealth(guard))
		handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		send := func(token string) {
			r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader("{}"))
			r.Header.Set("X-Gitlab-Token", token)
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
		send(old)
		time.Sleep(90 * time.Second)
		for range 3 { // the provider has the new one, and this endpoint has not
			send(fresh)
		}
		const want = `
# HELP webhook_rejections_in_a_row Failed authentications since a delivery was proved last.
# TYPE webhook_rejections_in_a_row gauge
webhook_rejections_in_a_row{endpoint="hooks",provider="gitlab-token"} 3
# HELP webhook_seconds_since_proved Since a delivery was proved last, or since the start.
# TYPE webhook_seconds_since_proved gauge
webhook_seconds_since_proved{endpoint="hooks",provider="gitlab-token"} 90
# HELP webhook_records_dropped_total Outcomes that the observer did not get, because it was too slow.
# TYPE webhook_records_dropped_total counter
webhook_records_dropped_total{endpoint="hooks",provider="gitlab-token"} 0
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
		for range 2000 {
			send(old)
		}
		dropped := guard.Health().DroppedRecords
		if dropped < 900 || dropped > 1000 {
			t.Errorf("%d records were dropped, of 2004 where 1024 wait", dropped)
		}
		close(stuck)
		if err := guard.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatAReportWouldRefuseIsCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	guard, err := core.New(core.Config{
		Endpoint: "hooks", Provider: provider.GitLabToken(),
		Secrets: secrets.Static("made-up-for-tests-0123456789abcdef"),
		Replay:  core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
		Observers:             []core.Observer{newObserver(registry)},
		DangerouslyReportOnly: []core.Check{core.CheckCredentials},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := httpwebhook.Verify(guard)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader("{}"))
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if err := guard.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const want = `
# HELP webhook_would_refuse_total Refusals that did not take place, because their checks only report.
# TYPE webhook_would_refuse_total counter
webhook_would_refuse_total{check="credentials",endpoint="hooks",reason="missing_credential"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "webhook_would_refuse_total"); err != nil {
		t.Error(err)
	}
}
