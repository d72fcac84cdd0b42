package intake

import (
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// Slot is the place of one body that nobody has proved. A body counts by what it holds and not by what it declares:
// a declaration costs a sender nothing, and reserving by it would let a few idle connections shut everybody out. The
// room's mu guards its fields.
type Slot struct {
	share     *Share
	w         http.ResponseWriter
	source    netip.Addr // by sender.Key
	began     time.Time
	held      int64 // bytes
	open      bool  // it has a place
	older     *Slot // of the open ones, its neighbours
	newer     *Slot
	reading   atomic.Uint32 // how far reading it has come
	displaced bool
	giant     bool  // it is the one that is larger than the room, and is counted apart
	waking    int64 // units it holds although it was displaced
}

// How far the reading of a body has come. It begins at 0.
const (
	complete = iota + 1 // read to its end: it is waiting for nobody
	ending              // it is being made to end, by whoever holds mu
)

func unitsOf(bytes int64) int64 { return max(1, (bytes+Unit-1)/Unit) }

// end ends the reading of a slow body.
//
// Not more than an eighth of the room may be on its way out: otherwise a machine that is too busy to wake readers would
// hold any number of bodies that count as gone. Each endpoint has an eighth of its own part in any case: no
// other endpoint can use up what lets it make room. The caller must hold mu.
func (s *Slot) end(now time.Time) bool {
	own, room := s.share, s.share.room
	if now.Sub(s.began) < slowBody {
		return false
	}
	if room.waking >= max(1, room.size/8) && own.waking >= max(1, room.reserve/8) {
		return false
	}
	// From here on Finish waits for mu.
	if !s.reading.CompareAndSwap(0, ending) {
		return false
	}
	// A deadline in the past wakes the reader. Where the writer knows no deadlines nothing would, and the body kept
	// what it holds: then there is no room.
	if s.w == nil || !setReadDeadline(s.w, time.Unix(1, 0)) {
		s.reading.Store(0)
		return false
	}
	s.displaced = true
	s.waking = unitsOf(s.held)
	own.waking += s.waking
	room.waking += s.waking
	s.remove()
	return true
}

// remove gives the place up. The caller must hold mu.
func (s *Slot) remove() {
	own := s.share
	if s.giant {
		own.room.giant = nil
	} else {
		own.take(-unitsOf(s.held))
	}
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		own.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		own.newest = s.older
	}
	s.open, s.older, s.newer = false, nil, nil
}

// Grow reserves room for more bytes, or reports false. A nil slot is unlimited.
func (s *Slot) Grow(bytes int64) bool {
	if s == nil {
		return true
	}
	own := s.share
	own.room.mu.Lock()
	defer own.room.mu.Unlock()
	if !s.open {
		return false
	}
	more := unitsOf(s.held+bytes) - unitsOf(s.held)
	for !s.giant && more > 0 && !own.fits(more) {
		now := time.Now()
		if s.becomeGiant(now) {
			break
		}
		if !own.makeRoom(now) || s.displaced {
			return false
		}
	}
	if !s.giant {
		own.take(more)
	}
	s.held += bytes
	return true
}

// becomeGiant lets a body that is alone at its endpoint be larger than the room, so that no limit makes an endpoint's
// own largest delivery impossible. There is one at a time in a budget. The caller must hold mu.
func (s *Slot) becomeGiant(now time.Time) bool {
	own := s.share
	if own.oldest != own.newest {
		return false
	}
	if other := own.room.giant; other != nil && !other.end(now) {
		return false
	}
	own.take(-unitsOf(s.held))
	s.giant, own.room.giant = true, s
	return true
}

// Finish says that the body is complete, and reports false where it was made to end. From then on nobody touches the
// connection's deadline, which is the app's and no longer the body's.
//
// The caller must refuse the delivery on false: a deadline has been set in the past, and what was read
// may be a part.
func (s *Slot) Finish() bool {
	// Without the lock, which all bodies of a process share: nearly every body is read to its end.
	if s.reading.CompareAndSwap(0, complete) {
		return true
	}
	s.share.room.mu.Lock()
	defer s.share.room.mu.Unlock()
	s.reading.CompareAndSwap(0, complete) // it could not be made to end
	return !s.displaced
}

// Leave gives the place back.
//
// It may be called more than once. Without it a body's units would be lost until the process ends.
func (s *Slot) Leave() {
	own := s.share
	own.room.mu.Lock()
	defer own.room.mu.Unlock()
	if s.open {
		s.remove()
	}
	own.waking -= s.waking
	own.room.waking -= s.waking
	s.waking = 0
	own.tidy()
}

// Clear prepares a slot for another body. The body before must have left.
func (s *Slot) Clear() {
	if s.share != nil {
		*s = Slot{}
	}
}
