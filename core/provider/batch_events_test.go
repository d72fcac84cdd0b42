package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// item is what one event of a batch says.
type item struct {
	id, kind, action string
	timed            bool   // at ownTime
	data             string // where the entry knows it
}

// batchRows are deliveries as they are documented, and their events. Every row has two, which differ.
func batchRows() map[string]struct {
	body  string
	items [2]item
} {
	return map[string]struct {
		body  string
		items [2]item
	}{
		"asana": {
			`{"events":[{"action":"changed","created_at":"2026-03-01T12:00:00Z","resource":{"gid":"1","resource_type":"task"}},{"action":"added","created_at":"2026-03-01T12:00:00Z","resource":{"gid":"2","resource_type":"story"}}]}`,
			[2]item{{"", "task", "changed", true, ""}, {"", "story", "added", true, ""}},
		},
		"azure-event-grid": {
			`[{"id":"1","eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-03-01T12:00:00Z","data":{"a":1}},{"id":"2","eventType":"Microsoft.Storage.BlobDeleted","eventTime":"2026-03-01T12:00:00Z","data":{"a":2}}]`,
			[2]item{{"1", "Microsoft.Storage.BlobCreated", "", true, `{"a":1}`}, {"2", "Microsoft.Storage.BlobDeleted", "", true, `{"a":2}`}},
		},
		"gocardless": {
			`{"events":[{"id":"EV1","created_at":"2026-03-01T12:00:00.000Z","resource_type":"payments","action":"confirmed"},{"id":"EV2","created_at":"2026-03-01T12:00:00.000Z","resource_type":"mandates","action":"created"}],"meta":{"webhook_id":"WB1"}}`,
			[2]item{{"EV1", "payments", "confirmed", true, ""}, {"EV2", "mandates", "created", true, ""}},
		},
		"line": {
			`{"destination":"U1","events":[{"type":"message","webhookEventId":"01FZ1","timestamp":1772366400000},{"type":"follow","webhookEventId":"01FZ2","timestamp":1772366400000}]}`,
			[2]item{{"01FZ1", "message", "", true, ""}, {"01FZ2", "follow", "", true, ""}},
		},
		"mailjet": {
			`[{"event":"sent","time":1772366400,"MessageID":1},{"event":"open","time":1772366400,"MessageID":1}]`,
			[2]item{{"", "sent", "", true, ""}, {"", "open", "", true, ""}},
		},
		"mailtrap": {
			`{"events":[{"event":"delivery","event_id":"1","timestamp":1772366400},{"event":"open","event_id":"2","timestamp":1772366400}]}`,
			[2]item{{"1", "delivery", "", true, ""}, {"2", "open", "", true, ""}},
		},
		"meta": {
			`{"object":"page","entry":[{"id":"1","time":1772366400,"changes":[{"field":"feed"}]},{"id":"2","time":1772366400,"changes":[{"field":"messages"}]}]}`,
			[2]item{{"", "feed", "", false, ""}, {"", "messages", "", false, ""}},
		},
		"okta": {
			`{"eventType":"com.okta.event_hook","data":{"events":[{"uuid":"1","eventType":"user.session.start","published":"2026-03-01T12:00:00.000Z"},{"uuid":"2","eventType":"user.session.end","published":"2026-03-01T12:00:00.000Z"}]}}`,
			[2]item{{"1", "user.session.start", "", true, ""}, {"2", "user.session.end", "", true, ""}},
		},
		"quickbooks": {
			`[{"specversion":"1.0","id":"1","type":"qbo.invoice.created.v1","time":"2026-03-01T12:00:00Z","data":{"a":1}},{"specversion":"1.0","id":"2","type":"qbo.invoice.deleted.v1","time":"2026-03-01T12:00:00Z","data":{}}]`,
			[2]item{{"1", "qbo.invoice.created.v1", "", true, `{"a":1}`}, {"2", "qbo.invoice.deleted.v1", "", true, `{}`}},
		},
		"sparkpost": {
			`[{"msys":{"message_event":{"event_id":"1","type":"delivery","timestamp":"1772366400"}}},{"msys":{"track_event":{"event_id":"2","type":"click","timestamp":"1772366400"}}}]`,
			[2]item{{"1", "delivery", "", true, ""}, {"2", "click", "", true, ""}},
		},
		"xero": {
			`{"events":[{"eventCategory":"INVOICE","eventType":"UPDATE","eventDateUtc":"2026-03-01T12:00:00Z"},{"eventCategory":"CONTACT","eventType":"CREATE","eventDateUtc":"2026-03-01T12:00:00Z"}],"firstEventSequence":1,"lastEventSequence":2,"entropy":"S0m3r4Nd0mt3xt"}`,
			[2]item{{"", "INVOICE", "UPDATE", true, ""}, {"", "CONTACT", "CREATE", true, ""}},
		},
	}
}

// TestWhatTheEventsOfABatchSay: each event of a delivery has its own details and its own identity, which is the same in
// another delivery with other neighbours.
func TestWhatTheEventsOfABatchSay(t *testing.T) {
	t.Parallel()
	rows := batchRows()
	for _, p := range provider.All() {
		e, err := core.EntryOf(p)
		require.NoError(t, err)
		row, ok := rows[p.Name()]
		require.Equal(t, e.Batch != nil, ok, "%s: a row for every entry that splits, and for no other", p.Name())
		if !ok {
			continue
		}
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
			receive := func(body string) *core.Delivery {
				d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, map[string]string{"Content-Type": "application/json"}), core.Inbound{})
				require.Nil(t, reply)
				return d
			}
			events := receive(row.body).Events()
			require.Len(t, events, 2)
			for i, want := range row.items {
				got := events[i]
				require.Equal(t, want, item{got.ID, got.Type, got.Action, got.Time.Equal(time.Unix(ownTime, 0)), want.data}, "event %d", i)
				if want.data != "" {
					require.Equal(t, want.data, string(got.Data))
				}
				require.Contains(t, row.body, string(got.Payload))
			}
			require.NotEqual(t, events[0].Identity, events[1].Identity)
			require.False(t, events[0].Identity.IsZero())

			first, second := string(events[0].Payload), string(events[1].Payload)
			require.Contains(t, row.body, first+","+second)
			swapped := receive(strings.Replace(row.body, first+","+second, second+","+first, 1)).Events()
			require.Equal(t, events[0].Identity, swapped[1].Identity)
			require.Equal(t, events[1].Identity, swapped[0].Identity)
			alone := receive(strings.Replace(row.body, first+",", "", 1)).Events()
			require.Len(t, alone, 1)
			require.Equal(t, events[1].Identity, alone[0].Identity)

			// What is no list as it is documented is one event with the raw body: nothing is lost.
			for _, odd := range []string{`{"a":"b"}`, `"text"`, `[1`, ``} {
				some := receive(odd).Events()
				require.Len(t, some, 1, odd)
				require.Equal(t, odd, string(some[0].Payload))
			}
			_, reply := g.Receive(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(row.body)), core.Inbound{})
			require.NotNil(t, reply, "unsigned")
		})
	}
}
