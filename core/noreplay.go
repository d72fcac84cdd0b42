package core

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// DangerouslyNoReplay turns replay protection off: every verified delivery runs, however often it comes. Retries of
// the provider run the app's code again, and a captured delivery can be replayed while its timestamp is fresh, or for
// ever where the scheme has none.
//
//lint:immutable it is compared by its type
var DangerouslyNoReplay replay.Store = noReplay{}

// noReplay marks the switched-off protection. New recognises its type, and no guard calls it on a delivery.
type noReplay struct{}

// Claim grants everything.
func (noReplay) Claim(_ context.Context, items []replay.Item, _ time.Duration) ([]replay.Result, error) {
	out := make([]replay.Result, len(items))
	for i := range out {
		out[i] = replay.Result{State: replay.Claimed, Token: 1}
	}
	return out, nil
}

// Settle does nothing.
func (noReplay) Settle(context.Context, []replay.Settlement) error { return nil }

// Extend does nothing.
func (noReplay) Extend(context.Context, []replay.Held, time.Duration) error { return nil }

// Forget does nothing.
func (noReplay) Forget(context.Context, []replay.Key) error { return nil }

// Scope is the process.
func (noReplay) Scope() replay.Scope { return replay.Process }

// Close does nothing.
func (noReplay) Close() error { return nil }
