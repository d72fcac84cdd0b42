package provider_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestWhatASendersEventSays is for the email services and developer tools; a batch's items are not asserted here.
func TestWhatASendersEventSays(t *testing.T) {
	t.Parallel()
	type headers = map[string]string
	moment := time.Unix(ownTime, 0).UTC()
	all := core.Authenticated{ID: true, Type: true, Time: true}
	id, kind, at := core.Authenticated{ID: true}, core.Authenticated{Type: true}, core.Authenticated{Time: true}
	idKind, kindAt := core.Authenticated{ID: true, Type: true}, core.Authenticated{Type: true, Time: true}
	const rfc, milli = `"2026-03-01T12:00:00Z"`, `1772366400000`
	rows := []struct {
		name, body string
		headers    headers
		want       core.Event // Data is compared where it is set
		nameless   bool       // without an identity
	}{
		{"github-style", `{"action":"opened"}`, headers{"X-GitHub-Event": "issues", "X-GitHub-Delivery": "7"},
			core.Event{ID: "7", Type: "issues", Action: "opened"}, false},
		{"bitbucket", `{}`, headers{"X-Event-Key": "repo:push", "X-Request-UUID": "7", "X-Attempt-Number": "2"},
			core.Event{ID: "7", Type: "repo:push", Attempt: 2}, false},
		{"bitbucket-server", `{}`, headers{"X-Event-Key": "pr:opened", "X-Request-Id": "7"},
			core.Event{ID: "7", Type: "pr:opened"}, false},
		{"bitbucket-server", `{"eventKey":"pr:opened"}`, headers{"X-Event-Key": "pr:merged", "X-Request-Id": "7"},
			core.Event{ID: "7", Type: "pr:opened", Authenticated: kind}, false},
		{"supabase", `{"metadata":{"uuid":"1","time":` + rfc + `,"name":"send-email"}}`, headers{"Webhook-Id": "7"},
			core.Event{ID: "7", Type: "send-email", Time: moment, Authenticated: all}, true},
		{"gitea", `{"action":"opened"}`, headers{"X-Gitea-Event": "issues", "X-Gitea-Delivery": "7"},
			core.Event{ID: "7", Type: "issues", Action: "opened"}, false},
		{"forgejo", `{}`, headers{"X-Forgejo-Event": "push", "X-Forgejo-Delivery": "7", "X-Gitea-Event": "x",
			"X-Gitea-Delivery": "8"}, core.Event{ID: "7", Type: "push"}, false},
		{"forgejo", `{}`, headers{"X-Gitea-Event": "push", "X-Gitea-Delivery": "8"}, core.Event{ID: "8", Type: "push"},
			false},
		{"gogs", `{}`, headers{"X-Gogs-Event": "push", "X-Gogs-Delivery": "7"}, core.Event{ID: "7", Type: "push"},
			false},

		{"vercel", `{"id":"1","type":"deployment.created","createdAt":` + milli + `,"payload":{"a":1}}`, nil,
			core.Event{ID: "1", Type: "deployment.created", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false},
		{"heroku", `{"id":"1","created_at":` + rfc + `,"webhook_metadata":{"event":{"include":"api:build"}}}`, nil,
			core.Event{ID: "1", Type: "api:build", Time: moment, Authenticated: all}, false},
		{"heroku", `{"id":"1","action":"create","data":{"a":1},"webhook_metadata":{"event":{"include":"api:release"}}}`,
			nil, core.Event{ID: "1", Type: "api:release", Action: "create", Data: []byte(`{"a":1}`),
				Authenticated: idKind}, false},
		{"sentry", `{"action":"created","data":{"a":1}}`,
			headers{"Sentry-Hook-Resource": "issue", "Request-ID": "7", "Sentry-Hook-Timestamp": "1772366400"},
			core.Event{ID: "7", Type: "issue", Action: "created", Time: moment, Data: []byte(`{"a":1}`)}, false},
		{"circleci", `{"id":"1","type":"workflow-completed","happened_at":` + rfc + `}`, nil,
			core.Event{ID: "1", Type: "workflow-completed", Time: moment, Authenticated: all}, false},
		{"pagerduty", `{"event":{"id":"1","event_type":"incident.triggered","occurred_at":` + rfc + `,"data":{"a":1}}}`,
			nil, core.Event{ID: "1", Type: "incident.triggered", Time: moment, Data: []byte(`{"a":1}`),
				Authenticated: all}, false},
		{"launchdarkly", `{"_id":"1","kind":"flag","date":` + milli + `}`, nil,
			core.Event{ID: "1", Type: "flag", Time: moment, Authenticated: all}, false},
		{"grafana", `{"status":"firing"}`, nil, core.Event{Type: "firing", Authenticated: kind}, true},
		{"linear", `{"type":"Issue","action":"create","webhookTimestamp":` + milli + `,"data":{"a":1}}`,
			headers{"Linear-Delivery": "7"},
			core.Event{ID: "7", Type: "Issue", Action: "create", Time: moment, Data: []byte(`{"a":1}`),
				Authenticated: kindAt}, false},
		{"jira", `{"webhookEvent":"jira:issue_created","timestamp":` + milli + `}`,
			headers{"X-Atlassian-Webhook-Identifier": "7", "X-Atlassian-Webhook-Retry": "1"},
			core.Event{ID: "7", Type: "jira:issue_created", Time: moment, Attempt: 2, Authenticated: kindAt}, false},
		{"notion", `{"id":"1","type":"page.created","timestamp":` + rfc + `,"attempt_number":3,"data":{"a":1}}`, nil,
			core.Event{ID: "1", Type: "page.created", Time: moment, Attempt: 3, Data: []byte(`{"a":1}`),
				Authenticated: all}, false},
		{"clickup", `{"event":"taskCreated","history_items":[{"date":"` + milli + `"}]}`, nil,
			core.Event{Type: "taskCreated", Time: moment, Authenticated: kindAt}, true},
		{"airtable", `{"base":{"id":"app1"},"timestamp":` + rfc + `}`, nil, core.Event{Time: moment, Authenticated: at},
			false},
		{"mailersend", `{"type":"activity.sent","created_at":` + rfc + `,"data":{"id":"1"}}`, nil,
			core.Event{ID: "1", Type: "activity.sent", Time: moment, Data: []byte(`{"id":"1"}`), Authenticated: all},
			false},

		{"customer-io", `{"event_id":"1","object_type":"email","metric":"opened","timestamp":1772366400,"data":{"a":1}}`, nil, core.Event{ID: "1", Type: "email", Action: "opened", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all}, false},
		{"buildkite", `{"event":"build.finished"}`, headers{"X-Buildkite-Event": "x"},
			core.Event{Type: "build.finished", Authenticated: kind}, false},
		{"mux", `{"id":"1","type":"video.asset.ready","created_at":` + rfc + `,"data":{"a":1}}`, nil,
			core.Event{ID: "1", Type: "video.asset.ready", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false},
		{"workos", `{"id":"1","event":"user.created","created_at":` + rfc + `,"data":{"a":1}}`, nil,
			core.Event{ID: "1", Type: "user.created", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false},
		{"sanity", `{"_type":"post","_updatedAt":` + rfc + `}`, headers{"Idempotency-Key": "7"},
			core.Event{ID: "7", Type: "post", Time: moment, Authenticated: kindAt}, true},
		{"cloudflare-stream", `{"uid":"1","status":{"state":"ready"},"modified":` + rfc + `}`, nil,
			core.Event{ID: "1", Type: "ready", Time: moment, Authenticated: all}, false},
		{"elevenlabs", `{"type":"post_call_transcription","event_timestamp":1772366400,"data":{"a":1}}`, nil,
			core.Event{Type: "post_call_transcription", Time: moment, Data: []byte(`{"a":1}`), Authenticated: kindAt},
			false},

		{"clerk", `{"type":"user.created","timestamp":` + milli + `,"data":{"a":1}}`, headers{"Svix-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "user.created", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all},
			false},
		{"loops", `{"eventName":"email.delivered","eventTime":1772366400}`, headers{"Webhook-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "email.delivered", Time: moment, Authenticated: all}, false},
		{"ahasend", `{"type":"message.bounced","timestamp":` + rfc +
			`,"data":{"delivery_attempt":{"classification":"InvalidRecipient"}}}`, headers{"Webhook-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "message.bounced", Action: "InvalidRecipient", Time: moment,
				Authenticated: all}, false},
		{"mailpace", `{"event":"email.bounced","payload":{"updated_at":` + rfc + `}}`, nil,
			core.Event{Type: "email.bounced", Time: moment, Authenticated: kindAt}, false},
		{"mailpace", `{"from":"a@example.com","raw":"Subject: x"}`, nil,
			core.Event{Type: "inbound", Authenticated: kind}, false},
		{"mailomat", `{"id":"1","eventType":"opened","occurredAt":` + rfc + `,"payload":{"a":1}}`,
			headers{"X-MOM-Webhook-Id": "msg_1", "X-MOM-Webhook-Event": "opened"},
			core.Event{ID: "msg_1", Type: "opened", Time: moment, Data: []byte(`{"a":1}`), Authenticated: id}, false},
		{"sweego", `{"event_type":"hard_bounce","event_id":"1","channel":"email","timestamp":"2026-03-01T12:00:00"}`,
			nil, core.Event{ID: "1", Type: "hard_bounce", Action: "email", Time: moment, Authenticated: all}, false},
		{"supabase", `{"user":{}}`, headers{"Webhook-Id": "msg_1"}, core.Event{ID: "msg_1", Authenticated: id}, true},
		{"openai", `{"id":"evt_1","type":"response.completed","created_at":1772366400,"data":{"a":1}}`,
			headers{"Webhook-Id": "wh_1"},
			core.Event{ID: "wh_1", Type: "response.completed", Time: moment, Data: []byte(`{"a":1}`),
				Authenticated: all}, false},
		{"anthropic", `{"type":"event","created_at":` + rfc + `,"data":{"type":"session.status_idled"}}`,
			headers{"Webhook-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "session.status_idled", Time: moment, Authenticated: all}, false},
		{"replicate", `{"id":"p1","status":"succeeded"}`, headers{"Webhook-Id": "msg_1"},
			core.Event{ID: "msg_1", Type: "succeeded", Authenticated: idKind}, false},

		{"brevo", `{"event":"delivered","ts_epoch":` + milli + `}`, nil,
			core.Event{Type: "delivered", Time: moment, Authenticated: kindAt}, false},
		{"sendgrid-inbound", url.Values{"headers": {"Subject: x"}}.Encode(), nil,
			core.Event{Type: "inbound", Authenticated: kind}, false},
		{"mailchimp", url.Values{"type": {"unsubscribe"}, "data[action]": {"unsub"}}.Encode(), nil,
			core.Event{Type: "unsubscribe", Action: "unsub", Authenticated: kind}, false},
		{"azure-devops", `{"id":"1","eventType":"git.push","createdDate":` + rfc + `,"resource":{"a":1}}`, nil,
			core.Event{ID: "1", Type: "git.push", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all}, false},
		{"docker-hub", `{"push_data":{"pushed_at":1772366400}}`, nil,
			core.Event{Time: moment, Data: []byte(`{"pushed_at":1772366400}`), Authenticated: at}, false},
		{"alertmanager", `{"status":"firing"}`, nil, core.Event{Type: "firing", Authenticated: kind}, true},
		{"cloudflare-notifications", `{"alert_type":"workers_alert","ts":1772366400,"data":{"a":1}}`, nil,
			core.Event{Type: "workers_alert", Time: moment, Data: []byte(`{"a":1}`), Authenticated: kindAt}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p, ok := provider.ByName(row.name)
			require.True(t, ok)
			g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
			d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, row.body, row.headers), adapter.Inbound{})
			require.Nil(t, reply)
			got, want := d.Events()[0], row.want
			if want.Data != nil {
				require.Equal(t, string(want.Data), string(got.Data))
			}
			require.Equal(t, []any{want.ID, want.Type, want.Action, want.Attempt},
				[]any{got.ID, got.Type, got.Action, got.Attempt})
			require.True(t, want.Time.Equal(got.Time), got.Time)
			require.Equal(t, want.Authenticated, got.Authenticated)
			require.Equal(t, row.nameless, got.Identity.IsZero())
		})
	}
}

// TestARetryThatCountsItselfIsTheSameEvent: the body differs, and the id that the provider documents as the event's
// does not.
func TestARetryThatCountsItselfIsTheSameEvent(t *testing.T) {
	t.Parallel()
	p := provider.Notion()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	identity := func(body string) core.Identity {
		d, reply := g.Receive(httptest.NewRecorder(), signedRequest(t, p, body, nil), adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity
	}
	require.Equal(t, identity(`{"id":"1","attempt_number":1}`), identity(`{"id":"1","attempt_number":2}`))
	require.NotEqual(t, identity(`{"id":"1","attempt_number":1}`), identity(`{"id":"2","attempt_number":1}`))
}

// TestLinearsRetryIsTheSameEvent: the body says when it was sent.
func TestLinearsRetryIsTheSameEvent(t *testing.T) {
	t.Parallel()
	p := provider.Linear()
	identity := func(seconds int64, body string) core.Identity {
		now := time.Unix(ownTime+seconds, 0)
		r := webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", body, now)
		d, reply := guardOf(t, p, secretFor(p), now).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity
	}
	event := func(at, action, id string) string {
		return `{"action":"` + action + `","type":"Issue","createdAt":"` + at + `","data":{"id":"` + id +
			`"},"webhookId":"w"}`
	}
	first := identity(0, event("2026-03-01T12:00:00.000Z", "update", "1"))
	require.Equal(t, first, identity(3600, event("2026-03-01T12:00:00.000Z", "update", "1")), "an hour later")
	require.NotEqual(t, first, identity(0, event("2026-03-01T12:00:00.001Z", "update", "1")))
	require.NotEqual(t, first, identity(0, event("2026-03-01T12:00:00.000Z", "remove", "1")))
	require.NotEqual(t, first, identity(0, event("2026-03-01T12:00:00.000Z", "update", "2")))
	// Without the time of the action nothing is taken for a repetition but the same bytes.
	require.NotEqual(t, identity(0, `{"action":"update","data":{"id":"1"}}`),
		identity(1, `{"action":"update","data":{"id":"1"}}`))
}

// TestInboundMessagesFit: messages that come in bring their attachments.
func TestInboundMessagesFit(t *testing.T) {
	t.Parallel()
	body := `{"a":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, p := range []core.Provider{
		provider.Mailgun(), provider.Postmark(), provider.MailerSend(), provider.Postal(), provider.SparkPost(),
		provider.Mailjet(),
		provider.SendGrid(), provider.Mandrill(),
	} {
		require.Empty(t, reasonOf(guardOf(t, p, secretFor(p), time.Unix(ownTime, 0)), signedRequest(t, p, body, nil)),
			p.Name())
	}
}

func TestSecretsThatAreHandedOver(t *testing.T) {
	t.Parallel()
	const secret = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
	rows := []struct {
		provider core.Provider
		body     string
		header   string
	}{
		{provider.Asana(), "", "X-Hook-Secret"},
		{provider.Notion(), `{"verification_token":"` + secret + `"}`, ""},
	}
	for _, row := range rows {
		t.Run(row.provider.Name(), func(t *testing.T) {
			t.Parallel()
			var took string
			g, err := core.New(core.Config{
				Endpoint: "handed", Provider: row.provider, Replay: core.DangerouslyNoReplay,
				Setup: core.Setup{AwaitingSecret: true, SecretSink: func(_ context.Context, s secrets.Secret) error {
					took = s.DangerouslyReveal()
					return nil
				}},
				Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
			})
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(row.body))
			if row.header != "" {
				r.Header.Set(row.header, secret)
			}
			d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, d)
			require.Equal(t, http.StatusOK, reply.Status)
			require.Equal(t, secret, took)
			if row.header != "" {
				require.Equal(t, secret, reply.Header().Get(row.header))
			}
			require.NotContains(t, string(reply.Body), secret)

			// Whoever asks later, or next to a secret that is in use, changes nothing.
			require.NotEmpty(t, reasonOf(g,
				httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(row.body))))
			used := guardOf(t, row.provider, ownSecret, time.Unix(ownTime, 0))
			r = httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(row.body))
			if row.header != "" {
				r.Header.Set(row.header, secret)
			}
			require.Equal(t, reason.MissingSignature, reasonOf(used, r))
		})
	}
}

func TestMailchimpAsksForTheURLFirst(t *testing.T) {
	t.Parallel()
	p := provider.Mailchimp()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	d, reply := g.Receive(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/hooks?secret=x", nil),
		adapter.Inbound{})
	require.Nil(t, d)
	require.Equal(t, http.StatusOK, reply.Status)
	require.Empty(t, reply.Body)
	require.NotEmpty(t, reasonOf(g,
		httptest.NewRequest(http.MethodPost, "/hooks?secret=x", strings.NewReader("type=unsubscribe"))))
}

// TestABrokenAuthenticationLosesNothing: where the sender drops or disables on a 4xx, it is asked to come again.
func TestABrokenAuthenticationLosesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"alertmanager", "bitbucket", "brevo", "elevenlabs", "figma", "gitlab", "gitlab-token", "jira", "okta",
		"pagerduty", "sanity", "sendgrid-inbound",
	} {
		p, ok := provider.ByName(name)
		require.True(t, ok)
		g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
		_, reply := g.Receive(httptest.NewRecorder(),
			httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}")), adapter.Inbound{})
		require.Equal(t, http.StatusServiceUnavailable, reply.Status, name)
	}
}
