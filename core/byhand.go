package core

import (
	"cmp"
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core/replay"
)

type eventKey struct{}

// Commit settles the delivery in ctx as processed, for a plain handler that knows better than its answer; in a signal
// of a batch, its event.
//
// Errors: [ErrNotVerified] where ctx carries no delivery, [ErrSettled] where it was settled the other way before,
// [ErrTransaction], and the store's error.
func Commit(ctx context.Context) error { return settleByHand(ctx, replay.Commit) }

// Release settles the delivery in ctx as not processed, in a signal of a batch its event: the answer is a failure,
// unless a handler writes another, and the provider's retry runs. While signals run, it takes effect when they end.
// Errors: as [Commit].
func Release(ctx context.Context) error { return settleByHand(ctx, replay.Release) }

func settleByHand(ctx context.Context, v replay.Verdict) error {
	d := deliveryIn(ctx)
	if d == nil {
		return ErrNotVerified
	}
	d.mu.Lock()
	txn := d.txn
	d.mu.Unlock()
	if txn != nil && txn.Begun() {
		return ErrTransaction
	}
	i, ok := ctx.Value(eventKey{}).(int)
	if !ok {
		i = noEvent
	}
	if waits, err := d.wishFor(i, v); waits {
		return err
	}
	if ok {
		d.decide(i, v)
		d.flush()
		d.mu.Lock()
		verdict := d.states[i].verdict
		d.mu.Unlock()
		return d.afterSettling(verdict, v)
	}
	d.settle(v)
	d.mu.Lock()
	verdict := d.verdict
	d.mu.Unlock()
	return d.afterSettling(verdict, v)
}

// errReleased is why an event fails that the app has released itself.
//
//lint:immutable an error value
var errReleased = errors.New("the app has released the event: the provider is asked to send it again")

// wishFor notes what the app releases while signals run. It takes effect at the end of the run: if it were settled at
// once, the retry could run at the same time. It reports false where there is nothing to wait for. The first verdict
// stands.
func (d *Delivery) wishFor(event int, v replay.Verdict) (waits bool, err error) {
	if v == replay.Release {
		for p := d; p != nil; p = p.parent {
			p.mu.Lock()
			p.byHand = p.byHand || !p.settled
			p.mu.Unlock()
		}
	}
	d.mu.Lock()
	if !d.running || d.settled {
		d.mu.Unlock()
		return false, nil
	}
	have := d.wish
	if event != noEvent {
		have = cmp.Or(d.states[event].verdict, d.states[event].wish, d.wish)
	}
	d.mu.Unlock()
	switch {
	case have != 0:
		return true, d.afterSettling(have, v)
	case v != replay.Release:
		return false, nil
	}
	if event != noEvent {
		d.mu.Lock()
		d.states[event].wish = v
		d.mu.Unlock()
		return true, nil
	}
	for p := d; p != nil; p = p.parent {
		p.mu.Lock()
		if !p.settled {
			p.wish = v
		}
		p.mu.Unlock()
	}
	return true, nil
}

// wished reports whether the app has released the delivery while its signals run.
func (d *Delivery) wished() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wish != 0
}

func (d *Delivery) afterSettling(have, want replay.Verdict) error {
	if have != want {
		return ErrSettled
	}
	if d.unclaimed != nil {
		return nil
	}
	_, err := d.outcome()
	return err
}

// releasedByHand reports whether a plain handler has released the delivery. A success would keep the provider from
// sending it again.
func (d *Delivery) releasedByHand() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byHand && !d.entered && d.verdict == replay.Release
}
