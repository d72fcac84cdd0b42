package watermillinbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/ThreeDotsLabs/watermill/message"
)

// publish calls the publisher, and waits for it until ctx ends. Publish runs in a goroutine of its own, because nothing
// else can abandon a Publish that hangs. It fails closed: without the publisher's nil the event counts as not
// published.
func publish(ctx context.Context, publisher message.Publisher, topic string, m *message.Message) error {
	done := make(chan ending, 1) // with room, so the goroutine of a late Publish ends too
	go func() {
		end := ending{err: errors.New("the publisher ended its goroutine")} // by runtime.Goexit
		defer func() { done <- end }()
		defer func() {
			// In this goroutine a panic would end the program. In the receiver the guard recovers it, see result.
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
	case end := <-done: // both at the same time: the broker has the event, so the provider need not send it again
		return end.result()
	default:
		return fmt.Errorf("gave up waiting, and it may still arrive: %w", context.Cause(ctx))
	}
}

// ending is the outcome of a Publish.
type ending struct {
	err      error
	panicked *publisherPanic
}

// result returns the error of a Publish. A panic continues here, in the goroutine of the receiver, where the guard
// recovers and reports it.
func (e ending) result() error {
	if e.panicked != nil {
		panic(e.panicked)
	}
	return e.err
}

// publisherPanic keeps the stack of a panic: that of the goroutine in which it continues does not show the place.
type publisherPanic struct {
	value any
	stack []byte
}

// Error returns the value of the panic and its stack.
func (p *publisherPanic) Error() string {
	return fmt.Sprintf("the publisher panicked: %v\n%s", p.value, p.stack)
}

// Unwrap returns the value of the panic, if it is an error.
func (p *publisherPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
