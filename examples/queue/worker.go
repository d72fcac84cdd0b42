package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core/handover"
)

// worker does later what the provider was told is done.
type worker struct {
	broker *broker
	work   func(context.Context, *message.Message) error
	logger *slog.Logger
}

// run works until ctx ends. While the broker is down it keeps trying.
func (w *worker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.session(ctx); err != nil {
			w.logger.Error("the worker cannot read its queue", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

func (w *worker) session(ctx context.Context) error {
	subscriber, err := w.broker.subscribe(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = subscriber.Close() }()
	messages, err := subscriber.Subscribe(ctx, topic)
	if err != nil {
		return err
	}
	for m := range messages {
		if err := w.one(m); err != nil {
			w.logger.Error("not done; the broker will send it again", "uuid", m.UUID, "error", err)
			m.Nack()
			continue
		}
		m.Ack()
	}
	return nil
}

// one does the work of a message that was not done before. "Done" is written after the work and before the
// acknowledgement: whatever fails in between makes the work run again, never not at all.
func (w *worker) one(m *message.Message) error {
	ctx := m.Context()
	done, err := w.broker.ledger.Done(ctx, m.UUID)
	if err != nil || done {
		return err
	}
	if err := w.work(ctx, m); err != nil {
		return err
	}
	return w.broker.ledger.MarkDone(ctx, m.UUID)
}

// printing is the work of this example: it takes its time and prints a line.
func printing(out io.Writer, takes time.Duration) func(context.Context, *message.Message) error {
	var mu sync.Mutex
	print := func(what string, m *message.Message) error {
		mu.Lock()
		defer mu.Unlock()
		return json.NewEncoder(out).Encode(map[string]string{
			what: m.UUID, "id": m.Metadata.Get(handover.MetadataID), "type": m.Metadata.Get(handover.MetadataType),
		})
	}
	return func(ctx context.Context, m *message.Message) error {
		if err := print("begins", m); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(takes):
		}
		return print("worked", m)
	}
}
