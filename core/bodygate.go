package core

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// bodyUnit is what a body may hold and still count as one.
	bodyUnit = 32 << 10
	// slowBody is how long a body may take before it has to make room for others. Genuine ones arrive in milliseconds.
	slowBody = time.Second
	// leashedBodies is how many bodies of a source that keeps failing are read at a time.
	leashedBodies = 8
	// overloadRetry is what a provider is told to wait when there is no room.
	overloadRetry = 2 * time.Second
)

// bodySlot is the place of one body that nobody has proved. A body counts by what it holds and not by what it declares:
// a declaration costs a sender nothing, and reserving by it would let a few idle connections shut everybody out. The
// budget's mu guards its fields.
type bodySlot struct {
	share     *share
	w         http.ResponseWriter
	source    netip.Addr // by sender.Key
	began     time.Time
	held      int64     // bytes
	open      bool      // it has a place
	older     *bodySlot // of the open ones, its neighbours
	newer     *bodySlot
	complete  bool // read to its end: it is waiting for nobody
	displaced bool
	giant     bool  // it is the one that is larger than the room, and is counted apart
	waking    int64 // units it holds although it was displaced
}

func unitsOf(bytes int64) int64 { return max(1, (bytes+bodyUnit-1)/bodyUnit) }

// enter gives a body a place, or reports false when there is none.
func (s *share) enter(slot *bodySlot, w http.ResponseWriter, source netip.Addr, leashed bool, began time.Time) bool {
	*slot = bodySlot{share: s, w: w, source: sender.Key(source), began: began}
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if leashed && s.countOf(slot.source, leashedBodies) >= leashedBodies {
		return false
	}
	for !s.fits(1) {
		if !s.makeRoom(time.Now()) {
			return false
		}
	}
	if !s.open {
		b.guards[s] = struct{}{}
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

func (s *share) countOf(source netip.Addr, enough int) (n int) {
	for slot := s.oldest; slot != nil && n < enough; slot = slot.newer {
		if slot.source == source {
			n++
		}
	}
	return n
}

// makeRoom ends the reading of a slow body: of the guard that uses most of what is common to all, else of this one. The
// caller must hold mu.
func (s *share) makeRoom(now time.Time) bool {
	most := s
	for other := range s.budget.guards {
		if other.excess(other.used) > most.excess(most.used) {
			most = other
		}
	}
	return most.displace(now) || most != s && s.displace(now)
}

// displace ends the reading of the oldest body that is still being read, if it is slow. Its place is free at once; what
// it holds is freed as soon as its reader wakes up. The caller must hold mu.
func (s *share) displace(now time.Time) bool {
	slot := s.oldest
	for slot != nil && (slot.complete || slot.giant) {
		slot = slot.newer
	}
	return slot != nil && slot.end(now)
}

// end ends the reading of a slow body.
//
// Not more than an eighth of the room may be on its way out: otherwise a machine that is too busy to wake readers would
// hold any number of bodies that count as gone. An eighth of its own part a guard has in any case, so that no other
// guard can use up what lets it make room. The caller must hold mu.
func (s *bodySlot) end(now time.Time) bool {
	own, b := s.share, s.share.budget
	if s.complete || now.Sub(s.began) < slowBody {
		return false
	}
	if b.waking >= max(1, b.room/8) && own.waking >= max(1, b.reserve/8) {
		return false
	}
	// A deadline in the past wakes the reader. Where the writer knows no deadlines nothing would, and the body kept
	// what it holds: then there is no room.
	if s.w == nil || http.NewResponseController(s.w).SetReadDeadline(time.Unix(1, 0)) != nil {
		return false
	}
	s.displaced = true
	s.waking = unitsOf(s.held)
	own.waking += s.waking
	b.waking += s.waking
	s.remove()
	return true
}

// remove gives the place up. The caller must hold mu.
func (s *bodySlot) remove() {
	own := s.share
	if s.giant {
		own.budget.giant = nil
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

// grow reserves room for more bytes, or reports false. A nil slot is unlimited.
func (s *bodySlot) grow(bytes int64) bool {
	if s == nil {
		return true
	}
	own := s.share
	own.budget.mu.Lock()
	defer own.budget.mu.Unlock()
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
func (s *bodySlot) becomeGiant(now time.Time) bool {
	own := s.share
	if own.oldest != own.newest {
		return false
	}
	if other := own.budget.giant; other != nil && !other.end(now) {
		return false
	}
	own.take(-unitsOf(s.held))
	s.giant, own.budget.giant = true, s
	return true
}

// finish says that the body is complete, and reports false where it was made to end. From then on nobody touches the
// connection's deadline, which is the app's and no longer the body's.
func (s *bodySlot) finish() bool {
	s.share.budget.mu.Lock()
	defer s.share.budget.mu.Unlock()
	s.complete = true
	return !s.displaced
}

// leave gives the place back.
func (s *bodySlot) leave() {
	own := s.share
	own.budget.mu.Lock()
	defer own.budget.mu.Unlock()
	if s.open {
		s.remove()
	}
	own.waking -= s.waking
	own.budget.waking -= s.waking
	s.waking = 0
	own.tidy()
}

// takeBody reads the body of a sender that nobody has proved: within the limit, the time and the room there are. The
// place is kept until the caller calls i.leave, because so long the body is held unproved.
func (g *Guard) takeBody(r *http.Request, i *inspection) ([]byte, fault.Failure) {
	body, f := g.takeBodyWithin(r, i)
	if r.Body != nil && r.Body != http.NoBody {
		i.taken = takenBody{true, body, f}
	}
	return body, f
}

func (g *Guard) takeBodyWithin(r *http.Request, i *inspection) ([]byte, fault.Failure) {
	_, here := r.Body.(*restoredBody) // an outer guard has read and proved it
	if here || r.Body == nil || r.Body == http.NoBody || i.trial {
		return i.read(r, g.maxBody)
	}
	i.leave()
	leashed := g.leashed(r.Context(), i)
	if !g.share.enter(i.place, i.w, i.source, leashed, i.started) {
		i.overloaded, i.retryAfter = !leashed, overloadRetry
		if leashed {
			return nil, fault.New(reason.RateLimited, "the source "+nameOf(i.source)+" fails more often than RateLimit allows, and others of its bodies are being read")
		}
		return nil, noRoom()
	}
	i.slot, i.bodyBegun = i.place, true
	bounded := g.boundReading(i.w, r, i.started)
	body, f := i.read(r, g.maxBody)
	if displaced := !i.slot.finish(); displaced || f.Reason == reason.RateLimited {
		i.displaced = displaced
		i.overloaded, i.retryAfter = true, overloadRetry
		return nil, noRoom()
	}
	if f.Failed() {
		return nil, f // the deadline stands, for what net/http still reads of the body
	}
	if bounded {
		liftBound(i.w)
	}
	return body, fault.Failure{}
}

// read notes whether the body stands in the buffer: then it is somebody else's as soon as Receive returns.
func (i *inspection) read(r *http.Request, limit int64) ([]byte, fault.Failure) {
	body, f := readBody(r, limit, i.slot, i.buffer)
	i.borrowed = cap(body) > 0 && &body[:1][0] == &i.buffer[:1][0]
	return body, f
}

func noRoom() fault.Failure {
	return fault.New(reason.RateLimited, noRoomText)
}

const noRoomText = "too many bodies are being read that nobody has proved yet (Config.Budget): " +
	"the provider is asked to send it again"

// leave gives the body's place in the gate back.
func (i *inspection) leave() {
	if i.slot != nil {
		i.slot.leave()
		i.slot = nil
	}
}
