package core

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Receiver is the app's code for an event, in its router's style: C is what the router calls a context. It must be safe
// for concurrent use. Its error decides what becomes of the event: nil or [Ignore] commit it, [Permanent] commits and
// reports it, [Undecodable] reports it and leaves it to a resend, and any other error is a 500: the provider's retry
// runs. Of several receivers the worst outcome decides, in this order: retry, permanent, undecodable, ignore, nil.
type Receiver[C any] = func(C, Event) error

// Signals are the receivers of an endpoint's events, by type. Register at start-up; the first delivery, or handing
// them to an adapter, freezes them.
//
// A mistake in registering panics with the caller's line, as net/http's ServeMux does: a bad pattern, a nil function,
// a name that is taken, a registration after the freeze.
type Signals[C any] struct {
	mu        sync.Mutex
	frozen    bool
	receivers []receiver[C]
	unhandled func(C, Event)
	unguarded unguardedLog
}

type receiver[C any] struct {
	name    string
	pattern pattern
	fn      Receiver[C]
}

// NewSignals makes an empty set. Adapters have one for their own context.
func NewSignals[C any]() *Signals[C] { return &Signals[C]{} }

// On registers a receiver for a pattern of event types: exact ("invoice.paid"), a prefix at a . or / or _ boundary
// ("customer.*", which matches deeper levels), or "*", which runs for every event beside the more specific ones.
// Receivers of one event all run, in the order of registration.
func (s *Signals[C]) On(eventType string, fn Receiver[C]) {
	s.register("", eventType, fn)
}

// OnNamed is On with a name of the receiver's own, under which the replay store remembers that it has done its part of
// an event: when a neighbour fails, the provider's retry does not run it again. A receiver without a name runs again
// with every retry of its event. The name is part of what is remembered: a new one remembers nothing.
func (s *Signals[C]) OnNamed(name, eventType string, fn Receiver[C]) {
	if name == "" {
		panic("sallyport: the receiver's name is empty" + callerLine())
	}
	s.register(name, eventType, fn)
}

// OnUnhandled registers what is told of events that no receiver takes. Such an event is answered 2xx and not
// committed, so that a resend runs once there is a receiver.
func (s *Signals[C]) OnUnhandled(fn func(C, Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustBeOpen()
	if fn == nil {
		panic("sallyport: the function is nil" + callerLine())
	}
	s.unhandled = fn
}

func (s *Signals[C]) register(name, eventType string, fn Receiver[C]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustBeOpen()
	p, problem := parsePattern(eventType)
	if problem != "" {
		panic(fmt.Sprintf("sallyport: pattern %q: %s%s", eventType, problem, callerLine()))
	}
	if fn == nil {
		panic("sallyport: the receiver is nil" + callerLine())
	}
	for _, r := range s.receivers {
		if name != "" && r.name == name {
			panic(fmt.Sprintf("sallyport: a receiver named %q is registered already%s", name, callerLine()))
		}
	}
	s.receivers = append(s.receivers, receiver[C]{name: name, pattern: p, fn: fn})
}

func (s *Signals[C]) named() bool {
	return slices.ContainsFunc(s.receivers, func(r receiver[C]) bool { return r.name != "" })
}

// Format prints the same for every verb: %#v would read the fields while others write them.
func (s *Signals[C]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sallyport.Signals") }

func (s *Signals[C]) mustBeOpen() {
	if s.frozen {
		panic("sallyport: the signals are in use; register every receiver before handing them over" + callerLine())
	}
}

// Freeze ends registration. Adapters call it when the signals are handed over.
func (s *Signals[C]) Freeze() *Signals[C] {
	if s == nil {
		panic("sallyport: the signals are nil" + callerLine())
	}
	s.mu.Lock()
	s.frozen = true
	s.mu.Unlock()
	return s
}

// callerLine names the first line outside this package and the adapters, where the mistake is.
func callerLine() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		_, name, _ := strings.Cut(f.Function, "sallyport-go/sallyport/")
		pkg, _, _ := strings.Cut(name, ".")
		if pkg != "core" && !strings.HasSuffix(pkg, "webhook") && f.File != "" {
			return fmt.Sprintf(" (%s:%d)", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// Typed makes a receiver of a function that takes the event's Data decoded from JSON. Data that does not decode is
// [Undecodable].
func Typed[C, T any](fn func(C, Event, T) error) Receiver[C] {
	if fn == nil {
		panic("sallyport: the receiver is nil" + callerLine())
	}
	return func(c C, e Event) error {
		var payload T
		if err := json.Unmarshal(e.Data, &payload); err != nil {
			return Undecodable(fmt.Errorf("decoding the event's data: %w", err))
		}
		return fn(c, e, payload)
	}
}
