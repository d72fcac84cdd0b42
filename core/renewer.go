package core

import (
	"sync"
	"sync/atomic"
	"time"
)

// renewer is the timer by which a holding's leases are renewed. Most deliveries are settled long before it fires, and
// it serves the next one.
type renewer struct {
	*time.Timer
	holding atomic.Pointer[holding]
}

// borrowRenewer gives a timer that renews the holding once it is set.
func borrowRenewer(h *holding) *renewer {
	r, _ := h.renewers.Get().(*renewer)
	if r == nil {
		r = &renewer{}
		r.Timer = time.AfterFunc(time.Hour, r.fire)
		r.Stop()
	}
	r.holding.Store(h)
	return r
}

func (r *renewer) fire() {
	if h := r.holding.Load(); h != nil {
		h.renew()
	}
}

// giveBack ends the renewals. One that has fired stays away from others: it may be looking for its holding just now.
func (r *renewer) giveBack(to *sync.Pool) {
	stopped := r.Stop()
	r.holding.Store(nil)
	if stopped {
		to.Put(r)
	}
}
