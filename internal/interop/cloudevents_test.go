package interop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/dapr/components-contrib/pubsub"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
)

const sender = "sender.example.com"

// TestCloudEvents lets the SDK write events in each content mode, which the guard has to read as the SDK meant them.
func TestCloudEvents(t *testing.T) {
	t.Parallel()
	guard := (&comparison{peer: peer{provider: provider.CloudEvents(sender)}, t: t}).newGuard(sampleSecrets()[0])
	for _, b := range objects() {
		e := cloudevents.NewEvent()
		e.SetID("event-1")
		e.SetSource("/shops/Zürich")
		e.SetType("com.example.thing.done")
		e.SetTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		require.NoError(t, e.SetData(event.ApplicationJSON, json.RawMessage(b.text)))
		for mode, force := range map[string]func(*http.Request) error{
			"binary": func(r *http.Request) error {
				return cehttp.WriteRequest(binding.WithForceBinary(t.Context()), binding.ToMessage(&e), r)
			},
			"structured": func(r *http.Request) error {
				return cehttp.WriteRequest(binding.WithForceStructured(t.Context()), binding.ToMessage(&e), r)
			},
			"batched": func(r *http.Request) error {
				made, err := cehttp.NewHTTPRequestFromEvents(t.Context(), hooksURL, []event.Event{e, e})
				if err != nil {
					return err
				}
				r.Header, r.Body, r.ContentLength = made.Header, made.Body, made.ContentLength
				return nil
			},
		} {
			r := httptest.NewRequest(http.MethodPost, hooksURL, nil)
			require.NoError(t, force(r), mode)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			bare := r.Clone(t.Context())
			bare.Body = io.NopCloser(bytes.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+sampleSecrets()[0].signing)
			if len(body) > 1<<20 {
				continue // beyond what the guard takes: the envelope came on top of 1 MiB
			}
			d, reply := guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, reply, "%s in %s mode", b.name, mode)
			for _, got := range d.Events() {
				require.Equal(t, []string{"event-1", "com.example.thing.done"}, []string{got.ID, got.Type},
					"%s in %s mode", b.name, mode)
				require.True(t, e.Time().Equal(got.Time))
				var ours, theirs any
				require.NoError(t, json.Unmarshal(got.Data, &ours), "%s in %s mode", b.name, mode)
				require.NoError(t, json.Unmarshal(e.Data(), &theirs))
				require.Equal(t, theirs, ours)
			}
			require.Equal(t, mode == "batched", len(d.Events()) == 2)
			_, reply = guard.Receive(httptest.NewRecorder(), bare, adapter.Inbound{})
			require.NotNil(t, reply, "without a token")
		}
	}
}

// TestDapr lets Dapr wrap what was published to it, as its sidecar does before it posts to a subscriber. The bearer
// token is of what stands between the two: Dapr itself presents the app's token in a header of its own.
func TestDapr(t *testing.T) {
	t.Parallel()
	guard := (&comparison{peer: peer{provider: provider.CloudEvents(sender)}, t: t}).newGuard(sampleSecrets()[0])
	for _, b := range bodies() {
		for _, contentType := range []string{b.contentType, "text/plain", "application/octet-stream"} {
			envelope := pubsub.NewCloudEventsEnvelope("event-1", "orders", "com.example.thing.done", "", "things",
				"pubsub", contentType, []byte(b.text), "", "")
			body, err := json.Marshal(envelope)
			require.NoError(t, err)
			if len(body) > 1<<20 {
				continue // beyond what the guard takes: the envelope came on top of 1 MiB
			}
			r := httptest.NewRequest(http.MethodPost, hooksURL, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/cloudevents+json")
			r.Header.Set("Authorization", "Bearer "+sampleSecrets()[0].signing)
			d, reply := guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, reply, "%s as %s", b.name, contentType)
			require.Len(t, d.Events(), 1)
			got := d.Events()[0]
			require.Equal(t, []string{"event-1", "com.example.thing.done"}, []string{got.ID, got.Type}, "%s as %s",
				b.name, contentType)
			require.Equal(t, envelope["time"], got.Time.Format(time.RFC3339), "%s as %s", b.name, contentType)
			read, err := pubsub.FromCloudEvent(got.Payload, "things", "pubsub", "", "")
			require.NoError(t, err, "%s as %s", b.name, contentType)
			again, err := json.Marshal(read)
			require.NoError(t, err)
			require.JSONEq(t, string(body), string(again), "%s as %s", b.name, contentType)
		}
	}
}

// TestConsentToCloudEvents asks the SDK's receiver and the guard for consent, as a sender does before it delivers.
func TestConsentToCloudEvents(t *testing.T) {
	t.Parallel()
	p, err := cehttp.New(cehttp.WithDefaultOptionsHandlerFunc([]string{http.MethodPost}, 100, []string{sender}, false))
	require.NoError(t, err)
	guard := (&comparison{peer: peer{provider: provider.CloudEvents(sender)}, t: t}).newGuard(sampleSecrets()[0])
	for _, row := range []struct {
		name, origin string
		ours, theirs bool
		why          string
	}{
		{"the sender that is listed", sender, true, true, ""},
		{"another", "other.example.com", false, false, ""},
		{"nobody", "", false, false, ""},
		{"a name that begins with the sender's", sender + ".attacker.example", false, true,
			"the library compares the beginning, which says nothing of who owns a name"},
	} {
		r := httptest.NewRequest(http.MethodOptions, hooksURL, nil)
		if row.origin != "" {
			r.Header.Set("WebHook-Request-Origin", row.origin)
		}
		w := httptest.NewRecorder()
		p.OptionsHandler(w, r.Clone(t.Context()))
		require.Equal(t, row.theirs, w.Code == http.StatusOK && w.Header().Get("WebHook-Allowed-Origin") != "",
			row.name)
		_, reply := guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.NotNil(t, reply)
		allowed := reply.Rejection == nil && reply.Header().Get("WebHook-Allowed-Origin") == row.origin
		require.Equal(t, row.ours, allowed, row.name)
		require.Equal(t, row.ours != row.theirs, row.why != "", row.name)
	}
}
