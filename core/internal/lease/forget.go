package lease

import (
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core/replay"
)

// errResults fails closed: a store that breaks its contract says nothing.
//
//lint:immutable an error value
var errResults = errors.New("the replay store answered another number of keys than it was asked for")

// ForgetDone makes the store forget the keys that are done. Keys that are in flight stay, and are in the
// [*replay.InFlightError]. A store that is not a [replay.DoneForgetter], or has the method of one that is embedded in
// it, is asked in two steps.
func (r *Rules) ForgetDone(ctx context.Context, keys []replay.Key) error {
	if f, ok := r.Store.(replay.DoneForgetter); ok && !Embeds(r.Store) {
		return f.ForgetDone(ctx, keys)
	}
	states, err := r.States(ctx, keys)
	if err != nil {
		return err
	}
	var done []replay.Key
	var busy replay.InFlightError
	for i := range states {
		switch states[i].State {
		case replay.Done:
			done = append(done, keys[i])
		case replay.InFlight:
			busy.Add(states[i].RetryAfter, keys[i])
		}
	}
	if len(done) > 0 {
		if err := r.Store.Forget(ctx, done); err != nil {
			return err
		}
	}
	return busy.ErrorOrNil()
}

// States returns the states of keys. A store that is not a [replay.Looker] is asked by a claim of each key, which is
// released at once where the key was free. Until then a delivery of that event is answered 503.
func (r *Rules) States(ctx context.Context, keys []replay.Key) ([]replay.Result, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	if looker, ok := r.Store.(replay.Looker); ok {
		results, err := looker.Look(ctx, keys)
		if err == nil && len(results) != len(keys) {
			err = errResults
		}
		return results, err
	}
	results := make([]replay.Result, len(keys))
	for i, key := range keys { // one by one: a key that comes twice would be in flight by its own claim
		claimed, err := r.Store.Claim(ctx, []replay.Item{{Key: key}}, r.Lease)
		switch {
		case err != nil:
			return nil, err
		case len(claimed) != 1:
			return nil, errResults
		case claimed[0].State != replay.Claimed:
			results[i] = claimed[0]
			continue
		}
		free := replay.Settlement{Key: key, Token: claimed[0].Token, Verdict: replay.Release}
		err = r.Store.Settle(ctx, []replay.Settlement{free})
		if err != nil && !errors.Is(err, replay.ErrLeaseLost) {
			return nil, err
		}
	}
	return results, nil
}
