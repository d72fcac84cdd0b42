package lease

import (
	"errors"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Items returns empty lists for the items of the first claim and for what they belong to. They have room for one.
func (h *Holding) Items() ([]replay.Item, []int) { return h.oneItem[:0], h.oneOwner[:0] }

// Claim claims items in the store, within the time that it has. The results are not held yet: see Add and its kin. They
// are valid until the next call. An answer that does not fit the items is an error.
//
// It fails closed: an error means that nothing is held. The caller must not run anything on it.
func (h *Holding) Claim(items []replay.Item, now time.Time) (results []replay.Result, err error) {
	if s := h.rules.immediate; s != nil {
		h.oneResult[0] = replay.Result{}
		if results = h.oneResult[:]; len(items) != 1 {
			results = make([]replay.Result, len(items))
		}
		err = s.ClaimNow(items, h.rules.Lease, results)
	} else {
		bounded := &Context{} // on the heap: the store may be remote, and may keep it
		h.bound(bounded, now)
		defer bounded.Release()
		results, err = h.rules.Store.Claim(bounded, items, h.rules.Lease)
	}
	if err != nil {
		return nil, err
	}
	if err := CheckResults(results, len(items)); err != nil {
		return nil, err
	}
	return results, nil
}

// bound starts the context of a call of the store: with its time, and with the values of the request. It does not end
// with the request, because the sender may hang up.
func (h *Holding) bound(c *Context, now time.Time) {
	c.Start(&h.lasting, now.Add(StoreTimeout))
}

// CheckResults refuses an answer to n items that is not one: nothing may run on it.
//
// It fails closed. A store that answers for too few items would leave an event without protection
// against replays.
func CheckResults(results []replay.Result, n int) error {
	if len(results) != n {
		return errors.New("the replay store answered for another number of items")
	}
	for i := range results {
		switch results[i].State {
		case replay.Claimed, replay.InFlight, replay.Done:
		default:
			return errors.New("the replay store answered with no state")
		}
	}
	return nil
}
