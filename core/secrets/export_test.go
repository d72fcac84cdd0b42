package secrets

import (
	"time"
	"unsafe"
)

// Asleep makes the source's times older by the wall clock alone, as a machine does that has slept in between. The test
// must not run in a bubble of synctest, whose clock is not monotonic.
func Asleep(s *FuncSource, tenant string, d time.Duration) {
	r, _ := s.known.Get(tenant)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked, r.next = earlier(r.looked, d), earlier(r.next, d)
	if f := r.fresh.Load(); f != nil {
		r.fresh.Store(&freshList{f.list, earlier(f.until, d)})
	}
}

// earlier moves the wall clock of a reading, in whole seconds, and not its monotonic one. Where there are both, seconds
// stand in the bits from 30 on.
func earlier(t time.Time, d time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall -= uint64(d/time.Second) << 30
	return t
}
