package watermillinbox

import (
	"context"
	"errors"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// handle ends one message.
func (h *handler) handle(m *message.Message) error {
	var e core.Event
	for n := 1; ; n++ {
		err := e.UnmarshalBinary(m.Payload)
		if err == nil {
			break
		}
		// What a newer version of the app has enqueued waits a little for another worker that was updated.
		if !errors.Is(err, core.ErrEventVersion) || n >= h.MaxAttempts {
			return h.park(m.Context(), &journal.Entry{
				State: journal.Parked, Kind: journal.FromInbox, Endpoint: "unknown", Reason: reason.Undecodable,
				Err: err.Error(), WhyNot: err.Error(), Body: m.Payload, Attempts: n, Last: time.Now(),
			})
		}
		if !wait(m.Context(), h.Backoff(n)) {
			return context.Cause(m.Context())
		}
	}
	// From here on the event is known, and nothing but the end of the context leaves it without an end.
	w := &work{handler: h, ctx: m.Context(), event: &e, key: keyOf(m, &e)}
	for {
		// Whoever has the claim is the only one at work on the event, in all processes that share the store.
		done, err := w.claim()
		if done || err != nil {
			return err
		}
		// A claim that is lost is no failure of the event, and is not counted as an attempt.
		err = w.finish()
		if !errors.Is(err, core.ErrLeaseLost) {
			return err
		}
		// Another worker may have it by now, or have done it: ask again.
		h.Logger.WarnContext(w.ctx, "a worker has lost its claim on an event", "event", e.ID, "error", err)
	}
}

// keyOf returns what a worker remembers an event by. It is never the event's own identity: that one is done in the
// guard's store as soon as the event was published.
func keyOf(m *message.Message, e *core.Event) replay.Key {
	id := uuidOf(e)
	// A broker that sends a message again keeps its UUID. Of an event that is not remembered, a second publish has
	// another one; of a redrive it is the run's, which the message alone knows.
	if id == "" || e.Redrive > 0 {
		id = m.UUID
	}
	return identity.OfWorker(id)
}

// park keeps what nobody will try again. It goes on until the journal has it, or the message's context ends: an
// acknowledgement before that would lose the event.
func (h *handler) park(ctx context.Context, entry *journal.Entry) error {
	// The waiting is what protects the broker: returned with an error, the message would be back at once.
	for n := 1; ; n++ {
		err := h.keep(ctx, entry)
		if err == nil {
			h.Journal.Parked(context.WithoutCancel(ctx), entry) // the pager rings also while the router closes
			return nil
		}
		h.Logger.ErrorContext(ctx, "the journal did not keep an event that failed for good; its message waits",
			"endpoint", entry.Endpoint, "event", entry.EventID, "error", err)
		if !wait(ctx, h.Backoff(n)) {
			return err
		}
	}
}

// keepTimeout is how long the journal may take to answer. It is asked again after it.
const keepTimeout = 30 * time.Second

// keep writes one entry. In a receiver's context it joins the transaction that the receivers have begun, where the
// journal is in the same database.
func (h *handler) keep(ctx context.Context, entry *journal.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	return h.Journal.Keep(ctx, []*journal.Entry{entry})
}
