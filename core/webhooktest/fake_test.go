package webhooktest_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// run gives the event to a signal and returns it as the signal saw it.
func run(t *testing.T, e core.Event) (seen core.Event, r *http.Request) {
	t.Helper()
	ran := false
	h := httpwebhook.Signal(func(req *http.Request, e core.Event) error {
		ran, seen, r = true, e, req
		return nil
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, webhooktest.Fake(e))
	require.Equal(t, http.StatusOK, w.Code)
	require.True(t, ran)
	return seen, r
}

func TestAFakeCarriesItsEvent(t *testing.T) {
	t.Parallel()
	want := core.Event{
		Endpoint: "shop", Provider: "stripe", ID: "1", Type: "invoice.paid", Action: "x", Tenant: "acme", Attempt: 2,
		Time: time.Unix(5, 7).UTC(), Payload: []byte(`{"a":1}`),
	}
	got, r := run(t, want)
	require.Equal(t, []any{want.Endpoint, want.Provider, want.ID, want.Type, want.Action, want.Tenant, want.Attempt},
		[]any{got.Endpoint, got.Provider, got.ID, got.Type, got.Action, got.Tenant, got.Attempt})
	require.True(t, want.Time.Equal(got.Time))
	require.Equal(t, string(want.Payload), string(got.Payload))
	require.Equal(t, string(want.Payload), string(got.Data))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, want.Payload, body)
	for name := range r.Header {
		require.NotContains(t, name, "Webhooktest")
	}
}

func TestTheDataOfAFake(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, payload, data, wantPayload, wantData string }{
		{"only a payload", `{"a":1}`, "", `{"a":1}`, `{"a":1}`},
		{"only data", "", `{"a":1}`, `{"a":1}`, `{"a":1}`},
		{"neither", "", "", "", ""},
		{"data in the payload", `{"id":"e","data": {"object": {"a":1} }}`, `{"a":1}`,
			`{"id":"e","data": {"object": {"a":1} }}`, `{"a":1}`},
		{"data under an odd name", `{"a/b~c":{"x":[1]}}`, `[1]`, `{"a/b~c":{"x":[1]}}`, `[1]`},
		{"data that is not in the payload", `{"a":1}`, `{"b":2}`, `{"a":1}`, `{"a":1}`},
		{"a payload that is no JSON", `a=1`, `1`, `a=1`, `a=1`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, _ := run(t, core.Event{Payload: []byte(row.payload), Data: []byte(row.data)})
			require.Equal(t, row.wantPayload, string(got.Payload))
			require.Equal(t, row.wantData, string(got.Data))
		})
	}
}

// TestAFakeProvesNothingToAGuard: where the code under test stands behind its guard after all, or a fake gets into a
// program that serves, the guard still wants its own proof.
func TestAFakeProvesNothingToAGuard(t *testing.T) {
	t.Parallel()
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(),
		Secrets: secrets.Static("whsec_made-up-for-tests-0123456789abcdef"),
		Replay:  core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
	})
	require.NoError(t, err)
	for endpoint, want := range map[string]reason.Reason{"stripe": reason.GuardConflict,
		"another": reason.MissingSignature} {
		fake := webhooktest.Fake(core.Event{Provider: "stripe", Endpoint: endpoint, Type: "invoice.paid",
			Payload: []byte(`{"id":"evt_1"}`)})
		_, reply := guard.Receive(httptest.NewRecorder(), fake, adapter.Inbound{})
		require.NotNil(t, reply, endpoint)
		require.Equal(t, want, reply.Rejection.Reason, endpoint)
	}
}
