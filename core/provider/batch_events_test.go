package provider_test

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// item is what one event of a batch says.
type item struct {
	id, kind, action string
	timed            bool   // at ownTime
	data             string // where the entry knows it
}

// batchRow is a delivery of two events, as it is documented, in pieces.
type batchRow struct {
	before, after string
	first, second string
	items         [2]item
}

func batchRows() map[string]batchRow {
	return map[string]batchRow{
		"adyen": {
			`{"live":"false","notificationItems":[`, `]}`,
			`{"NotificationRequestItem":{"eventCode":"AUTHORISATION","pspReference":"1","success":"true","eventDate":"2026-03-01T12:00:00Z"}}`,
			`{"NotificationRequestItem":{"eventCode":"CAPTURE","pspReference":"1","success":"true","eventDate":"2026-03-01T12:00:00Z"}}`,
			[2]item{{"1", "AUTHORISATION", "", true, ""}, {"1", "CAPTURE", "", true, ""}},
		},
		"asana": {
			`{"events":[`, `]}`,
			`{"action":"changed","created_at":"2026-03-01T12:00:00Z","resource":{"gid":"1","resource_type":"task"}}`,
			`{"action":"added","created_at":"2026-03-01T12:00:00Z","resource":{"gid":"2","resource_type":"story"}}`,
			[2]item{{"", "task", "changed", true, ""}, {"", "story", "added", true, ""}},
		},
		"azure-event-grid": {
			`[`, `]`,
			`{"id":"1","eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-03-01T12:00:00Z","data":{"a":1}}`,
			`{"id":"2","eventType":"Microsoft.Storage.BlobDeleted","eventTime":"2026-03-01T12:00:00Z","data":{"a":2}}`,
			[2]item{{"1", "Microsoft.Storage.BlobCreated", "", true, `{"a":1}`},
				{"2", "Microsoft.Storage.BlobDeleted", "", true, `{"a":2}`}},
		},
		"azure-event-grid-cloudevents": cloudEventsRow(),
		"cloudevents":                  cloudEventsRow(),
		"brevo": {
			`[`, `]`,
			`{"id":1,"event":"delivered","email":"a@b.c","ts_epoch":1772366400000}`,
			`{"id":2,"event":"hardBounce","email":"d@e.f","ts_epoch":1772366400000}`,
			[2]item{{"", "delivered", "", true, ""}, {"", "hardBounce", "", true, ""}},
		},
		"twilio": {
			`[`, `]`,
			`{"specversion":"1.0","id":"EZ1","type":"com.twilio.messaging.message.delivered","time":"2026-03-01T12:00:00Z"}`,
			`{"specversion":"1.0","id":"EZ2","type":"com.twilio.messaging.message.sent","time":"2026-03-01T12:00:00Z"}`,
			[2]item{{"EZ1", "com.twilio.messaging.message.delivered", "", true, ""},
				{"EZ2", "com.twilio.messaging.message.sent", "", true, ""}},
		},
		"microsoft-graph": {
			`{"value":[`, `]}`,
			`{"id":"1","clientState":"an-accepted-secret-of-32-bytes!!","changeType":"created","resourceData":{"id":"a"}}`,
			`{"id":"2","clientState":"an-accepted-secret-of-32-bytes!!","changeType":"updated","lifecycleEvent":"missed"}`,
			[2]item{{"1", "created", "", false, `{"id":"a"}`}, {"2", "missed", "", false, ""}},
		},
		"sharepoint": {
			`{"value":[`, `]}`,
			`{"clientState":"an-accepted-secret-of-32-bytes!!","resource":"a"}`,
			`{"clientState":"an-accepted-secret-of-32-bytes!!","resource":"b"}`,
			[2]item{},
		},
		"gocardless": {
			`{"events":[`, `],"meta":{"webhook_id":"WB1"}}`,
			`{"id":"EV1","created_at":"2026-03-01T12:00:00.000Z","resource_type":"payments","action":"confirmed"}`,
			`{"id":"EV2","created_at":"2026-03-01T12:00:00.000Z","resource_type":"mandates","action":"created"}`,
			[2]item{{"EV1", "payments", "confirmed", true, ""}, {"EV2", "mandates", "created", true, ""}},
		},
		"hubspot": {
			`[`, `]`,
			`{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":4,"occurredAt":1772366400000,"subscriptionType":"contact.creation","attemptNumber":0}`,
			`{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":5,"occurredAt":1772366400000,"subscriptionType":"contact.deletion","attemptNumber":0}`,
			[2]item{{"1", "contact.creation", "", true, ""}, {"1", "contact.deletion", "", true, ""}},
		},
		"hubspot-v1": {
			`[`, `]`,
			`{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":4,"occurredAt":1772366400000,"subscriptionType":"contact.creation","attemptNumber":0}`,
			`{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":5,"occurredAt":1772366400000,"subscriptionType":"contact.deletion","attemptNumber":0}`,
			[2]item{{"1", "contact.creation", "", true, ""}, {"1", "contact.deletion", "", true, ""}},
		},
		"line": {
			`{"destination":"U1","events":[`, `]}`,
			`{"type":"message","webhookEventId":"01FZ1","timestamp":1772366400000}`,
			`{"type":"follow","webhookEventId":"01FZ2","timestamp":1772366400000}`,
			[2]item{{"01FZ1", "message", "", true, ""}, {"01FZ2", "follow", "", true, ""}},
		},
		"mailjet": {
			`[`, `]`,
			`{"event":"sent","time":1772366400,"MessageID":1}`,
			`{"event":"open","time":1772366400,"MessageID":1}`,
			[2]item{{"", "sent", "", true, ""}, {"", "open", "", true, ""}},
		},
		"mailtrap": {
			`{"events":[`, `]}`,
			`{"event":"delivery","event_id":"1","timestamp":1772366400}`,
			`{"event":"open","event_id":"2","timestamp":1772366400}`,
			[2]item{{"1", "delivery", "", true, ""}, {"2", "open", "", true, ""}},
		},
		"mandrill": {
			`[`, `]`,
			`{"event":"send","_id":"1","ts":1772366400}`,
			`{"event":"open","_id":"1","ts":1772366400}`,
			[2]item{{"1", "send", "", true, ""}, {"1", "open", "", true, ""}},
		},
		"meta": {
			`{"object":"page","entry":[`, `]}`,
			`{"id":"1","time":1772366400,"changes":[{"field":"feed"}]}`,
			`{"id":"2","time":1772366400,"changes":[{"field":"messages"}]}`,
			[2]item{{"", "feed", "", false, ""}, {"", "messages", "", false, ""}},
		},
		"okta": {
			`{"eventType":"com.okta.event_hook","data":{"events":[`, `]}}`,
			`{"uuid":"1","eventType":"user.session.start","published":"2026-03-01T12:00:00.000Z"}`,
			`{"uuid":"2","eventType":"user.session.end","published":"2026-03-01T12:00:00.000Z"}`,
			[2]item{{"1", "user.session.start", "", true, ""}, {"2", "user.session.end", "", true, ""}},
		},
		"quickbooks": {
			`[`, `]`,
			`{"specversion":"1.0","id":"1","type":"qbo.invoice.created.v1","time":"2026-03-01T12:00:00Z","data":{"a":1}}`,
			`{"specversion":"1.0","id":"2","type":"qbo.invoice.deleted.v1","time":"2026-03-01T12:00:00Z","data":{}}`,
			[2]item{{"1", "qbo.invoice.created.v1", "", true, `{"a":1}`},
				{"2", "qbo.invoice.deleted.v1", "", true, `{}`}},
		},
		"sendgrid": {
			`[`, `]`,
			`{"email":"a@example.com","event":"delivered","sg_event_id":"1","timestamp":1772366400}`,
			`{"email":"a@example.com","event":"open","sg_event_id":"2","timestamp":1772366400}`,
			[2]item{{"1", "delivered", "", true, ""}, {"2", "open", "", true, ""}},
		},
		"sparkpost": {
			`[`, `]`,
			`{"msys":{"message_event":{"event_id":"1","type":"delivery","timestamp":"1772366400"}}}`,
			`{"msys":{"track_event":{"event_id":"2","type":"click","timestamp":"1772366400"}}}`,
			[2]item{{"1", "delivery", "", true, ""}, {"2", "click", "", true, ""}},
		},
		"sparkpost-relay": {
			`[`, `]`,
			`{"msys":{"relay_message":{"rcpt_to":"a@example.com","msg_from":"b@example.com"}}}`,
			`{"msys":{"relay_message":{"rcpt_to":"c@example.com","msg_from":"b@example.com"}}}`,
			[2]item{{"", "inbound", "", false, ""}, {"", "inbound", "", false, ""}},
		},
		"unisender-go": {
			`{"auth":"00000000000000000000000000000000","events_by_user":[{"user_id":1,"events":[`, `]}]}`,
			`{"event_name":"transactional_email_status","event_data":{"job_id":"1","status":"sent"}}`,
			`{"event_name":"transactional_spam_block","event_data":{"block_type":"one_smtp"}}`,
			[2]item{
				{"", "transactional_email_status", "sent", false, `{"job_id":"1","status":"sent"}`},
				{"", "transactional_spam_block", "", false, `{"block_type":"one_smtp"}`},
			},
		},
		"xero": {
			`{"events":[`, `],"firstEventSequence":1,"lastEventSequence":2,"entropy":"S0m3r4Nd0mt3xt"}`,
			`{"eventCategory":"INVOICE","eventType":"UPDATE","eventDateUtc":"2026-03-01T12:00:00.000"}`,
			`{"eventCategory":"CONTACT","eventType":"CREATE","eventDateUtc":"2026-03-01T12:00:00Z"}`,
			[2]item{{"", "INVOICE", "UPDATE", true, ""}, {"", "CONTACT", "CREATE", true, ""}},
		},
	}
}

func cloudEventsRow() batchRow {
	return batchRow{
		`[`, `]`,
		`{"specversion":"1.0","id":"1","source":"/a","type":"a.created","time":"2026-03-01T12:00:00Z","data":{"a":1}}`,
		`{"specversion":"1.0","id":"1","source":"/b","type":"a.deleted","time":"2026-03-01T12:00:00Z","data":{}}`,
		[2]item{{"1", "a.created", "", true, `{"a":1}`}, {"1", "a.deleted", "", true, `{}`}},
	}
}

// TestWhatTheEventsOfABatchSay: each event of a delivery has its own details and its own identity, which is the same in
// another delivery with other neighbours.
func TestWhatTheEventsOfABatchSay(t *testing.T) {
	t.Parallel()
	rows := batchRows()
	maps.Copy(rows, platformsBatchRows())
	for _, s := range everySender(t) {
		p, e := s.provider, s.entry
		row, ok := rows[p.Name()]
		require.Equal(t, e.Batch != nil, ok, "%s: a row for every entry that splits, and for no other", p.Name())
		if !ok {
			continue
		}
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardAt(t, p, secretFor(p), "", time.Unix(ownTime, 0))
			receive := func(items ...string) []core.Event {
				t.Helper()
				body, h := row.before+strings.Join(items, ",")+row.after,
					map[string]string{"Content-Type": "application/json"}
				if field := e.Event.PayloadForm; field != "" {
					body, h = field+"="+url.QueryEscape(body), nil
				}
				d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, h), adapter.Inbound{})
				require.Nil(t, reply)
				return d.Events()
			}
			events := receive(row.first, row.second)
			require.Len(t, events, 2)
			for i, want := range row.items {
				got := events[i]
				require.Equal(t, want,
					item{got.ID, got.Type, got.Action, got.Time.Equal(time.Unix(ownTime, 0)), want.data}, "event %d", i)
				if want.data != "" {
					require.JSONEq(t, want.data, string(got.Data))
				}
				require.Equal(t, e.Identity.Kind == entry.None, got.Identity.IsZero())
			}
			if e.Identity.Kind == entry.None {
				return
			}
			require.NotEqual(t, events[0].Identity, events[1].Identity)
			swapped := receive(row.second, row.first)
			require.Equal(t, events[0].Identity, swapped[1].Identity)
			require.Equal(t, events[1].Identity, swapped[0].Identity)
			alone := receive(row.second)
			require.Len(t, alone, 1)
			require.Equal(t, events[1].Identity, alone[0].Identity)
		})
	}
}

// TestWhatIsNoListIsOneEvent: a proved body that does not split as it is documented is one event with the raw body, so
// that nothing is lost. Where the signature sits in each item of the list, or in the body, that list has to be there.
func TestWhatIsNoListIsOneEvent(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		if e.Batch == nil || e.Event.PayloadForm != "" || e.Credential.Items != "" || e.Scheme != nil &&
			len(e.Scheme.Signature.Headers) == 0 {
			continue
		}
		checked++
		public := publicOf(p)
		if e.Scheme != nil && e.Scheme.Boundary().JSON {
			public = everyURL // otherwise JSON alone ends the URL
		}
		g := guardAt(t, p, secretFor(p), public, time.Unix(ownTime, 0))
		odds := []string{`{"a":"b"}`, `"text"`, `[1`, ``}
		if e.Scheme != nil && e.Scheme.Signed[0].Grammar == entry.WholeJSON {
			odds = odds[:1] // anything else has no end that the signature shows
		}
		for _, odd := range odds {
			d, reply := g.Receive(httptest.NewRecorder(),
				signedRequest(t, p, odd, map[string]string{"Content-Type": "application/json"}), adapter.Inbound{})
			require.Nil(t, reply, p.Name())
			require.Len(t, d.Events(), 1, "%s: %s", p.Name(), odd)
			require.Equal(t, odd, string(d.Events()[0].Payload))
		}
	}
	require.NotZero(t, checked)
}

// TestUnisenderGosEventsAreThoseOfEveryUser: the list is one of users, documented to be of one; none is dropped.
func TestUnisenderGosEventsAreThoseOfEveryUser(t *testing.T) {
	t.Parallel()
	p := provider.UnisenderGo()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	for body, want := range map[string][]string{
		`{"auth":"","events_by_user":[{"events":[{"event_name":"a"},{"event_name":"b"}]},{"events":[{"event_name":"c"}]}]}`: {"a", "b", "c"},
		`{"auth":"","events_by_user":[{"events":[]},{"event_name":"d"}]}`:                                                   {"d"},
		`{"auth":"","events_by_user":[]}`: {},
		`{"auth":"","event_name":"e"}`:    {"e"},
	} {
		d, reply := g.Receive(httptest.NewRecorder(),
			signedRequest(t, p, body, map[string]string{"Content-Type": "application/json"}), adapter.Inbound{})
		require.Nil(t, reply, body)
		types := []string{}
		for _, e := range d.Events() {
			types = append(types, e.Type)
		}
		require.Equal(t, want, types, body)
	}
}

// TestXerosTimesAreInUTC: Xero documents "2025-10-21T01:15:39.902", in UTC by the name of the field, and nothing after
// it.
func TestXerosTimesAreInUTC(t *testing.T) {
	t.Parallel()
	p := provider.Xero()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	for _, row := range []struct{ name, text, want string }{
		{"no zone", "2026-03-01T12:00:00", "2026-03-01T12:00:00Z"},
		{"no zone, and a fraction", "2026-03-01T12:00:00.902", "2026-03-01T12:00:00.902Z"},
		{"a zone, if one is ever sent", "2026-03-01T13:00:00.5+01:00", "2026-03-01T12:00:00.5Z"},
		{"a space for the T", "2026-03-01 12:00:00", "0001-01-01T00:00:00Z"},
		{"a day alone", "2026-03-01", "0001-01-01T00:00:00Z"},
		{"a month that is none", "2026-13-01T12:00:00", "0001-01-01T00:00:00Z"},
	} {
		body := `{"events":[{"eventCategory":"INVOICE","eventType":"UPDATE","eventDateUtc":"` + row.text + `"}]}`
		d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, nil), adapter.Inbound{})
		require.Nil(t, reply, row.name)
		at := d.Events()[0].Time
		require.Equal(t, row.want, at.UTC().Format(time.RFC3339Nano), row.name)
		require.Equal(t, !at.IsZero(), d.Events()[0].Authenticated.Time, row.name)
	}
}
