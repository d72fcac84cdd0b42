package handover_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/handover"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func ExampleTo() {
	// In an app: redisstream.NewPublisher, nats.NewPublisher, kafka.NewPublisher, ... A Go channel is no broker: what is in
	// it is gone when the process ends.
	queue := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)

	signals := core.NewSignals()
	signals.Named("queue").On("*", handover.To(queue, "webhooks"))

	// A delivery comes in, and is answered.
	w := httptest.NewRecorder()
	httpwebhook.Dispatch(signals).ServeHTTP(w, webhooktest.Fake(core.Event{
		Provider: "stripe", Type: "invoice.paid", Payload: []byte(`{"id":"evt_1"}`),
	}))
	fmt.Println(w.Code)

	// The work is done later.
	messages, err := queue.Subscribe(context.Background(), "webhooks")
	if err != nil {
		panic(err)
	}
	work := func(m *message.Message) {
		fmt.Printf("%s: %s\n", m.Metadata.Get(handover.MetadataType), m.Payload)
		m.Ack()
	}
	work(<-messages)
	_ = queue.Close()
	// Output:
	// 200
	// invoice.paid: {"id":"evt_1"}
}
