package provider_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// paypalApp is an endpoint of PayPal's with a signal, which does what it is set to, and what it was seen to run.
type paypalApp struct {
	t       *testing.T
	guard   *core.Guard
	handler http.Handler
	sign    func(transmission, body string) *http.Request
	work    func() error
	ran     []string
	records []core.Record
}

const (
	paypalBody = `{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"}}`
	// Another event whose body has the same CRC-32: TestPayPalRemembersTheEventAndNotItsTransmission holds that it has.
	paypalForged = `{"id":"WH-2","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"},"x":"0011110001000111001000001111100100000000"}`
)

func newPayPalApp(t *testing.T, change func(*core.Config)) *paypalApp {
	t.Helper()
	key, public := rsaKey(t, 1)
	a := &paypalApp{t: t, work: func() error { return nil }}
	c := core.Config{
		Endpoint: "paypal", Provider: provider.PayPal(paypalWebhook), Secrets: secrets.Static(public),
		Replay:    memstore.New(),
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { a.records = append(a.records, r) })}, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Unix(ownTime, 0) }, DangerouslyAllowHTTP: true,
	}
	change(&c)
	g, err := core.New(c)
	require.NoError(t, err)
	a.guard = g
	a.handler = httpwebhook.Verify(g)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		a.ran = append(a.ran, e.ID)
		return a.work()
	}))
	at := time.Unix(ownTime, 0).UTC().Format(time.RFC3339)
	a.sign = func(transmission, body string) *http.Request {
		return paypalSign(t, key, transmission, at, paypalWebhook, body)
	}
	return a
}

// deliver posts a body that was signed for its transmission, or one that is put in its place.
func (a *paypalApp) deliver(transmission string, bodies ...string) (status int) {
	a.t.Helper()
	r := a.sign(transmission, paypalBody)
	if len(bodies) > 0 {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(bodies[0])), int64(len(bodies[0]))
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w.Code
}

func (a *paypalApp) last() core.Record {
	a.t.Helper()
	require.NoError(a.t, a.guard.Flush(a.t.Context()))
	return a.records[len(a.records)-1]
}

const (
	transmission        = "d938e770-8046-11e6-8103-6b62a8a99ac4"
	anotherTransmission = "a9941940-3b3a-11ec-b750-f75a670c9758"
)

// The signature fits every body with the same CRC-32, and for 72 hours. Whoever has seen one delivery can make no other
// event of it.
func TestAPayPalTransmissionVouchesForOneBody(t *testing.T) {
	t.Parallel()
	nothing := func(*core.Config) {}

	t.Run("another body is a conflict", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 200, a.deliver(transmission, paypalForged), "the answer of a duplicate")
		require.Equal(t, reason.Conflict, a.last().Reason)
		require.Equal(t, []string{"WH-1"}, a.ran)
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, reason.Duplicate, a.last().Reason)
		require.Equal(t, []string{"WH-1"}, a.ran)
	})
	t.Run("a conflict holds nothing of the event it names", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 200, a.deliver(transmission, paypalForged))
		r := a.sign(anotherTransmission, paypalForged) // the real event of that id comes
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code)
		require.Equal(t, reason.Accepted, a.last().Reason)
		require.Equal(t, []string{"WH-1", "WH-2"}, a.ran)
	})
	t.Run("where conflicts are refused", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, func(c *core.Config) { c.Answers.RefuseConflicts = true })
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 400, a.deliver(transmission, paypalForged))
		require.Equal(t, []string{"WH-1"}, a.ran)
	})
	t.Run("also while the event has failed and waits for its retry", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		a.work = func() error { return errors.New("not now") }
		require.Equal(t, 500, a.deliver(transmission))
		require.Equal(t, core.ReplayReleased, a.last().Replay, "what is signed says nothing of the event")
		require.Equal(t, 200, a.deliver(transmission, paypalForged))
		require.Equal(t, reason.Conflict, a.last().Reason)
		a.work = func() error { return nil }
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, reason.Accepted, a.last().Reason)
		require.Equal(t, []string{"WH-1", "WH-1"}, a.ran)
	})
	t.Run("also where the event had come by another transmission", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 200, a.deliver(anotherTransmission))
		require.Equal(t, reason.Duplicate, a.last().Reason)
		require.Equal(t, 200, a.deliver(anotherTransmission, paypalForged))
		require.Equal(t, reason.Conflict, a.last().Reason)
		require.Equal(t, []string{"WH-1"}, a.ran)
	})
	t.Run("while the event is being processed", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		status := 0
		a.work = func() error {
			a.work = func() error { return nil }
			status = a.deliver(transmission, paypalForged)
			return nil
		}
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 503, status)
		require.Equal(t, []string{"WH-1"}, a.ran)
	})
	t.Run("an event that an operator has forgotten runs again", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		require.Equal(t, 200, a.deliver(transmission))
		require.NoError(t, a.guard.Forget(t.Context(), a.last().Identity))
		require.Equal(t, 200, a.deliver(transmission, paypalForged))
		require.Equal(t, reason.Conflict, a.last().Reason)
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, []string{"WH-1", "WH-1"}, a.ran)
	})
	t.Run("where replay is only reported", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, func(c *core.Config) { c.DangerouslyReportOnly = []core.Check{core.CheckReplay} })
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, 200, a.deliver(transmission, paypalForged))
		r := a.last()
		require.Equal(t, reason.Accepted, r.Reason)
		require.Equal(t, reason.Conflict, r.WouldRefuse[0].Reason)
		require.Equal(t, []string{"WH-1", "WH-2"}, a.ran)
	})
	t.Run("what nobody can tell: the genuine one had never arrived", func(t *testing.T) {
		t.Parallel()
		a := newPayPalApp(t, nothing)
		require.Equal(t, 200, a.deliver(transmission, paypalForged))
		require.Equal(t, 200, a.deliver(transmission))
		require.Equal(t, reason.Conflict, a.last().Reason)
		require.Equal(t, []string{"WH-2"}, a.ran)
	})
}
