package core

import (
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

const pausedDetail = "the endpoint is paused by Guard.Pause: the provider is asked to send the delivery again"

// Pause answers proved deliveries with 503 and Retry-After until [Guard.Resume], so that the provider sends them again.
// Nothing is claimed or remembered of them. Forgeries are refused and handshakes answered as ever, runs that are under
// way go on, and so do redrives, which a person asks for. It holds for this process, and ends with it.
//
// A provider that does not retry loses what it sends meanwhile: then Pause logs a warning. Pause no longer than the
// provider retries (docs/providers.md).
func (g *Guard) Pause() {
	// Swap makes the log line appear once, however many callers pause at the same time.
	if g.paused.Swap(true) {
		return
	}
	if g.entry.RetryHorizon == 0 {
		g.logger.Warn("sallyport: the endpoint is paused, and this provider is not known to send again: what it sends "+
			"now may be lost", "endpoint", g.endpoint, "provider", g.provider)
		return
	}
	g.logger.Info("sallyport: the endpoint is paused", "endpoint", g.endpoint, "provider", g.provider)
}

// Resume ends a pause.
func (g *Guard) Resume() {
	if g.paused.Swap(false) {
		g.logger.Info("sallyport: the endpoint is no longer paused", "endpoint", g.endpoint, "provider", g.provider)
	}
}

// Paused reports whether the endpoint is paused.
func (g *Guard) Paused() bool { return g.paused.Load() }

// checkPause refuses a proved delivery while the endpoint is paused.
func (g *Guard) checkPause() fault.Failure {
	if !g.paused.Load() {
		return fault.Failure{}
	}
	// It stands after the proof and before the claim: forgers learn nothing of the pause, and the event stays
	// unclaimed.
	return fault.New(reason.Paused, pausedDetail)
}
