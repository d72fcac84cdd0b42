package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// renew extends the leases of everything that is not settled yet.
//
// It fails closed: when the lease may have expired, the context of the work ends, because another
// delivery may run the same event. Times are compared by this machine's clock, from before the store
// was asked.
func (h *Holding) renew() {
	h.mu.Lock()
	held := h.open()
	until := h.until
	h.mu.Unlock()
	if len(held) == 0 {
		return
	}
	now := time.Now()
	switch {
	case !now.Before(until):
		h.lose(nil)
		return
	case !now.Before(h.limit):
		h.again(time.Until(until))
		return
	}
	ctx, cancel := context.WithDeadline(&h.lasting, minTime(now.Add(StoreTimeout), until))
	// A store that ignores its context may not answer before the lease expires. Then another delivery can take the
	// event over.
	end := time.AfterFunc(until.Sub(now), func() { h.lose(nil) })
	err := h.extend(ctx, held)
	end.Stop()
	cancel()
	var lost *replay.LeaseLostError
	switch {
	case err == nil:
	case errors.As(err, &lost):
		h.lose(lost.Keys)
	default:
		// The store may answer again before the lease expires. Until then the claims are still ours.
		h.again(min(h.rules.Lease/triesPerLease, max(0, time.Until(until))))
		return
	}
	h.mu.Lock()
	// Counted from before the call. Counted from after it, a slow answer would make the lease look
	// longer than it is.
	h.until = now.Add(h.rules.Lease)
	h.mu.Unlock()
	h.again(h.rules.Lease / renewalsPerLease)
}

// extend extends leases, and contains a panic of the app's own store: in a timer's goroutine it would end the process.
func (h *Holding) extend(ctx context.Context, held []replay.Held) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the replay store panicked with a %T", v)
		}
	}()
	return h.rules.Store.Extend(ctx, held, h.rules.Lease)
}

func (h *Holding) again(after time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Reset(after)
	}
}

// open returns the claims whose verdict the store does not have yet. The caller must hold mu.
func (h *Holding) open() []replay.Held {
	held := make([]replay.Held, 0, len(h.claims))
	for i := range h.claims {
		if c := &h.claims[i]; !c.settled && !c.lost {
			held = append(held, c.held)
		}
	}
	return held
}

// lose marks claims as lost and ends their work. nil keys: all of them.
func (h *Holding) lose(keys []replay.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	among := setOf(keys)
	for i := range h.claims {
		c := &h.claims[i]
		// Where the verdict is known, the work is over. The store may have taken the verdict by now: then a renewal
		// that came after it found nothing to renew.
		if c.verdict != 0 || (keys != nil && !among[c.held.Key]) {
			continue
		}
		c.lost = true
		if c.work != nil {
			c.work.End(ErrLost)
		}
	}
}
