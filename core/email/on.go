package email

import (
	"context"
	"errors"
	"slices"

	"github.com/sallyport-go/sallyport/core"
)

// Func is the app's code for an email event. It must be safe for concurrent use. Its error decides what becomes of the
// core.Event, as [core.Receiver] says. The context ends when the claim on the event ends.
type Func = func(ctx context.Context, e core.Event, m Event) error

// On registers fn for email events of the types; without types for all but [Inbound]. Any other event is unhandled as
// far as fn is concerned: unlike a receiver for "*", it does not keep the event from OnUnhandled. To is a set of
// signals, or a name in it: signals.Named("suppress").
//
// A delivery that belongs to another endpoint ([WrongEndpointError]), or a provider that is not an email sender, is
// reported as undecodable. It is answered 2xx, so that the sender does not repeat it in vain. Where both kinds have one
// URL on purpose, see [Options.SharedURL].
func On(to core.Registrar, fn Func, types ...Type) {
	to.On("*", Receiver(fn, types...))
}

// Receiver returns the receiver that [On] registers.
func Receiver(fn Func, types ...Type) core.Receiver {
	return ReceiverWith(Options{}, fn, types...)
}

// ReceiverWith is [Receiver] with options.
func ReceiverWith(o Options, fn Func, types ...Type) core.Receiver {
	if fn == nil {
		panic("email: the receiver is nil")
	}
	types = slices.Clone(types)
	return func(ctx context.Context, e core.Event) error {
		events, err := o.Events(e)
		if wrong := (*WrongEndpointError)(nil); o.SharedURL && errors.As(err, &wrong) {
			return core.Unhandled
		}
		if err != nil {
			return core.Undecodable(err)
		}
		if len(events) == 0 {
			return core.Unhandled
		}
		if len(events) == 1 && !wants(types, events[0].Type) {
			return core.Unhandled
		}
		return deliver(ctx, e, events, fn, types)
	}
}

// deliver calls fn for each event that is wanted, also after one has failed.
func deliver(ctx context.Context, e core.Event, events []Event, fn Func, types []Type) error {
	var all []error
	called := false
	for _, m := range events {
		if !wants(types, m.Type) {
			continue
		}
		called = true
		if err := fn(ctx, e, m); err != nil {
			all = append(all, err)
		}
	}
	switch {
	case !called:
		return core.Unhandled
	case len(all) == 1:
		return all[0]
	default:
		return errors.Join(all...)
	}
}

func wants(types []Type, t Type) bool {
	if len(types) == 0 {
		return t != Inbound
	}
	return slices.Contains(types, t)
}
