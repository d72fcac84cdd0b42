package core

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	defaultMaxBodies = 2048
	maxMaxBodies     = 1 << 20
	// bodyUnit is what a body may hold and still count as one.
	bodyUnit = 32 << 10
	// slowBody is how long a body may take before it has to make room for others. Genuine ones arrive in milliseconds.
	slowBody = time.Second
	// leashedBodies is how many bodies of a source that keeps failing are read at a time.
	leashedBodies = 8
	// overloadRetry is what a provider is told to wait when there is no room.
	overloadRetry = 2 * time.Second
)

// bodyGate bounds the bodies that are held for senders nobody has proved yet, by what they hold and not by what they
// declare: a declaration costs a sender nothing, and reserving by it would let a few idle connections shut everybody
// out. When there is no room, the body that has been slow for longest makes way.
type bodyGate struct {
	most int64 // units

	mu     sync.Mutex
	used   int64     // units
	waking int64     // units of bodies that were made to end, and are held until their readers wake up
	oldest *bodySlot // of those that are open
	newest *bodySlot
}

// bodySlot is one body's place. Its fields belong to the gate's lock.
type bodySlot struct {
	gate      *bodyGate
	w         http.ResponseWriter
	source    netip.Addr // as sourceKey gives it
	began     time.Time
	held      int64     // bytes
	open      bool      // it has a place
	older     *bodySlot // of the open ones, its neighbours
	newer     *bodySlot
	complete  bool // read to its end: it is waiting for nobody
	displaced bool
	waking    int64 // units it holds although it was displaced
}

func unitsOf(bytes int64) int64 { return max(1, (bytes+bodyUnit-1)/bodyUnit) }

// enter gives a body a place, or false when there is none.
func (g *bodyGate) enter(s *bodySlot, w http.ResponseWriter, source netip.Addr, leashed bool, began time.Time) bool {
	*s = bodySlot{gate: g, w: w, source: sourceKey(source), began: began}
	g.mu.Lock()
	defer g.mu.Unlock()
	if leashed && g.countOf(s.source, leashedBodies) >= leashedBodies {
		return false
	}
	if g.used+1 > g.most && !g.displace(time.Now()) {
		return false
	}
	g.used++
	s.open, s.older = true, g.newest
	if g.newest != nil {
		g.newest.newer = s
	} else {
		g.oldest = s
	}
	g.newest = s
	return true
}

func (g *bodyGate) countOf(source netip.Addr, enough int) (n int) {
	for s := g.oldest; s != nil && n < enough; s = s.newer {
		if s.source == source {
			n++
		}
	}
	return n
}

// displace ends the reading of the oldest body that is still being read, if it is slow. Its place is free at once; what
// it holds is freed as soon as its reader wakes up.
//
// Not more than an eighth of what there is room for may be on its way out: otherwise a machine that is too busy to wake
// readers would hold any number of bodies that count as gone.
func (g *bodyGate) displace(now time.Time) bool {
	if g.waking >= max(1, g.most/8) {
		return false
	}
	s := g.oldest
	for s != nil && s.complete {
		s = s.newer
	}
	if s == nil || now.Sub(s.began) < slowBody {
		return false
	}
	// A deadline in the past wakes the reader. Where the writer knows no deadlines nothing would, and the body kept what
	// it holds: then there is no room.
	if s.w == nil || http.NewResponseController(s.w).SetReadDeadline(time.Unix(1, 0)) != nil {
		return false
	}
	s.displaced = true
	s.waking = unitsOf(s.held)
	g.waking += s.waking
	s.remove()
	return true
}

func (s *bodySlot) remove() {
	s.gate.used -= unitsOf(s.held)
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		s.gate.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		s.gate.newest = s.older
	}
	s.open, s.older, s.newer = false, nil, nil
}

// grow asks for room for more bytes; no slot asks nobody. A body that is alone always has it, so that no limit makes an endpoint's own
// largest delivery impossible.
func (s *bodySlot) grow(bytes int64) bool {
	if s == nil {
		return true
	}
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if !s.open {
		return false
	}
	more := unitsOf(s.held+bytes) - unitsOf(s.held)
	for s.gate.used+more > s.gate.most && s.gate.oldest != s.gate.newest {
		if !s.gate.displace(time.Now()) || s.displaced {
			return false
		}
	}
	s.held += bytes
	s.gate.used += more
	return true
}

// finish says that the body is complete, and reports false where it was made to end. From then on nobody touches the
// connection's deadline, which is the app's and no longer the body's.
func (s *bodySlot) finish() bool {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.complete = true
	return !s.displaced
}

// leave gives the place back.
func (s *bodySlot) leave() {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if s.open {
		s.remove()
	}
	s.gate.waking -= s.waking
	s.waking = 0
}

// takeBody reads the body of a sender that nobody has proved: within the limit, the time and the room there are. The
// place is kept until the caller calls i.leave, because so long the body is held unproved.
func (g *Guard) takeBody(r *http.Request, i *inspection) ([]byte, failure) {
	_, here := r.Body.(*restoredBody) // an outer guard has read and proved it
	if here || r.Body == nil || r.Body == http.NoBody || i.trial {
		return i.read(r, g.maxBody)
	}
	i.leave()
	leashed := g.leashed(r.Context(), i)
	if !g.bodies.enter(i.place, i.w, i.source, leashed, i.started) {
		i.overloaded, i.retryAfter = !leashed, overloadRetry
		if leashed {
			return nil, failure{ReasonRateLimited, "the source " + nameOf(i.source) + " fails more often than RateLimit allows, and others of its bodies are being read"}
		}
		return nil, noRoom()
	}
	i.slot, i.bodyBegun = i.place, true
	bounded := g.boundReading(i.w, r, i.started)
	body, f := i.read(r, g.maxBody)
	if !i.slot.finish() || f.reason == ReasonRateLimited {
		i.overloaded, i.retryAfter = true, overloadRetry
		return nil, noRoom()
	}
	if f.failed() {
		return nil, f // the deadline stands, for what net/http still reads of the body
	}
	if bounded {
		liftBound(i.w)
	}
	return body, failure{}
}

// read notes whether the body stands in the buffer: then it is somebody else's as soon as Receive returns.
func (i *inspection) read(r *http.Request, limit int64) ([]byte, failure) {
	body, f := readBody(r, limit, i.slot, i.buffer)
	i.borrowed = cap(body) > 0 && &body[:1][0] == &i.buffer[:1][0]
	return body, f
}

func noRoom() failure {
	return failure{ReasonRateLimited, "too many bodies are being read that nobody has proved yet (MaxConcurrentBodies): the provider is asked to send it again"}
}

// leave gives the body's place in the gate back.
func (i *inspection) leave() {
	if i.slot != nil {
		i.slot.leave()
		i.slot = nil
	}
}
