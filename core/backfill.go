package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/core/reason"
)

// ErrNoBackfill is wrapped by the error of [Guard.Backfill] for an event that cannot have the identity that its
// delivery has: it would run twice.
var ErrNoBackfill = errors.New("sallyport: the event cannot be backfilled")

// Backfill runs an event that the app has fetched from the provider's API because its delivery never came: through the
// same claim and the same receivers, and with the identity that the delivery would have had. What was delivered
// already, or is delivered later, is a duplicate. The payload is the event as a delivery's body has it.
//
// The caller vouches for the payload: fetch it over TLS from the provider, with credentials of your own. Nothing of it
// is verified, and all that it says counts as authenticated.
//
// It returns how the event ended: [reason.Accepted], [reason.Duplicate], [reason.InFlight] and so on. The error is the
// receivers' or the store's, or [ErrNoBackfill], which says why: the provider's events are remembered by more than
// their payload, the payload has no id, or the endpoint has tenants. A failure is not kept in the journal, because the
// caller has the event. Receivers in a router's own style are refused.
func (g *Guard) Backfill(ctx context.Context, s *Signals, body []byte) (reason.Reason, error) {
	if err := g.canBackfill(s); err != nil {
		return "", err
	}
	d, err := g.backfilled(ctx, body)
	if err != nil {
		return "", err
	}
	if reply := d.claim(); reply != nil {
		defer d.release()
		if reply.Rejection == nil {
			return reason.Duplicate, nil
		}
		return reply.Rejection.reported()
	}
	s.frozen.Store(true)
	total, reply, err := d.runAlone(ctx, s)
	switch {
	case err != nil:
		return "", err
	case reply != nil && reply.Rejection != nil && total.err == nil: // the store failed before anything ran
		return reply.Rejection.reported()
	default:
		return total.reason(len(d.events)), total.err
	}
}

// reported returns the rejection as the result of a call: its reason, and an error that says all of it.
func (r *Rejection) reported() (reason.Reason, error) {
	return r.Reason, errors.Join(errors.New(r.detail), r.cause)
}

// canBackfill refuses what would run twice, or not at all.
func (g *Guard) canBackfill(s *Signals) error {
	why := ""
	switch rule := &g.entry.Identity; {
	case s == nil:
		return errors.New("sallyport: the signals are nil")
	case g.tenants.key.set:
		why = "the endpoint has tenants, whose events have identities of their own"
	case g.entry.Batch != nil:
		why = g.entry.Title + " sends batches, whose events are remembered one by one"
	case g.events.identity == nil && !rule.Kind.OfPayload():
		why = "events of " + g.entry.Title + " are not remembered by an id in their payload: a delivery of the same " +
			"event would run at the same time"
	case len(rule.With) > 0 || len(rule.Apart) > 0:
		why = "events of " + g.entry.Title + " are remembered by headers too, which a payload does not have"
	case g.entry.Event.Sealed != nil && g.entry.Event.Sealed.Data:
		why = "deliveries of " + g.entry.Title + " encrypt a part of the event"
	case g.entry.Event.PayloadJSON != "" || g.entry.Event.PayloadForm != "":
		why = "deliveries of " + g.entry.Title + " wrap their payload"
	}
	if why != "" {
		return fmt.Errorf("%w: %s", ErrNoBackfill, why)
	}
	for _, r := range s.receivers {
		if r.router != nil {
			return fmt.Errorf("sallyport: the receiver for %q takes %v: a backfill has no router",
				r.pattern.Text, r.router)
		}
	}
	return nil
}

// backfilled makes the delivery of an event that no request has brought.
func (g *Guard) backfilled(ctx context.Context, body []byte) (*Delivery, error) {
	d := g.newDelivery()
	d.backfill = true
	now := time.Now()
	d.facts = facts{ctx: ctx, started: now, now: g.clock(now), body: bytes.Clone(body), proved: true}
	r := (&http.Request{
		Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)),
	}).WithContext(ctx)
	t := &eventSource{Source: payload.Source{Headers: r.Header, Body: d.facts.body, BodyProved: true}, request: r}
	d.readEvents(t)
	named := g.events.identity != nil
	if !named {
		var room [4][]byte
		_, named = g.events.Names(&t.Source, room[:0])
	}
	if !named || d.events[0].Identity.IsZero() {
		return nil, fmt.Errorf("%w: the payload has no id where events of %s have theirs (%s)", ErrNoBackfill,
			g.entry.Title, g.entry.Identity.Pointer)
	}
	d.r = r.WithContext(d.contextIn(ctx))
	return d, nil
}
