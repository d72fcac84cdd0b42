package watermillinbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

const (
	topic  = "webhooks"
	secret = "whsec_made-up-for-tests-0123456789abcdef"
	body   = `{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}`
)

// endpoint is a guarded route, and what its observer got last.
type endpoint struct {
	guard   *core.Guard
	handler http.Handler
	records chan core.Record
}

func newEndpoint(t *testing.T, publisher message.Publisher, change func(*core.Config), options ...watermillinbox.Option) *endpoint {
	t.Helper()
	e := &endpoint{records: make(chan core.Record, 1000)}
	config := core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(secret), Replay: memstore.New(),
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) { e.records <- r })},
	}
	if change != nil {
		change(&config)
	}
	guard, err := core.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = config.Replay.Close() })
	signals := core.NewSignals()
	signals.On("*", watermillinbox.Enqueue(publisher, topic, options...))
	e.guard, e.handler = guard, httpwebhook.Verify(guard)(httpwebhook.Dispatch(signals))
	return e
}

func delivery(text string) *http.Request {
	return webhooktest.NewRequest(provider.Stripe(), secret, "https://example.com/hooks", text, time.Now())
}

func (e *endpoint) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, r)
	return w
}

// last is what was reported of the delivery that was sent last.
func (e *endpoint) last(t *testing.T) core.Record {
	t.Helper()
	require.NoError(t, e.guard.Flush(context.Background()))
	var last core.Record
	for {
		select {
		case last = <-e.records:
		default:
			return last
		}
	}
}

// newQueue is a pub/sub whose Publish ends when the subscriber has acknowledged the message.
func newQueue(t *testing.T) (*gochannel.GoChannel, <-chan *message.Message) {
	t.Helper()
	queue := gochannel.NewGoChannel(gochannel.Config{BlockPublishUntilSubscriberAck: true}, nil)
	t.Cleanup(func() { _ = queue.Close() })
	messages, err := queue.Subscribe(t.Context(), topic)
	require.NoError(t, err)
	return queue, messages
}

// collect acknowledges what arrives, and gives what arrived so far.
func collect(messages <-chan *message.Message) func() []*message.Message {
	all := make(chan []*message.Message, 1)
	all <- nil
	go func() {
		for m := range messages {
			all <- append(<-all, m)
			m.Ack()
		}
	}()
	return func() []*message.Message {
		list := <-all
		all <- list
		return list
	}
}

// publisherFunc stands for a broker's client that misbehaves.
type publisherFunc func(topic string, messages ...*message.Message) error

func (f publisherFunc) Publish(topic string, messages ...*message.Message) error {
	return f(topic, messages...)
}

func (f publisherFunc) Close() error { return nil }
