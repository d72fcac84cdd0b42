package core

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/pattern"
	"github.com/sallyport-go/sallyport/core/reason"
)

// Receiver is the app's code for an event, the same in every router, in a worker and in a test. The context carries the
// request's values, and is not cancelled when the provider hangs up: it ends when the claim on the event ends. A
// receiver must be safe for concurrent use.
//
// Its error decides what becomes of the event: nil or [Ignore] commit it, [Permanent] commits and reports it,
// [Undecodable] reports it and leaves it to a resend, and any other error is a 500: the provider's retry runs. Of
// several receivers the worst outcome decides, in this order: retry, permanent, undecodable, ignore, nil.
type Receiver = func(ctx context.Context, e Event) error

// Registrar is what receivers are registered with: [Signals], or a name in them ([Signals.Named]).
type Registrar interface {
	// On registers a receiver for a pattern of event types, see [Signals.On].
	On(pattern string, fn Receiver)

	register(pattern string, r receiver)
}

// Signals are the receivers of an endpoint's events, by type. Register at start-up; the first delivery, or handing
// them to an adapter, freezes them. One set can serve several endpoints and routers.
//
// A mistake in registering panics with the caller's line, as net/http's ServeMux does: a bad pattern, a nil function,
// a name that is taken, a registration after the freeze.
type Signals struct {
	mu        sync.Mutex  // guards registration
	frozen    atomic.Bool // after it receivers and unhandled are only read, without mu
	receivers []receiver
	unhandled func(context.Context, Event) // nil: nothing is called
	unguarded unguardedLog
}

// receiver is one function of a set. It has fn or routed.
type receiver struct {
	name    string
	pattern pattern.Pattern
	fn      Receiver
	routed  func(c any, e Event) error // takes a router's own context
	router  reflect.Type               // of that context; nil: any router serves
	line    string                     // where it was registered
}

// call runs the receiver. c is the router's own context.
func (r *receiver) call(ctx context.Context, c any, e Event) error {
	if r.routed != nil {
		return r.routed(c, e)
	}
	return r.fn(ctx, e)
}

// NewSignals makes an empty set.
func NewSignals() *Signals { return &Signals{} }

// On registers a receiver for a pattern of event types: exact ("invoice.paid"), a prefix at a . or / or _ boundary
// ("customer.*", which matches deeper levels), or "*", which runs for every event in addition to the more specific
// ones. Receivers of one event all run, in the order of registration.
func (s *Signals) On(pattern string, fn Receiver) { s.register(pattern, receiver{fn: fn}) }

// Named returns where to register a receiver under a name of its own. The replay store then remembers that it has done
// its part of an event: when a neighbour fails, the provider's retry does not run it again. A receiver without a name
// runs again with every retry of its event. The name is part of what is remembered: a new one remembers nothing. Each
// receiver needs a name of its own.
func (s *Signals) Named(name string) Registrar {
	if name == "" {
		panic("sallyport: the receiver's name is empty" + callerLine())
	}
	return &namedRegistrar{s, name}
}

// namedRegistrar registers under a name.
type namedRegistrar struct {
	signals *Signals
	name    string
}

// On registers the receiver of this name.
func (n *namedRegistrar) On(pattern string, fn Receiver) { n.register(pattern, receiver{fn: fn}) }

func (n *namedRegistrar) register(pattern string, r receiver) {
	r.name = n.name
	n.signals.register(pattern, r)
}

// OnRouter (for adapters) registers a receiver in a router's own style. C is the type of the router's context. A set
// with such a receiver serves only where that router does, see [Freeze].
func OnRouter[C any](to Registrar, pattern string, fn func(C, Event) error) {
	r := receiver{router: reflect.TypeFor[C]()}
	if fn != nil {
		r.routed = func(c any, e Event) error {
			// Fails closed with an error, not a panic: the event is released, and the mistake shows in the log.
			own, ok := c.(C)
			if !ok { // the set was not frozen for this router
				return fmt.Errorf("sallyport: the receiver takes %v, and the router has %T", reflect.TypeFor[C](), c)
			}
			return fn(own, e)
		}
	}
	to.register(pattern, r)
}

// OnUnhandled registers what is called for events that no receiver takes. Such an event is answered 2xx and not
// committed, so that a resend runs once there is a receiver.
func (s *Signals) OnUnhandled(fn func(context.Context, Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustBeOpen()
	if fn == nil {
		panic("sallyport: the function is nil" + callerLine())
	}
	s.unhandled = fn
}

func (s *Signals) register(eventType string, r receiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustBeOpen()
	p, problem := pattern.Parse(eventType)
	if problem != "" {
		panic(fmt.Sprintf("sallyport: pattern %q: %s%s", eventType, problem, callerLine()))
	}
	if r.fn == nil && r.routed == nil {
		panic("sallyport: the receiver is nil" + callerLine())
	}
	for _, other := range s.receivers {
		// Two receivers under one name would share one memory: the second would count as done once the first is.
		if r.name != "" && other.name == r.name {
			panic(fmt.Sprintf("sallyport: a receiver named %q is registered already%s", r.name, callerLine()))
		}
	}
	r.pattern, r.line = p, callerLine()
	s.receivers = append(s.receivers, r)
}

func (s *Signals) named() bool {
	return slices.ContainsFunc(s.receivers, func(r receiver) bool { return r.name != "" })
}

// Format prints the same for every verb: %#v would read the fields while others write them.
func (s *Signals) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sallyport.Signals") }

func (s *Signals) mustBeOpen() {
	if s.frozen.Load() {
		panic("sallyport: the signals are in use; register every receiver before handing them over" + callerLine())
	}
}

// Freeze (for adapters) ends registration, when signals are handed over. C is the type of the router's context. It
// panics for a nil set, and for a set with a receiver of another router ([OnRouter]).
func Freeze[C any](s *Signals) { s.freeze(reflect.TypeFor[C]()) }

func (s *Signals) freeze(router reflect.Type) {
	if s == nil {
		panic("sallyport: the signals are nil" + callerLine())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.receivers {
		// Fails closed at start-up: at the first delivery the receiver would get a context that it cannot use.
		if r.router != nil && r.router != router {
			panic(fmt.Sprintf("sallyport: the receiver for %q%s takes %v and cannot run where the context is %v: "+
				"register it with On of the signals, or serve it by the router it was written for%s",
				r.pattern.Text, r.line, r.router, router, callerLine()))
		}
	}
	s.frozen.Store(true)
}

// callerLine names the first line outside this package and the adapters, where the mistake is.
func callerLine() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		_, name, _ := strings.Cut(f.Function, "sallyport-go/sallyport/")
		pkg, _, _ := strings.Cut(name, ".")
		ours := pkg == "core" || pkg == "internal/nethttp" || strings.HasPrefix(pkg, "core/inbox/") &&
			strings.HasSuffix(pkg, "inbox")
		if !ours && !strings.HasSuffix(pkg, "webhook") && f.File != "" {
			return fmt.Sprintf(" (%s:%d)", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}

// Typed makes a receiver of a function that takes the event's Data decoded from JSON. Data that does not decode is
// [Undecodable].
func Typed[T any](fn func(context.Context, Event, T) error) Receiver {
	if fn == nil {
		panic("sallyport: the receiver is nil" + callerLine())
	}
	return func(ctx context.Context, e Event) error {
		var payload T
		if err := json.Unmarshal(e.Data, &payload); err != nil {
			// Released, not committed: a later version of the app may decode it from a resend.
			return Undecodable(fmt.Errorf("decoding the event's data: %w", err))
		}
		return fn(ctx, e, payload)
	}
}

const unguardedDetail = "a signal on a request that no guard proved: mount Verify before it, or use Handle"

const (
	signalUnguarded  = "sallyport: a signal on a request that no guard proved; nothing ran"
	signalsUnguarded = "sallyport: more signals on requests that no guard proved since; nothing ran"
)

// unguarded fails closed: nothing ran. There is no guard to report it, and it is a mistake in how the app is put
// together.
func unguarded() *Reply {
	return rejectionReply(Rejection{
		Reason: reason.NotVerified, Status: reason.NotVerified.Status(), detail: unguardedDetail, cause: ErrNotVerified,
	})
}

// unguardedLog writes to the default logger that requests reached signals without a proof. Whoever finds the route can
// cause that: the first in a minute has a line, further ones are counted, and the count is written within a minute.
// There is no Flush, because no guard knows of the mistake. The zero value is ready.
type unguardedLog struct {
	once  sync.Once
	tally logbook.Tally[struct{}]
}

// take counts a request. The route is its pattern, where net/http knows it: a path could hold a token.
func (u *unguardedLog) take(r *http.Request, now time.Time) {
	u.once.Do(func() {
		// The default logger, because only a guard has a configured one.
		u.tally.Log, u.tally.Line = logbook.New(nil), unguardedSince
	})
	if u.tally.First(struct{}{}, "", now) {
		u.tally.Log.Write(context.WithoutCancel(r.Context()), slog.LevelError, signalUnguarded,
			slog.String("reason", string(reason.NotVerified)), slog.Int("status", reason.NotVerified.Status()),
			slog.String("route", httpfield.Clean(r.Pattern)), slog.String("detail", unguardedDetail))
	}
}

// unguardedSince returns the line of a count.
func unguardedSince(c logbook.Count[struct{}]) logbook.Line {
	return logbook.Line{Level: slog.LevelError, Message: signalsUnguarded, Attrs: []slog.Attr{
		slog.String("reason", string(reason.NotVerified)), slog.Int("count", c.N), slog.Time("since", c.Since),
		slog.String("detail", unguardedDetail),
	}}
}
