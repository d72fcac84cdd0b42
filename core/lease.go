package core

import (
	"cmp"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
)

// memory is how an endpoint remembers events.
type memory struct {
	lease.Rules
	transactor replay.Transactor // the store, if it has transactions
	failOpen   bool              // a delivery runs unclaimed while the store fails
	strict     bool              // an id that comes with another body is refused
}

// lastRetry is when the last of the retries comes that the lease has to leave time for; 0: unknown.
func (g *Guard) lastRetry() time.Duration {
	return cmp.Or(g.entry.LastQuickRetry, g.entry.RetryHorizon)
}

// leaseFor returns the configured lease, or the default: one minute, and at most half the time in which retries come. A
// process that dies keeps its events from the retries until the lease expires.
func (g *Guard) leaseFor(configured time.Duration) time.Duration {
	if configured != 0 {
		return configured
	}
	held := defaultLease
	if last := g.lastRetry(); last > 0 {
		held = max(time.Second, min(held, last/2))
	}
	return held
}

// announceLease warns of a configured lease that the provider's quick retries do not outlive. It is not refused: the
// retries may be set at the provider to go on for longer.
func (g *Guard) announceLease() {
	last := g.entry.LastQuickRetry
	if g.memory.Store == nil || last == 0 || g.memory.Lease < last {
		return
	}
	g.logger.Warn("sallyport: after a crash the lease may outlive the provider's retries: "+
		"shorten Limits.Lease, or have the provider retry for longer",
		"endpoint", g.endpoint, "provider", g.provider, "lease", g.memory.Lease.String(), "last_retry", last.String())
}
