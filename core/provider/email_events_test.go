package provider_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// TestWhatEmailSendersSay: id, type, action and time of tracking events and of messages that come in.
func TestWhatEmailSendersSay(t *testing.T) {
	t.Parallel()
	at := time.Unix(ownTime, 0)
	type said struct{ id, kind, action string }
	for _, row := range []struct {
		name     string
		provider core.Provider
		body     string
		want     said
		at       time.Time
	}{
		{"a bounce of Postmark", provider.Postmark(),
			`{"RecordType":"Bounce","ID":4323372036854775807,"Type":"HardBounce","MessageID":"m","BouncedAt":"2026-03-01T07:00:00.0000000-05:00"}`,
			said{"4323372036854775807", "Bounce", "HardBounce"}, at},
		{"an open of Postmark, whose MessageID is that of the message", provider.Postmark(),
			`{"RecordType":"Open","MessageID":"m","ReceivedAt":"2026-03-01T12:00:00Z"}`, said{"", "Open", ""}, at},
		{"a delivery of Postmark", provider.Postmark(),
			`{"RecordType":"Delivery","DeliveredAt":"2026-03-01T12:00:00Z"}`,
			said{"", "Delivery", ""}, at},
		{"a subscription change of Postmark", provider.Postmark(),
			`{"RecordType":"SubscriptionChange","ChangedAt":"2026-03-01T12:00:00Z"}`,
			said{"", "SubscriptionChange", ""}, at},
		{"a message to Postmark", provider.Postmark(), `{"FromFull":{"Email":"a@example.com"},"MessageID":"m"}`,
			said{"m", "Inbound", ""}, time.Time{}},
		{"MailerSend's version 1", provider.MailerSend(),
			`{"type":"activity.sent","created_at":"2026-03-01T12:00:09Z","data":{"id":"1","created_at":"2026-03-01T12:00:00.000000Z"}}`,
			said{"1", "activity.sent", ""}, at},
		{"MailerSend's version 2", provider.MailerSend(),
			`{"type":"activity.sent","created_at":"2026-03-01T12:00:00.000000Z","data":{"id":"1","type":"sent"}}`,
			said{"1", "activity.sent", ""}, at},
		{"a message to MailerSend", provider.MailerSend(),
			`{"type":"inbound.message","data":{"id":"1","created_at":"2026-03-01T12:00:00.000000Z"}}`,
			said{"1", "inbound.message", ""}, at},
		{"an event of Postal", provider.Postal(),
			`{"event":"MessageSent","uuid":"u","timestamp":1772366400.0,"payload":{"status":"Sent"}}`,
			said{"u", "MessageSent", "Sent"}, at},
		{"a message to Postal", provider.Postal(), `{"id":12345,"rcpt_to":"a@example.com","message":"x"}`,
			said{"12345", "inbound", ""}, time.Time{}},
		{"an event of Unisender Go", provider.UnisenderGo(),
			`{"auth":"","events_by_user":[{"events":[{"event_name":"transactional_email_status","event_data":{"status":"sent",` +
				`"event_time":"2026-03-01 12:00:00"}}]}]}`, said{"", "transactional_email_status", "sent"}, at},
		{"a single event of Unisender Go", provider.UnisenderGo(),
			`{"auth":"","event_name":"transactional_email_status","status":"sent","event_time":"2026-03-01 12:00:00"}`,
			said{"", "transactional_email_status", "sent"}, at},
		{"an event of Brevo", provider.Brevo(), `{"event":"delivered","ts_epoch":1772366400000}`,
			said{"", "delivered", ""}, at},
		{"messages to Brevo that are none", provider.Brevo(), `{"items":[]}`, said{}, time.Time{}},
		{"a message to Mailjet", provider.Mailjet(), `{"Headers":{"Subject":"x"}}`, said{"", "inbound", ""},
			time.Time{}},
		{"a message to SparkPost", provider.SparkPost(), `[{"msys":{"relay_message":{"rcpt_to":"a"}}}]`,
			said{"", "inbound", ""}, time.Time{}},
		{"a message to SparkPost with the relay webhook's token", provider.SparkPostRelay(),
			`[{"msys":{"relay_message":{"rcpt_to":"a"}}}]`,
			said{"", "inbound", ""}, time.Time{}},
		{"a bounce of Mailtrap", provider.Mailtrap(),
			`{"events":[{"event":"bounce","event_id":"1","bounce_category":"spam","timestamp":1772366400}]}`,
			said{"1", "bounce", "spam"}, at},
		{"a message to Mailtrap, whose time is in milliseconds", provider.Mailtrap(),
			`{"events":[{"event":"inbound.message_received","event_id":"1","inbox_id":7,"message_id":"8","timestamp":1772366400000}]}`,
			said{"1", "inbound.message_received", ""}, at},
		{"a bounce of Mailomat, whose signed id is the delivery's", provider.Mailomat(),
			`{"id":"2","eventType":"failure_perm","occurredAt":"2026-03-01T13:00:00+01:00"}`,
			said{"msg_1", "failure_perm", ""}, at},
		{"a message to AhaSend", provider.AhaSend(),
			`{"type":"message.routing","route_id":"r","timestamp":"2026-03-01T12:00:00.000000001Z","data":{"id":"1"}}`,
			said{"msg_1", "message.routing", ""}, at.Add(1)},
		{"a bounce of SendGrid", provider.SendGrid(),
			`[{"event":"bounce","type":"blocked","sg_event_id":"1","timestamp":1772366400}]`,
			said{"1", "bounce", "blocked"}, at},
		{"a message to SendGrid", provider.SendGrid(),
			"--b\r\nContent-Disposition: form-data; name=\"headers\"\r\n\r\nSubject: x\r\n--b--\r\n",
			said{"", "inbound", ""}, time.Time{}},
		{"a raw message to SendGrid", provider.SendGrid(),
			"--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nSubject: x\r\n--b--\r\n",
			said{"", "inbound", ""}, time.Time{}},
	} {
		header := map[string]string{
			"Content-Type": "application/json", "Webhook-Id": "msg_1", "X-MOM-Webhook-Id": "msg_1",
			"X-MOM-Webhook-Event": "failure_perm",
		}
		if strings.HasPrefix(row.body, "--b") {
			header["Content-Type"] = "multipart/form-data; boundary=b"
		}
		g := guardAt(t, row.provider, secretFor(row.provider), "", at)
		d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, row.provider, row.body, header),
			adapter.Inbound{})
		require.Nil(t, reply, row.name)
		events := d.Events()
		require.Len(t, events, 1, row.name)
		e := events[0]
		require.Equal(t, row.want, said{e.ID, e.Type, e.Action}, row.name)
		require.True(t, row.at.Equal(e.Time), "%s: %s", row.name, e.Time)
	}
}

func TestMessagesToBrevoAreEventsOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := provider.Brevo()
	g := guardAt(t, p, secretFor(p), "", time.Unix(ownTime, 0))
	one, two := `{"Uuid":["1"],"Headers":{"Subject":"a"}}`, `{"Uuid":["2"],"Headers":{"Subject":"b"}}`
	receive := func(body string) []core.Event {
		r := signedRequest(t, p, body, map[string]string{"Content-Type": "application/json"})
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()
	}
	events := receive(`{"items":[` + one + `,` + two + `]}`)
	require.Len(t, events, 2)
	for i, payload := range []string{one, two} {
		require.Equal(t, "inbound", events[i].Type)
		require.Equal(t, payload, string(events[i].Payload))
	}
	require.Equal(t, "2", events[1].ID)
	require.NotEqual(t, events[0].Identity, events[1].Identity)
	require.Equal(t, events[1].Identity, receive(`{"items":[` + two + `]}`)[0].Identity)
}

// TestMailgunsIdIsTheToken: the event's own id is unique within a day only, and the token is what is signed.
func TestMailgunsIdIsTheToken(t *testing.T) {
	t.Parallel()
	p, token := provider.Mailgun(), "651869375b9df3c98fc15c4889b102119add1235c38fc92824"
	g := guardAt(t, p, secretFor(p), "", time.Unix(ownTime, 0))
	for kind, row := range map[string][2]string{
		"failed": {`{"signature":{"token":"` + token +
			`"},"event-data":{"event":"failed","id":"Ase7","severity":"temporary"}}`, "application/json"},
		"inbound": {"--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n" + token +
			"\r\n--b\r\nContent-Disposition: form-data; name=\"sender\"\r\n\r\na@example.com\r\n--b--\r\n",
			"multipart/form-data; boundary=b"},
		"opened": {"token=" + token + "&event=opened&sender=a", "application/x-www-form-urlencoded"},
	} {
		d, reply := g.Receive(httptest.NewRecorder(),
			signedRequest(t, p, row[0], map[string]string{"Content-Type": row[1]}), adapter.Inbound{})
		require.Nil(t, reply, kind)
		e := d.Events()[0]
		require.Equal(t, kind, e.Type)
		require.Equal(t, token, e.ID)
		require.Equal(t, core.Authenticated{ID: true}, e.Authenticated)
		require.Equal(t, kind == "failed", e.Action == "temporary")
	}
}

// TestPostalBouncesNoMailBecauseTheAppFailed: Postal gives a message up at once where it is answered 5xx, and its
// writer gets a bounce.
func TestPostalBouncesNoMailBecauseTheAppFailed(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{provider.Postal(), provider.PostalSHA1()} {
		sender := webhooktest.NewSender(p)
		g, err := core.New(core.Config{
			Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: memstore.New(),
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		signals := core.NewSignals()
		signals.On("*", func(context.Context, core.Event) error { return errors.New("the database is down") })
		mux := http.NewServeMux()
		httpwebhook.Handle(mux, "/mail", g, signals)
		body := webhooktest.Sample{Body: []byte(`{"id":1,"rcpt_to":"a@example.com","message":"Subject: x","base64":false}`)}
		require.Equal(t, http.StatusConflict, sender.Send(mux, "/mail", body).Code)
		require.NoError(t, g.Shutdown(t.Context()))
	}
}
