package main

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/handover"
)

const (
	topic = "webhooks"
	group = "workers" // who share the work: each message goes to one of them

	// patience is how long the brokers' clients wait for an answer. The receiver's answer is a 500 after it, long
	// before a provider has stopped listening.
	patience = 3 * time.Second

	// pause is how long a message waits that could not be worked on.
	pause = time.Second

	// remembered is how long the ledger knows what was done: longer than a provider goes on retrying, and than a
	// message stays in the queue.
	remembered = 7 * 24 * time.Hour
)

// broker is what both brokers are to the rest of the program.
type broker struct {
	publisher message.Publisher
	subscribe func(ctx context.Context) (message.Subscriber, error)
	ledger    ledger
	close     func()
}

// ledger is where the workers remember, in the broker or elsewhere, the UUIDs of messages whose work is done.
type ledger interface {
	Done(ctx context.Context, id string) (bool, error)
	MarkDone(ctx context.Context, id string) error
}

// signalsTo is the whole hand-over. It has a name, so that a receiver which fails beside it is retried alone.
func signalsTo(b *broker) *core.Signals {
	signals := core.NewSignals()
	signals.Named("queue").On("*", handover.To(b.publisher, topic))
	return signals
}
