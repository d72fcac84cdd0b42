package watermillinbox_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// In an app: redisstream.NewPublisher, nats.NewPublisher, kafka.NewPublisher, ... A Go channel is no broker: what is in
// it is gone when the process ends.
func ExampleEnqueue() {
	queue := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)
	route := core.NewSignals()
	route.Named("queue").On("*", watermillinbox.Enqueue(queue, "webhooks"))

	// A delivery comes in, and is answered.
	w := httptest.NewRecorder()
	httpwebhook.Dispatch(route).ServeHTTP(w, webhooktest.Fake(core.Event{
		Provider: "stripe", Type: "invoice.paid", Payload: []byte(`{"id":"evt_1"}`),
	}))
	fmt.Println(w.Code)

	messages, err := queue.Subscribe(context.Background(), "webhooks")
	if err != nil {
		panic(err)
	}
	m := <-messages
	fmt.Println(m.Metadata.Get(watermillinbox.MetadataType))
	m.Ack()
	_ = queue.Close()
	// Output:
	// 200
	// invoice.paid
}

// In an app a message.Router calls the handler, for each message of a subscriber:
//
//	router.AddNoPublisherHandler("webhooks", "webhooks", subscriber, handle)
func ExampleHandler() {
	signals := core.NewSignals()
	signals.On("invoice.*", func(_ context.Context, e core.Event) error {
		fmt.Printf("%s: %s\n", e.Type, e.Payload)
		return nil
	})
	kept, err := journal.InMemory(journal.Config{})
	if err != nil {
		panic(err)
	}
	store := memstore.New()
	defer func() { _ = store.Close() }()
	handle := watermillinbox.Handler(signals, watermillinbox.Config{Replay: store, Journal: kept})

	encoded, _ := core.Event{ID: "evt_1", Type: "invoice.paid", Payload: []byte(`{"id":"evt_1"}`)}.MarshalBinary()
	for range 2 { // the broker sends it twice
		fmt.Println(handle(message.NewMessage("0123", encoded)))
	}
	// Output:
	// invoice.paid: {"id":"evt_1"}
	// <nil>
	// <nil>
}
