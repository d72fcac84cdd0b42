package handover

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/ThreeDotsLabs/watermill/message"
)

// publish waits for the publisher, but no longer than ctx lasts. It has a goroutine of its own, because nothing else
// can leave a Publish that hangs.
func publish(ctx context.Context, publisher message.Publisher, topic string, m *message.Message) error {
	done := make(chan ending, 1) // with room, so that a late one ends too
	go func() {
		end := ending{err: errors.New("the publisher ended its goroutine")} // by runtime.Goexit
		defer func() { done <- end }()
		defer func() {
			// A panic here would end the program, where in a receiver it is contained.
			if v := recover(); v != nil {
				end = ending{panicked: &publisherPanic{value: v, stack: debug.Stack()}}
			}
		}()
		end = ending{err: publisher.Publish(topic, m)}
	}()
	select {
	case end := <-done:
		return end.result()
	case <-ctx.Done():
	}
	select {
	case end := <-done: // both at once: what the broker has is not asked for again
		return end.result()
	default:
		return fmt.Errorf("gave up waiting, and it may still arrive: %w", context.Cause(ctx))
	}
}

// ending is how a Publish ended.
type ending struct {
	err      error
	panicked *publisherPanic
}

// result goes on with a panic where the receiver runs, for the guard to contain and report as every receiver's.
func (e ending) result() error {
	if e.panicked != nil {
		panic(e.panicked)
	}
	return e.err
}

// publisherPanic keeps the place of a panic, which the goroutine that goes on with it does not show.
type publisherPanic struct {
	value any
	stack []byte
}

// Error says what the publisher panicked with, and where.
func (p *publisherPanic) Error() string {
	return fmt.Sprintf("the publisher panicked: %v\n%s", p.value, p.stack)
}

// Unwrap returns what the publisher panicked with, if it is an error.
func (p *publisherPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
