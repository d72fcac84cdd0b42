package lease

import (
	"sync"
	"sync/atomic"
	"time"
)

// renewTimer is the timer that renews the leases of a holding. Most deliveries are settled long before it fires: then
// the next one uses it.
type renewTimer struct {
	*time.Timer
	holding atomic.Pointer[Holding]
}

// borrowTimer returns a timer that renews the holding once it is set.
func borrowTimer(h *Holding) *renewTimer {
	r, _ := h.timers.Get().(*renewTimer)
	if r == nil {
		r = &renewTimer{}
		r.Timer = time.AfterFunc(time.Hour, r.fire)
		r.Stop()
	}
	r.holding.Store(h)
	return r
}

// fire runs in a goroutine of its own. The holding may have ended meanwhile: nil then, and nothing is
// renewed.
func (r *renewTimer) fire() {
	if h := r.holding.Load(); h != nil {
		h.renew()
	}
}

// giveBack ends the renewals. A timer that has fired is not reused: its function may still run, and would renew
// somebody else's lease.
func (r *renewTimer) giveBack(to *sync.Pool) {
	stopped := r.Stop()
	r.holding.Store(nil)
	if stopped {
		to.Put(r)
	}
}
