package watermillinbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestAMessageIsTheEvent(t *testing.T) {
	t.Parallel()
	queue, messages := newQueue(t)
	arrived := collect(messages)
	e := newEndpoint(t, queue, nil)
	require.Equal(t, 200, e.send(delivery(body)).Code)
	require.Len(t, arrived(), 1)
	m := arrived()[0]
	require.Equal(t, e.last(t).Identity.String(), m.UUID)
	require.Equal(t, body, string(eventIn(t, m).Payload))
	require.Equal(t, message.Metadata{
		"sallyport_endpoint": "stripe", "sallyport_provider": "stripe", "sallyport_type": "invoice.paid",
		"sallyport_id": "evt_1", "sallyport_authenticated": "type,id",
	}, m.Metadata)
}

func TestMetadataSaysWhatTheEventSays(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		event core.Event
		want  message.Metadata
	}{
		{"nothing of an event that says nothing", core.Event{}, message.Metadata{}},
		{
			"everything of one that says everything",
			core.Event{
				Endpoint: "shop", Provider: "shopify", Type: "orders/create", ID: "1", Tenant: "a.example", Attempt: 3,
				Authenticated: core.Authenticated{ID: true, Type: true, Time: true, Tenant: true},
			},
			message.Metadata{
				watermillinbox.MetadataEndpoint: "shop", watermillinbox.MetadataProvider: "shopify", watermillinbox.MetadataType: "orders/create",
				watermillinbox.MetadataID: "1", watermillinbox.MetadataTenant: "a.example", watermillinbox.MetadataAttempt: "3",
				watermillinbox.MetadataAuthenticated: "type,id,tenant",
			},
		},
		{
			"nothing that a broker refuses",
			core.Event{Type: "a\r\nb\x00\xff", ID: strings.Repeat("x", 5000)},
			message.Metadata{
				watermillinbox.MetadataType: "a\ufffd\ufffdb\ufffd\ufffd", watermillinbox.MetadataID: strings.Repeat("x", 512),
			},
		},
		{
			"what no signature covers is not called authenticated",
			core.Event{Type: "push", ID: "1"},
			message.Metadata{watermillinbox.MetadataType: "push", watermillinbox.MetadataID: "1"},
		},
		{
			"an unproved event is called one",
			core.Event{Type: "push", Unproved: true},
			message.Metadata{watermillinbox.MetadataType: "push", watermillinbox.MetadataUnproved: "true"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got *message.Message
			receive := watermillinbox.Enqueue(publisherFunc(func(_ string, m ...*message.Message) error { got = m[0]; return nil }), topic)
			require.NoError(t, receive(t.Context(), row.event))
			require.Equal(t, row.want, got.Metadata)
		})
	}
}

// eventIn decodes the event of a message.
func eventIn(t *testing.T, m *message.Message) core.Event {
	t.Helper()
	var e core.Event
	require.NoError(t, e.UnmarshalBinary(m.Payload))
	return e
}

func TestARedriveIsAnotherMessage(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	receive := watermillinbox.Enqueue(publisherFunc(func(_ string, m ...*message.Message) error { seen[m[0].UUID] = true; return nil }), topic)
	for n := range 3 {
		require.NoError(t, receive(t.Context(), core.Event{Identity: core.Identity{1}, Redrive: n}))
		require.NoError(t, receive(t.Context(), core.Event{Identity: core.Identity{1}, Redrive: n}))
	}
	require.Len(t, seen, 3, "or a broker, or a worker, would leave it out")
	require.Contains(t, seen, core.Identity{1}.String())
}

func TestTheAnswerWaitsForTheBroker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue, messages := newQueue(t)
		e := newEndpoint(t, queue, nil)
		answered := make(chan *httptest.ResponseRecorder, 1)
		go func() { answered <- e.send(delivery(body)) }()
		m := <-messages
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Empty(t, answered, "the broker has not confirmed it")
		require.Equal(t, 503, e.send(delivery(body)).Code, "another delivery of it waits for the first")
		m.Ack()
		require.Equal(t, 200, (<-answered).Code)
	})
}

func TestAFailedPublishIsRetriedAndADuplicateIsNotPublished(t *testing.T) {
	t.Parallel()
	down := errors.New("the broker is down")
	rows := map[string]error{
		"an error":                           down,
		"one that calls itself permanent":    core.Permanent(down),
		"one that asks to ignore the event":  fmt.Errorf("%w: %w", core.Ignore, down),
		"one that is permanent, wrapped":     fmt.Errorf("publish: %w", core.Permanent(down)),
		"one like that of an aborted answer": errors.Join(http.ErrAbortHandler, down),
	}
	for name, failure := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, messages := newQueue(t)
			arrived := collect(messages)
			up := false
			e := newEndpoint(t, publisherFunc(func(topic string, m ...*message.Message) error {
				if !up {
					return failure
				}
				return queue.Publish(topic, m...)
			}), nil)
			require.Equal(t, 500, e.send(delivery(body)).Code)
			last := e.last(t)
			require.Equal(t, reason.SignalFailed, last.Reason)
			require.Equal(t, core.ReplayReleased, last.Replay)
			require.ErrorIs(t, last.Err, watermillinbox.ErrNotEnqueued)
			require.ErrorIs(t, last.Err, down)
			require.ErrorContains(t, last.Err, `"webhooks"`)
			require.Empty(t, arrived())

			up = true
			require.Equal(t, 200, e.send(delivery(body)).Code)
			require.Equal(t, 200, e.send(delivery(body)).Code)
			require.Equal(t, reason.Duplicate, e.last(t).Reason)
			require.Len(t, arrived(), 1)
		})
	}
}

func TestAPublishThatHangsIsGivenUpAndMayArriveLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue, messages := newQueue(t)
		e := newEndpoint(t, queue, func(c *core.Config) { c.Limits.SignalTimeout = time.Minute })
		began := time.Now()
		require.Equal(t, 500, e.send(delivery(body)).Code)
		require.Equal(t, time.Minute, time.Since(began))
		last := e.last(t)
		require.ErrorIs(t, last.Err, watermillinbox.ErrNotEnqueued)
		require.ErrorIs(t, last.Err, context.DeadlineExceeded)

		late := <-messages
		late.Ack()
		arrived := collect(messages)
		require.Equal(t, 200, e.send(delivery(body)).Code)
		require.Len(t, arrived(), 1)
		require.Equal(t, late.UUID, arrived()[0].UUID, "by which a consumer knows it")
		require.Equal(t, body, string(eventIn(t, late).Payload))
	})
}

func TestAClaimThatIsLostEndsTheWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue, messages := newQueue(t)
		e := newEndpoint(t, queue, nil)
		answered := make(chan *httptest.ResponseRecorder, 1)
		go func() { answered <- e.send(delivery(body)) }()
		m := <-messages
		defer m.Ack()
		identity, err := core.ParseIdentity(m.UUID)
		require.NoError(t, err)
		require.NoError(t, e.guard.DangerouslyForgetInFlight(t.Context(), identity))
		require.GreaterOrEqual(t, (<-answered).Code, 500)
		require.ErrorIs(t, e.last(t).Err, core.ErrLeaseLost)
	})
}

func TestNothingIsPublishedForAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		published := false
		e := newEndpoint(t, publisherFunc(func(string, ...*message.Message) error { published = true; return nil }), nil)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		require.Equal(t, 500, e.send(delivery(body).WithContext(ctx)).Code)
		synctest.Wait()
		require.False(t, published)
		require.ErrorIs(t, e.last(t).Err, context.DeadlineExceeded)
	})
}

func TestAPublisherThatPanicsDoesNotTakeTheProcessDown(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		fail   func()
		reason reason.Reason
		says   string
	}{
		{"a panic", func() { panic("kaboom") }, reason.SignalPanicked, "kaboom"},
		{"a panic with an error", func() { panic(errors.New("kaboom")) }, reason.SignalPanicked, "enqueue_test.go"},
		{"the end of its goroutine", runtime.Goexit, reason.SignalFailed, "ended its goroutine"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := newEndpoint(t, publisherFunc(func(string, ...*message.Message) error { row.fail(); return nil }), nil)
			w := e.send(delivery(body))
			require.Equal(t, 500, w.Code)
			require.NotContains(t, w.Body.String(), "kaboom")
			last := e.last(t)
			require.Equal(t, row.reason, last.Reason)
			require.ErrorContains(t, last.Err, row.says)
			require.Equal(t, core.ReplayReleased, last.Replay)
		})
	}
}

func TestAnEventWithoutAnIdentityGetsARandomUUID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	receive := watermillinbox.Enqueue(publisherFunc(func(_ string, m ...*message.Message) error { seen[m[0].UUID] = true; return nil }), topic)
	for range 100 {
		require.NoError(t, receive(t.Context(), core.Event{Payload: []byte(body)}))
	}
	require.Len(t, seen, 100)
	for id := range seen {
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		_, err := core.ParseIdentity(id)
		require.Error(t, err, "it is not taken for an identity")
	}
}

func TestAMessageSharesNothingWithTheEvent(t *testing.T) {
	t.Parallel()
	var kept *message.Message
	receive := watermillinbox.Enqueue(publisherFunc(func(_ string, m ...*message.Message) error { kept = m[0]; return nil }), topic)
	payload := []byte(body)
	require.NoError(t, receive(t.Context(), core.Event{Payload: payload}))
	clear(payload)
	require.Equal(t, body, string(eventIn(t, kept).Payload))
}

func TestTheTopicIsChosenByTheEvent(t *testing.T) {
	t.Parallel()
	var topics []string
	receive := watermillinbox.Enqueue(publisherFunc(func(topic string, _ ...*message.Message) error { topics = append(topics, topic); return nil }),
		topic, watermillinbox.WithTopic(func(e core.Event) string {
			if e.Type == "invoice.paid" {
				return "billing"
			}
			return ""
		}))
	require.NoError(t, receive(t.Context(), core.Event{Type: "invoice.paid"}))
	require.NoError(t, receive(t.Context(), core.Event{Type: "customer.created"}))
	require.Equal(t, []string{"billing", topic}, topics)
}

func TestTheTraceGoesOn(t *testing.T) {
	t.Parallel()
	type span struct{}
	var published *message.Message
	inPublisher := ""
	e := newEndpoint(t, publisherFunc(func(_ string, m ...*message.Message) error {
		published = m[0]
		inPublisher, _ = m[0].Context().Value(span{}).(string)
		return nil
	}), nil, watermillinbox.WithTraceContext(func(ctx context.Context, metadata map[string]string) {
		metadata["traceparent"], _ = ctx.Value(span{}).(string)
		metadata[watermillinbox.MetadataType] = "another"
		metadata[watermillinbox.MetadataTenant] = "another"
	}))
	require.Equal(t, 200, e.send(delivery(body).WithContext(context.WithValue(t.Context(), span{}, "00-a-b-01"))).Code)
	require.Equal(t, "00-a-b-01", inPublisher)
	require.Equal(t, "00-a-b-01", published.Metadata["traceparent"])
	require.Equal(t, "invoice.paid", published.Metadata[watermillinbox.MetadataType], "the event's own details are not overwritten")
	require.NotContains(t, published.Metadata, watermillinbox.MetadataTenant)
}

func TestConcurrentDeliveriesOfManyEventsPublishEachOnce(t *testing.T) {
	t.Parallel()
	queue, messages := newQueue(t)
	arrived := collect(messages)
	e := newEndpoint(t, queue, nil, watermillinbox.WithTopic(func(core.Event) string { return "" }),
		watermillinbox.WithTraceContext(func(_ context.Context, m map[string]string) { m["traceparent"] = "00-a-b-01" }))
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() { e.send(delivery(fmt.Sprintf(`{"id":"evt_%d"}`, i%50))) })
	}
	wait.Wait()
	seen := map[string]int{}
	for _, m := range arrived() {
		seen[m.Metadata.Get(watermillinbox.MetadataID)]++
	}
	require.Len(t, seen, 50)
	for id, times := range seen {
		require.Equal(t, 1, times, id)
	}
}

func TestMistakesPanicWithTheCallersLine(t *testing.T) {
	t.Parallel()
	good := publisherFunc(func(string, ...*message.Message) error { return nil })
	var none *nilPublisher
	rows := map[string]func(){
		"no publisher":              func() { watermillinbox.Enqueue(nil, topic) },
		"a publisher that is nil":   func() { watermillinbox.Enqueue(none, topic) },
		"a function that is nil":    func() { watermillinbox.Enqueue(publisherFunc(nil), topic) },
		"an empty topic":            func() { watermillinbox.Enqueue(good, "") },
		"a nil option":              func() { watermillinbox.Enqueue(good, topic, nil) },
		"no function for the topic": func() { watermillinbox.WithTopic(nil) },
		"no function for the trace": func() { watermillinbox.WithTraceContext(nil) },
	}
	for name, mistake := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() { require.Contains(t, recover(), "enqueue_test.go:") }()
			mistake()
		})
	}
}

type nilPublisher struct{ publisherFunc }
