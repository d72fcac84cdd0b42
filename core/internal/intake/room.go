// Package intake reads bodies of senders that nobody has proved, within a limit, a time, and the room that a process
// has for them.
package intake

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

const (
	// Unit is what a body may hold and still count as one.
	Unit = 32 << 10

	// slowBody is how long a body may take before it has to make room for others. Genuine ones arrive in milliseconds.
	slowBody = time.Second
	// throttledBodies is how many bodies of a source that keeps failing are read at a time.
	throttledBodies = 8

	// DefaultRoom is the room of a process, in bytes.
	DefaultRoom = 2048 * Unit
	maxRoom     = 1 << 20 // units
)

// Room is what bodies that nobody has proved may hold, for all the endpoints that share it. Half of it is kept: each
// open endpoint has an equal part of that half, which no other endpoint can take. It is safe for concurrent use.
//
// An attacker opens many connections and sends slowly. The kept half guarantees that a flood at one
// endpoint does not close another.
type Room struct {
	size int64 // units

	mu      sync.Mutex
	shares  map[*Share]struct{} // those that are open, and those that hold something
	users   *Share              // those that have units in use, a list
	open    int64
	reserve int64 // units of one open endpoint
	common  int64 // units that whoever comes first may use
	over    int64 // units in use of the common ones
	waking  int64 // units of bodies that were made to end, and are held until their readers wake up
	giant   *Slot // the one that is larger than the room
}

// NewRoom returns a room of that many bytes, or why it cannot be.
func NewRoom(bytes int64) (*Room, error) {
	r := &Room{size: bytes / Unit, shares: map[*Share]struct{}{}}
	if r.size < 1 || r.size > maxRoom {
		return nil, fmt.Errorf("it has room for bodies of %d bytes; it must be between %d and %d", bytes, Unit,
			int64(maxRoom)*Unit)
	}
	return r, nil
}

// Shares returns how many endpoints the room knows.
func (r *Room) Shares() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.shares)
}

// Share is one endpoint's part in a room. The room's mu guards its fields.
type Share struct {
	room   *Room
	open   bool
	used   int64 // units of bodies that have a place
	waking int64 // units of bodies that were made to end
	oldest *Slot // of those that have a place
	newest *Slot
	// The neighbors among the shares that have units in use.
	next, previous *Share
}

// Join makes an endpoint's part.
func (r *Room) Join() *Share {
	s := &Share{room: r, open: true}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shares[s] = struct{}{}
	r.open++
	r.divide()
	return s
}

// Close returns the part. Bodies may still be read: there is what is common to all. Closing again does nothing.
func (s *Share) Close() {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !s.open {
		return
	}
	s.open = false
	r.open--
	s.tidy()
	r.divide()
}

// Units returns how many units the endpoint's bodies hold.
func (s *Share) Units() int64 {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	units := s.used
	if r.giant != nil && r.giant.share == s {
		units += unitsOf(r.giant.held)
	}
	return units
}

// Enter gives a body a place, or reports false when there is none. The small buffer, which every body is read into, is
// counted with the place: it is less than a unit.
func (s *Share) Enter(slot *Slot, w http.ResponseWriter, source netip.Addr, throttled bool, began time.Time) bool {
	*slot = Slot{share: s, w: w, source: sender.Key(source), began: began, held: smallBuffer}
	room := s.room
	room.mu.Lock()
	defer room.mu.Unlock()
	if throttled && s.countOf(slot.source, throttledBodies) >= throttledBodies {
		return false
	}
	// Each round frees units of a body, or returns. Fails closed: without room the delivery is refused,
	// and the provider sends it again.
	for !s.fits(1) {
		if !s.makeRoom(time.Now()) {
			return false
		}
	}
	if !s.open {
		room.shares[s] = struct{}{}
	}
	s.take(1)
	slot.open, slot.older = true, s.newest
	if s.newest != nil {
		s.newest.newer = slot
	} else {
		s.oldest = slot
	}
	s.newest = slot
	return true
}

// countOf counts the bodies of a source, up to enough. It must be bounded, because it runs under the
// room's lock.
func (s *Share) countOf(source netip.Addr, enough int) (n int) {
	for slot := s.oldest; slot != nil && n < enough; slot = slot.newer {
		if slot.source == source {
			n++
		}
	}
	return n
}

// makeRoom ends the reading of a slow body: of the endpoint that uses most of the common part, else of this one. The
// caller must hold mu.
func (s *Share) makeRoom(now time.Time) bool {
	most := s
	for other := s.room.users; other != nil; other = other.next {
		if other.excess(other.used) > most.excess(most.used) {
			most = other
		}
	}
	return most.displace(now) || most != s && s.displace(now)
}

// displace ends the reading of the oldest body that is still being read, if it is slow. Its place is free at once; what
// it holds is freed as soon as its reader wakes up. The caller must hold mu.
func (s *Share) displace(now time.Time) bool {
	for slot := s.oldest; slot != nil; slot = slot.newer {
		switch {
		case slot.giant:
		case slot.end(now):
			return true
		// After the attempt: a body may be complete at any moment, and then the next one is the oldest.
		case slot.reading.Load() != complete:
			return false
		}
	}
	return false
}

// tidy forgets a closed part that holds nothing. The caller must hold mu.
func (s *Share) tidy() {
	if !s.open && s.oldest == nil && s.waking == 0 {
		delete(s.room.shares, s)
	}
}

// divide computes the parts after an endpoint came or went. Each open one keeps one unit at least, however
// many there are. It looks at those that have units in use only: a process may have 100,000 endpoints, and makes one
// after the other. The caller must hold mu.
func (r *Room) divide() {
	r.reserve = max(1, r.size/2/max(1, r.open))
	r.common = max(r.size-r.open*r.reserve, r.size/2)
	r.over = 0
	for s := r.users; s != nil; s = s.next {
		r.over += s.excess(s.used)
	}
}

// excess returns how much of used comes out of what is common. The caller must hold mu.
func (s *Share) excess(used int64) int64 {
	if s.open {
		used -= s.room.reserve
	}
	return max(0, used)
}

// fits reports whether there is room for more units. The caller must hold mu.
func (s *Share) fits(more int64) bool {
	over := s.excess(s.used + more)
	return over == 0 || s.room.over-s.excess(s.used)+over <= s.room.common
}

// take counts units, or returns them where more is negative. The caller must hold mu.
func (s *Share) take(more int64) {
	s.room.over += s.excess(s.used+more) - s.excess(s.used)
	before := s.used
	s.used += more
	switch {
	case before == 0 && s.used > 0:
		s.link()
	case before > 0 && s.used == 0:
		s.unlink()
	}
}

// link adds the share to those that have units in use. The caller must hold mu.
func (s *Share) link() {
	if s.next = s.room.users; s.next != nil {
		s.next.previous = s
	}
	s.room.users = s
}

// unlink is the opposite of link. The caller must hold mu.
func (s *Share) unlink() {
	if s.previous != nil {
		s.previous.next = s.next
	} else {
		s.room.users = s.next
	}
	if s.next != nil {
		s.next.previous = s.previous
	}
	s.next, s.previous = nil, nil
}
