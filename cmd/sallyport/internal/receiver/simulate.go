package receiver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// simulation is how the signals of an endpoint misbehave, to see the provider's retries work.
type simulation struct {
	given      bool
	delay      time.Duration
	failFirst  int64
	panicFirst int64
}

// simulator counts an endpoint's signal calls. It is safe for concurrent use.
type simulator struct {
	simulation
	calls atomic.Int64
}

// work stands for what an app does with an event. The first calls fail, the next ones panic, the rest succeed.
func (s *simulator) work(ctx context.Context) error {
	call := s.calls.Add(1)
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	switch {
	case call <= s.failFirst:
		return errors.New("simulated failure")
	case call <= s.failFirst+s.panicFirst:
		panic("simulated panic")
	}
	return nil
}
