package main

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/watermillinbox"
)

const (
	topic = "webhooks"
	group = "workers" // who share the work: each message goes to one of them

	// patience is how long the brokers' clients wait for an answer. The receiver's answer is a 500 after it, long
	// before a provider has stopped listening.
	patience = 3 * time.Second

	// pause is how long a message waits that comes back to the broker: a worker was stopped while it had it.
	pause = time.Second
)

// broker is what both brokers are to the rest of the program.
type broker struct {
	publisher message.Publisher
	subscribe func(ctx context.Context) (message.Subscriber, error)
	close     func()
}

// signalsTo is all that a receiver does. It has a name, so that a receiver which fails next to it is retried alone.
func signalsTo(b *broker) *core.Signals {
	signals := core.NewSignals()
	signals.Named("queue").On("*", watermillinbox.Enqueue(b.publisher, topic))
	return signals
}
