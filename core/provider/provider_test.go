package provider_test

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestEveryEntryIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last := ""
	for _, p := range provider.All() {
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`), p.Name())
		require.False(t, seen[p.Name()])
		require.Less(t, last, p.Name(), "sorted by name")
		seen[p.Name()], last = true, p.Name()
		e, err := entry.Of(p)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(e.Docs, "https://"), p.Name())
		require.NotEmpty(t, e.Title)
		require.NotEmpty(t, e.Confidence)
		found, ok := provider.ByName(p.Name())
		require.True(t, ok)
		require.Equal(t, p.Name(), found.Name())
		require.Contains(t, []string{"A", "B", "C"}, e.Confidence)
		require.Equal(t, unknownHorizon()[p.Name()] != "", e.RetryHorizon == 0 && !e.NeverRetries,
			"%s: set RetryHorizon or NeverRetries, or say why in unknown_test.go, unknownHorizon; not both", p.Name())
		require.Equal(t, unknownAckLimit()[p.Name()] != "", e.AckLimit == 0,
			"%s: set AckLimit, or say why in unknownAckLimit of unknown_test.go: never both", p.Name())
		require.Equal(t, chosenByTheUser(p.Name()), e.SecretFrom == "",
			"%s: set SecretFrom, or name it in chosenByTheUser of unknown_test.go: never both", p.Name())
		if e.Scheme == nil {
			require.NotEmpty(t, e.Unsigned, "%s signs nothing and has to say so", p.Name())
		}
		// Compiles as a user configures it: with a replay store's choices, and without the switch for weak secrets.
		c := core.Config{
			Endpoint: p.Name(), Provider: p, Secrets: secrets.Static(secretFor(p)), Replay: memstore.New(),
			PublicURL: publicOf(p),
			Logger:    slog.New(slog.DiscardHandler),
		}
		if e.NeverRetries {
			_, err = core.New(c)
			require.ErrorContains(t, err, "StoreFailure")
			c.StoreFailure = core.RefuseDelivery
		}
		_, err = core.New(c)
		require.NoError(t, err, p.Name())
	}
	_, ok := provider.ByName("nobody")
	require.False(t, ok)
}

func TestWhatTheTestSignerSignsIsAccepted(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, p := range provider.All() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, secretFor(p), now)
			sign := func(secret string, at time.Time) *http.Request {
				return webhooktest.NewRequest(p, secret, "https://example.com/hooks", `{"id":"evt_1","type":"a"}`, at)
			}
			require.True(t, accepts(g, sign(signerFor(p), now)))
			other := signing(p, 2)
			require.NotEqual(t, other, signerFor(p))
			require.False(t, accepts(g, sign(other, now)))
			require.False(t, accepts(g, httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}"))))
			e, _ := entry.Of(p)
			if e.Scheme != nil &&
				(e.Scheme.Timestamp.Key != "" || len(e.Scheme.Timestamp.Headers) > 0 || e.Scheme.Timestamp.JSON != "") {
				require.False(t, accepts(g, sign(signerFor(p), now.Add(-8*24*time.Hour))))
				require.False(t, accepts(g, sign(signerFor(p), now.Add(time.Hour))))
			}
		})
	}
}

// goldenBodies are bodies of providers that name an event by something else than the common members.
func goldenBodies() map[string]string {
	bodies := map[string]string{
		"launchdarkly": `{"_id":"evt_1"}`, "okta": `{"uuid":"evt_1"}`, "pagerduty": `{"event":{"id":"evt_1"}}`,
		"sendgrid":   `[{"sg_event_id":"s1"}]`,
		"hubspot":    `[{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":4,"occurredAt":5}]`,
		"hubspot-v1": `[{"eventId":1,"subscriptionId":2,"portalId":3,"objectId":4,"occurredAt":5}]`,
		"adyen":      `{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","eventCode":"CAPTURE","success":"true"}}]}`,
		"postal":     `{"uuid":"u1"}`, "postal-sha1": `{"uuid":"u1"}`, "trello": `{"action":{"id":"a1"}}`,
		"aws-sns":      `{"Type":"Notification","MessageId":"m1","Message":"{}"}`,
		"amazon-ses":   `{"Type":"Notification","MessageId":"m1","Message":"{}"}`,
		"scaleway-tem": `{"Type":"Notification","MessageId":"m1","Message":"{}"}`,
		"travis-ci":    "payload=" + url.QueryEscape(`{"repository":{"owner_name":"acme","name":"app"}}`),
		"telnyx":       `{"data":{"id":"t1"}}`, "microsoft-graph": `{"value":[{"id":"n1"}]}`,
		"sharepoint":   `{"value":[{"resource":"r1"}]}`,
		"midtrans":     `{"transaction_id":"t1","transaction_status":"settlement","order_id":"o1","status_code":"200","gross_amount":"10.00"}`,
		"mailpace":     `{"event":"email.bounced","payload":{"id":1,"updated_at":"2026-03-01T12:00:00.000Z"}}`,
		"sweego":       `{"event_type":"hard_bounce","event_id":"e1"}`,
		"dropbox-sign": `{"event":{"event_type":"sent"},"signature_request":{"signature_request_id":"s1"}}`,
	}
	maps.Copy(bodies, platformsGoldenBodies())
	maps.Copy(bodies, encryptedGoldenBodies())
	return bodies
}

// goldenHeaders are headers that providers send next to their proof.
func goldenHeaders() map[string]string {
	return map[string]string{
		"Webhook-Id": "msg_1", "Svix-Id": "msg_1", "X-Github-Event": "push", "Kick-Event-Message-Id": "01JK00000001",
		"X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": "a.example", "X-Gitlab-Event": "Push Hook",
		"X-Event-Key": "repo:push", "X-Gitea-Event": "push", "X-Gogs-Event": "push", "X-Forgejo-Event": "push",
		"Sentry-Hook-Resource": "issue", "X-Wc-Webhook-Topic": "order.created",
		"X-Wc-Webhook-Source": "https://a.example/",
		"X-Topic":             "payment_order", "X-Goog-Channel-Id": "channel-1", "X-Goog-Message-Number": "7",
		"X-Goog-Resource-State": "exists", "X-Qn-Nonce": "nonce-1", "Twitch-Eventsub-Message-Id": "msg_1",
		"X-Request-Id": "req_1", "X-Fal-Webhook-Request-Id": "req_1", "X-Mom-Webhook-Id": "msg_1",
		"X-Mom-Webhook-Event": "delivered", "X-Plivo-Signature-V2-Nonce": "nonce_1",
	}
}
