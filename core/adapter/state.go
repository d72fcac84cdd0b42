package adapter

import (
	"errors"
	"sync/atomic"
)

// ErrBatchNeedsSignal is what writing returns, and the body reads as, outside of signals, for a batch of which a part
// is done or being processed.
var ErrBatchNeedsSignal = errors.New("sallyport: a batch of events that is partly done needs Signal: mount one " +
	"behind the guard")

// State is what a delivery and the writer of its answer tell each other. It belongs to the delivery, and is safe for
// concurrent use.
type State struct {
	withholds atomic.Bool
	holds     atomic.Bool
	sent      atomic.Int32
}

// Withholds reports that nothing may be written: the delivery is a batch, a part of which is done or being processed,
// and no signals have taken it up. A plain handler would do the part again that is done.
func (s *State) Withholds() bool { return s.withholds.Load() }

// Withhold sets what [State.Withholds] reports. The guard calls it.
func (s *State) Withhold(on bool) { s.withholds.Store(on) }

// Holds reports that what is written from now on is the answer of the delivery's signals. It is held back until
// core.Delivery.Finish has returned: a second dispatch of the same delivery, which would come too late to change an
// answer that was sent, replaces it.
func (s *State) Holds() bool { return s.holds.Load() }

// Hold sets what [State.Holds] reports. The guard calls it.
func (s *State) Hold() { s.holds.Store(true) }

// Sent returns the final status that a [Tracker] has sent without holding it back; 0: none.
func (s *State) Sent() int { return int(s.sent.Load()) }
