package watermillinbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unicode"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
)

// Keys of a message's metadata. A field that the event does not have is left out, and Metadata.Get returns "".
const (
	MetadataEndpoint = "sallyport_endpoint" // Event.Endpoint
	MetadataProvider = "sallyport_provider" // Event.Provider
	MetadataType     = "sallyport_type"     // Event.Type
	MetadataID       = "sallyport_id"       // Event.ID
	MetadataTenant   = "sallyport_tenant"   // Event.Tenant
	MetadataAttempt  = "sallyport_attempt"  // Event.Attempt, decimal

	// MetadataAuthenticated lists which of type, id and tenant the proof covers, in this order and separated by commas:
	// "type,id". An attacker who captured a delivery could have changed the others (core.Authenticated).
	MetadataAuthenticated = "sallyport_authenticated"
	// MetadataUnproved is "true" for an event without a proof, which was let through because a check only reports
	// (Event.Unproved). Otherwise it is absent.
	MetadataUnproved = "sallyport_unproved"
)

// ErrNotEnqueued is wrapped by the receiver's error: the broker did not confirm the event. The error also wraps the
// publisher's error, or the cause for which the signal's context ended. It is never permanent, whatever the publisher's
// error is. The delivery is answered 500 and released, and the provider's retry hands it over.
var ErrNotEnqueued = errors.New("watermillinbox: the broker did not confirm the event")

// Enqueue makes a receiver that publishes every event, and returns nil after Publish has. It is safe for concurrent
// use, as the publisher must be.
//
// The payload is the encoded event ([core.Event.MarshalBinary]), for [Handler]. The message's UUID is the event's
// identity, 64 hexadecimal digits: the same for every delivery of the event; a redrive has one of its own. An event
// without an identity gets a random UUID, and a second delivery of it cannot be recognised. That is so if the provider
// sends nothing that identifies an event, or if the app's own Config.Identity returns none.
//
// The message's context is the event's, so decorators of publishers find the span and the request's values. Publish
// itself has no context. The receiver waits for it until the event's context ends: at Config.Limits.SignalTimeout (by
// default 15 minutes), at the provider's limit with Config.Answers.CancelAtAckLimit, or when the claim on the event is
// lost. Then it returns an error, and the abandoned Publish may still reach the broker. Give the broker's client a
// timeout of a few seconds, so that this does not last long.
//
// If the event has other receivers too, register this one by Named. When another receiver fails, the retry then does
// not publish the event again.
//
// To panics on a nil publisher, an empty topic or a nil option: these are mistakes in the program.
func Enqueue(publisher message.Publisher, topic string, options ...Option) core.Receiver {
	switch {
	case isNil(publisher):
		panic("watermillinbox: the publisher is nil" + callerLine())
	case topic == "":
		panic("watermillinbox: the topic is empty" + callerLine())
	}
	q := &queue{publisher: publisher, topic: topic}
	for _, option := range options {
		if option == nil {
			panic("watermillinbox: an option is nil" + callerLine())
		}
		option(q)
	}
	return func(ctx context.Context, e core.Event) error { return q.enqueue(ctx, e) }
}

// Option configures the receiver of [Enqueue].
type Option func(*queue)

// WithTopic chooses the topic by the event. Where choose returns "", the topic is the one given to [Enqueue]. It must
// be safe for concurrent use. It panics on nil.
//
// Choose from a fixed set of names. An event's Type is the sender's text: it can be anything, also "*" or a separator
// of the broker. With some providers no signature covers it (Event.Authenticated).
func WithTopic(choose func(core.Event) string) Option {
	if choose == nil {
		panic("watermillinbox: the function of WithTopic is nil" + callerLine())
	}
	return func(q *queue) { q.choose = choose }
}

// WithTraceContext adds the trace context to the message's metadata, so that the consumer's spans continue the
// request's. inject is called for every event with the event's context. It must be safe for concurrent use. Keys of
// this package that it sets are overwritten. It panics on nil. With OpenTelemetry:
//
//	watermillinbox.WithTraceContext(func(ctx context.Context, m map[string]string) {
//		otel.GetTextMapPropagator().Inject(ctx, propagation.MapCarrier(m))
//	})
func WithTraceContext(inject func(ctx context.Context, metadata map[string]string)) Option {
	if inject == nil {
		panic("watermillinbox: the function of WithTraceContext is nil" + callerLine())
	}
	return func(q *queue) { q.inject = inject }
}

// queue is the configuration of a receiver. It does not change after To has returned.
type queue struct {
	publisher message.Publisher
	topic     string
	choose    func(core.Event) string                  // nil: always topic
	inject    func(context.Context, map[string]string) // nil: no trace context
}

// handOver publishes one event. It does not begin a Publish for an event whose context has ended already: another
// delivery may have its claim.
func (q *queue) enqueue(ctx context.Context, e core.Event) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: not published: %w", ErrNotEnqueued, context.Cause(ctx))
	}
	topic := q.topic
	if q.choose != nil {
		if own := q.choose(e); own != "" {
			topic = own
		}
	}
	// Two errors are wrapped, and core uses the more severe one. So a publisher's error that calls itself permanent
	// does not acknowledge an event that the broker does not have.
	if err := publish(ctx, q.publisher, topic, q.message(ctx, &e)); err != nil {
		return fmt.Errorf("%w: topic %q: %w", ErrNotEnqueued, topic, err)
	}
	return nil
}

// message returns the message of an event. It shares no memory with the event, because an abandoned Publish still reads
// it.
func (q *queue) message(ctx context.Context, e *core.Event) *message.Message {
	id := uuidOf(e)
	if id == "" {
		id = randomUUID()
	}
	encoded, _ := e.MarshalBinary() // a new slice
	m := message.NewMessage(id, encoded)
	m.SetContext(ctx)
	if q.inject != nil {
		q.inject(ctx, m.Metadata)
	}
	// inject must not be able to set the keys of this package: consumers trust them.
	set := func(key, value string) {
		delete(m.Metadata, key)
		if value != "" {
			m.Metadata.Set(key, shown(value))
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

// authenticated returns the value of MetadataAuthenticated. Each field must be listed to count as proved, which fails
// closed.
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

const mostShown = 512 // bytes

// shown returns what every broker takes of a sender's text.
func shown(text string) string {
	if len(text) > mostShown {
		text = text[:mostShown]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// uuidOf returns the UUID of an event's message. A run out of the journal has another one than the delivery: under the
// event's own it would be left out. Empty: nothing identifies the event.
func uuidOf(e *core.Event) string {
	if e.Identity.IsZero() {
		return ""
	}
	return e.RunID().String()
}

// randomUUID returns a UUID of version 4 (RFC 9562). It differs from every identity, which has no hyphens.
func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never returns an error: without randomness, crypto/rand stops the program
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isNil reports whether there is no publisher. It also finds a nil pointer in the interface, as a constructor returns
// it with an error that the program ignored.
func isNil(publisher message.Publisher) bool {
	v := reflect.ValueOf(publisher)
	return !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

// callerLine returns the first line outside of this package, where the mistake is.
func callerLine() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "sallyport/core/inbox/watermillinbox.") && f.File != "" {
			return fmt.Sprintf(" (%s:%d)", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}
