package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
)

// worker does later what the provider was told is done.
type worker struct {
	broker *broker
	handle message.NoPublishHandlerFunc
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

// session works until the broker ends the subscription. The handler ends each message: no middleware retries.
func (w *worker) session(ctx context.Context) error {
	subscriber, err := w.broker.subscribe(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = subscriber.Close() }()
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: 10 * time.Second},
		watermill.NewSlogLogger(w.logger))
	if err != nil {
		return err
	}
	router.AddConsumerHandler(topic, topic, subscriber, w.handle)
	return router.Run(ctx)
}

// printing is the work of this example: it takes its time and prints a line.
func printing(out io.Writer, takes time.Duration) *core.Signals {
	var mu sync.Mutex
	print := func(what string, e core.Event) error {
		mu.Lock()
		defer mu.Unlock()
		return json.NewEncoder(out).Encode(map[string]string{what: e.Identity.String(), "id": e.ID, "type": e.Type})
	}
	signals := core.NewSignals()
	signals.On("*", func(ctx context.Context, e core.Event) error {
		if err := print("begins", e); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(takes):
		}
		return print("worked", e)
	})
	return signals
}
