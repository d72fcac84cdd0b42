// Package handover hands events over to a queue: a receiver that publishes each event to a Watermill
// [message.Publisher] and succeeds only once the publisher says that the broker has it. The provider is answered
// quickly, and the work is done later by a consumer.
//
//	signals := core.NewSignals()
//	signals.On("*", handover.To(publisher, "webhooks"))
//
// # What is promised
//
// At least once. An event that the broker did not confirm is answered 500 and released, and the provider's retry
// hands it over again; nothing is acknowledged on a promise. The same event can therefore be in the queue twice: the
// broker may have taken it before its answer was lost, and the process may end between the publish and "done". Both
// messages carry the same UUID, and a consumer that does something only once remembers the UUIDs it is done with.
//
// How safe an event is once it was handed over is the broker's and the publisher's matter. A publisher that returns
// before the broker's answer (fire and forget, an asynchronous acknowledgement, an in-memory Go channel) acknowledges
// what can still be lost.
//
// # What is published
//
// The payload is a copy of the event's Payload, the UUID is [core.Identity], and the metadata says what the constants
// beginning with Metadata list. Secrets, signatures and the request's headers are not part of it. Whoever can read the
// topic can read the events, and whoever can write to it is believed by its consumers: they see no signature.
//
// [core.Identity]: https://pkg.go.dev/github.com/sallyport-go/sallyport/core#Identity
package handover

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
)

// Keys of a message's metadata. What the event does not say is left out, so that Metadata.Get answers "".
const (
	MetadataEndpoint = "sallyport_endpoint" // Event.Endpoint
	MetadataProvider = "sallyport_provider" // Event.Provider
	MetadataType     = "sallyport_type"     // Event.Type
	MetadataID       = "sallyport_id"       // Event.ID
	MetadataTenant   = "sallyport_tenant"   // Event.Tenant
	MetadataAttempt  = "sallyport_attempt"  // Event.Attempt, decimal

	// MetadataAuthenticated says which of type, id and tenant the proof covers, in this order and with commas between
	// them: "type,id". What it does not name, whoever captured a delivery could have changed (core.Authenticated).
	MetadataAuthenticated = "sallyport_authenticated"
	// MetadataUnproved is "true" for an event that nothing proves, let through because a check only reports
	// (Event.Unproved), and is not there otherwise.
	MetadataUnproved = "sallyport_unproved"
)

// ErrNotHandedOver is wrapped by the receiver's error: the broker did not confirm the event. Beside it the error wraps
// the publisher's, or the cause for which the signal's context ended. It is never permanent, whatever the publisher's
// error is: the delivery is answered 500 and released, and the provider's retry hands it over.
var ErrNotHandedOver = errors.New("handover: the broker did not confirm the event")

// To makes a receiver that publishes every event it gets and returns nil once Publish has. It is safe for concurrent
// use, as the publisher has to be.
//
// The message's UUID is the event's identity, 64 hexadecimal digits: the same for every delivery of the event. An event
// without an identity (the provider sends nothing to tell a replay by, or the app's own Config.Identity gives none)
// gets a random UUID, and nobody can tell that it comes a second time.
//
// The message's context is the event's: publisher decorators find the span and the request's values in it. Publish
// itself takes no context, so that the receiver waits for it only until the event's context ends: at
// Config.Limits.SignalTimeout (by default 15 minutes), at the provider's limit with Config.Answers.CancelAtAckLimit, or
// with the claim on the event. It then returns an error, and what it left behind may still reach the broker later. Give
// the broker's client a timeout of its own, of a few seconds, so that nothing is left behind for long.
//
// Next to other receivers of the same event, register it by Named: where a neighbour fails, the retry does not publish
// the event again.
//
// A nil publisher, an empty topic and a nil option panic, as mistakes in registering a receiver do.
func To(publisher message.Publisher, topic string, options ...Option) core.Receiver {
	switch {
	case isNil(publisher):
		panic("handover: the publisher is nil" + callerLine())
	case topic == "":
		panic("handover: the topic is empty" + callerLine())
	}
	q := &queue{publisher: publisher, topic: topic}
	for _, option := range options {
		if option == nil {
			panic("handover: an option is nil" + callerLine())
		}
		option(q)
	}
	return func(ctx context.Context, e core.Event) error { return q.handOver(ctx, e) }
}

// Option changes what [To] does.
type Option func(*queue)

// WithTopic chooses the topic by the event; where it returns "" the topic is the one given to [To]. It is called at the
// same time by several goroutines.
//
// Choose from a fixed set of names. An event's Type is the sender's text: it can be anything, "*" or a separator of the
// broker's included, and with some providers no signature covers it (Event.Authenticated).
func WithTopic(choose func(core.Event) string) Option {
	if choose == nil {
		panic("handover: the function of WithTopic is nil" + callerLine())
	}
	return func(q *queue) { q.choose = choose }
}

// WithTraceContext puts the trace context into the message's metadata, so that the consumer's spans continue the
// request's. inject is called for every event with the event's context, by several goroutines at the same time; keys of
// this package that it sets are overwritten. With OpenTelemetry:
//
//	handover.WithTraceContext(func(ctx context.Context, m map[string]string) {
//		otel.GetTextMapPropagator().Inject(ctx, propagation.MapCarrier(m))
//	})
func WithTraceContext(inject func(ctx context.Context, metadata map[string]string)) Option {
	if inject == nil {
		panic("handover: the function of WithTraceContext is nil" + callerLine())
	}
	return func(q *queue) { q.inject = inject }
}

// queue is where a receiver's events go.
type queue struct {
	publisher message.Publisher
	topic     string
	choose    func(core.Event) string
	inject    func(context.Context, map[string]string)
}

func (q *queue) handOver(ctx context.Context, e core.Event) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: not published: %w", ErrNotHandedOver, context.Cause(ctx))
	}
	topic := q.topic
	if q.choose != nil {
		if own := q.choose(e); own != "" {
			topic = own
		}
	}
	// Two errors wrapped, not one: core takes the worst of them, so that a publisher's error which calls itself
	// permanent does not acknowledge what the broker does not have.
	if err := publish(ctx, q.publisher, topic, q.message(ctx, &e)); err != nil {
		return fmt.Errorf("%w: topic %q: %w", ErrNotHandedOver, topic, err)
	}
	return nil
}

// message shares no memory with the event: a publish that was given up still reads it.
func (q *queue) message(ctx context.Context, e *core.Event) *message.Message {
	id := e.Identity.String()
	if e.Identity.IsZero() {
		id = randomUUID()
	}
	m := message.NewMessage(id, bytes.Clone(e.Payload))
	m.SetContext(ctx)
	if q.inject != nil {
		q.inject(ctx, m.Metadata)
	}
	set := func(key, value string) {
		delete(m.Metadata, key)
		if value != "" {
			m.Metadata.Set(key, value)
		}
	}
	set(MetadataEndpoint, e.Endpoint)
	set(MetadataProvider, e.Provider)
	set(MetadataType, e.Type)
	set(MetadataID, e.ID)
	set(MetadataTenant, e.Tenant)
	set(MetadataAuthenticated, authenticated(e.Authenticated))
	unproved := ""
	if e.Unproved {
		unproved = "true"
	}
	set(MetadataUnproved, unproved)
	attempt := ""
	if e.Attempt > 0 {
		attempt = strconv.Itoa(e.Attempt)
	}
	set(MetadataAttempt, attempt)
	return m
}

func authenticated(a core.Authenticated) string {
	var names []string
	for _, detail := range []struct {
		name   string
		proved bool
	}{{"type", a.Type}, {"id", a.ID}, {"tenant", a.Tenant}} {
		if detail.proved {
			names = append(names, detail.name)
		}
	}
	return strings.Join(names, ",")
}

// randomUUID is of version 4 (RFC 9562). It cannot be taken for an identity, which has no hyphens.
func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isNil also finds the nil pointer that is left of a constructor whose error was not looked at.
func isNil(publisher message.Publisher) bool {
	v := reflect.ValueOf(publisher)
	return !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

// callerLine names the first line outside this package, where the mistake is.
func callerLine() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "sallyport/core/handover.") && f.File != "" {
			return fmt.Sprintf(" (%s:%d)", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}
