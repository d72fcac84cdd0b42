package underway

import "sync/atomic"

// Slots bounds how much is under way at once. The zero value is no bound. It must not be copied.
type Slots struct {
	Most  int64 // 0: no bound; not changed once slots are taken
	taken atomic.Int64
}

// Take reports whether there is a free slot, and takes it.
func (s *Slots) Take() bool {
	for {
		n := s.taken.Load()
		if n >= s.Most {
			return false
		}
		// Compare and swap, not add and take back: two that come too late would keep a slot from each other.
		if s.taken.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Free gives a slot back that was taken.
func (s *Slots) Free() { s.taken.Add(-1) }
