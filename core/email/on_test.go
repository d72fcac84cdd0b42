package email_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// app is an endpoint of one sender, and what became of its deliveries.
type app struct {
	sender    *webhooktest.Sender
	mux       *http.ServeMux
	guard     *core.Guard
	signals   *core.Signals
	reasons   []reason.Reason
	errs      []error
	unhandled []string
}

func newApp(t *testing.T, p core.Provider, register func(*core.Signals)) *app {
	a := &app{sender: webhooktest.NewSender(p), mux: http.NewServeMux(), signals: core.NewSignals()}
	guard, err := core.New(core.Config{
		Endpoint: "mail", Provider: p, Secrets: secrets.Static(a.sender.Secret()), Replay: memstore.New(),
		Logger: quiet(),
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
			a.reasons = append(a.reasons, r.Reason)
			a.errs = append(a.errs, r.Err)
		})},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, guard.Shutdown(context.WithoutCancel(t.Context()))) })
	a.guard = guard
	register(a.signals)
	a.signals.OnUnhandled(func(_ context.Context, e core.Event) { a.unhandled = append(a.unhandled, e.Type) })
	httpwebhook.Handle(a.mux, "/mail", guard, a.signals)
	return a
}

func (a *app) send(body string) int {
	code := a.sender.Send(a.mux, "/mail", webhooktest.Sample{Body: []byte(body)}).Code
	if err := a.guard.Flush(context.Background()); err != nil {
		panic(err)
	}
	return code
}

func TestAReceiverGetsTheTypesItAskedForAndTheRestIsUnhandled(t *testing.T) {
	t.Parallel()
	var got []email.Event
	a := newApp(t, provider.SendGrid(), func(s *core.Signals) {
		email.On(s, func(ctx context.Context, e core.Event, m email.Event) error {
			require.NoError(t, ctx.Err())
			require.Equal(t, "sendgrid", e.Provider)
			got = append(got, m)
			return nil
		}, email.Bounced, email.Complained)
	})
	body := `[{"event":"bounce","email":"a@example.com","sg_event_id":"1"},{"event":"open","email":"b@example.com","sg_event_id":"2"}]`
	require.Equal(t, http.StatusOK, a.send(body))
	require.Len(t, got, 1)
	require.Equal(t, email.Bounced, got[0].Type)
	require.Equal(t, "a@example.com", got[0].Recipient)
	require.Equal(t, []string{"open"}, a.unhandled)
	// What is unhandled is not remembered: a resend comes to a receiver that was added. What was taken is.
	require.Equal(t, http.StatusOK, a.send(body))
	require.Len(t, got, 1)
	require.Equal(t, []string{"open", "open"}, a.unhandled)
}

func TestWithoutTypesAReceiverGetsAllOfTracking(t *testing.T) {
	t.Parallel()
	var got []email.Type
	a := newApp(t, provider.Mandrill(), func(s *core.Signals) {
		email.On(s, func(_ context.Context, _ core.Event, m email.Event) error {
			got = append(got, m.Type)
			return nil
		})
	})
	require.Equal(t, http.StatusOK, a.send(`[{"event":"send","_id":"1"},{"event":"inbound","msg":{}},{"event":"new"}]`))
	require.Equal(t, []email.Type{email.Sent, email.Unknown}, got)
	require.Equal(t, []string{"inbound"}, a.unhandled)
}

func TestAnErrorIsARetryOfTheEventThatFailed(t *testing.T) {
	t.Parallel()
	var got []string
	down := errors.New("the database is down")
	a := newApp(t, provider.SendGrid(), func(s *core.Signals) {
		email.On(s, func(_ context.Context, _ core.Event, m email.Event) error {
			got = append(got, m.EventID)
			if m.EventID == "1" && len(got) < 3 {
				return down
			}
			return nil
		})
	})
	body := `[{"event":"bounce","sg_event_id":"1"},{"event":"bounce","sg_event_id":"2"}]`
	require.Equal(t, http.StatusInternalServerError, a.send(body))
	require.Equal(t, http.StatusOK, a.send(body))
	require.Equal(t, []string{"1", "2", "1"}, got)
	require.ErrorIs(t, a.errs[0], down)
}

func TestEveryRecipientOfANotificationIsCalledAlsoAfterOneFailed(t *testing.T) {
	t.Parallel()
	topic := "arn:aws:sns:us-east-1:123456789012:mail"
	var got []string
	a := newApp(t, provider.AmazonSES(provider.SNSConfig{Topics: []string{topic}}), func(s *core.Signals) {
		email.On(s, func(_ context.Context, _ core.Event, m email.Event) error {
			got = append(got, m.Recipient)
			if len(got) == 1 {
				return errors.New("not now")
			}
			return nil
		})
	})
	body := `{"Type":"Notification","MessageId":"m-1","TopicArn":"` + topic +
		`","Message":"{\"eventType\":\"Bounce\",\"bounce\":` +
		`{\"bouncedRecipients\":[{\"emailAddress\":\"a@example.com\"},{\"emailAddress\":\"b@example.com\"}]}}"}`
	require.Equal(t, http.StatusInternalServerError, a.send(body))
	require.Equal(t, []string{"a@example.com", "b@example.com"}, got)
	require.Equal(t, http.StatusOK, a.send(body))
	require.Equal(t, []string{"a@example.com", "b@example.com", "a@example.com", "b@example.com"}, got)
}

func TestTheWrongEndpointIsReportedInWordsAndNotRepeated(t *testing.T) {
	t.Parallel()
	a := newApp(t, provider.Postmark(), func(s *core.Signals) {
		email.On(s, func(context.Context, core.Event, email.Event) error { panic("not a tracking event") })
	})
	require.Equal(t, http.StatusOK, a.send(`{"FromFull":{"Email":"a@example.com"}}`))
	require.Equal(t, []reason.Reason{reason.Undecodable}, a.reasons)
	require.ErrorContains(t, a.errs[0], "email: Postmark sent an inbound message to an endpoint for tracking events: "+
		"in the inbound stream > Settings > Webhook, set the URL of your endpoint for inbound messages")
}

func TestAProviderThatIsNotAnEmailSenderIsReported(t *testing.T) {
	t.Parallel()
	a := newApp(t, provider.Stripe(), func(s *core.Signals) {
		email.On(s, func(context.Context, core.Event, email.Event) error { panic("not an email event") })
	})
	require.Equal(t, http.StatusOK, a.send(`{"id":"evt_1"}`))
	require.ErrorIs(t, a.errs[0], email.ErrUnknownSender)
	require.ErrorContains(t, a.errs[0], `"stripe"`)
}

// The promise of the package: the provider and the secret change, and nothing else.
func TestAnAppThatSuppressesBouncesWorksForAnotherSender(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		provider core.Provider
		body     string
	}{
		{"SendGrid", provider.SendGrid(),
			`[{"event":"bounce","email":"jo@example.com","reason":"550 no","sg_event_id":"1"}]`},
		{"Postmark", provider.Postmark(),
			`{"RecordType":"Bounce","Type":"HardBounce","Email":"jo@example.com","Details":"550 no","ID":1}`},
		{"Brevo", provider.Brevo(), `{"event":"hard_bounce","email":"jo@example.com","reason":"550 no"}`},
		{"Mailgun", provider.Mailgun(),
			`{"event-data":{"event":"failed","recipient":"jo@example.com","delivery-status":{"message":"550 no"}}}`},
	} {
		suppressed := map[string]string{}
		a := newApp(t, row.provider, func(s *core.Signals) {
			email.On(s, func(_ context.Context, _ core.Event, m email.Event) error {
				suppressed[m.Recipient] = m.MTAResponse
				return nil
			}, email.Bounced, email.Complained)
		})
		require.Equal(t, http.StatusOK, a.send(row.body), row.name)
		require.Equal(t, map[string]string{"jo@example.com": "550 no"}, suppressed, row.name)
	}
}
