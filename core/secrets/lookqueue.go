package secrets

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

const (
	// maxLooks is how many looks of a source run at a time, and keptLooks how many of them are of proved senders only.
	maxLooks  = 16
	keptLooks = maxLooks / 2
	// maxWaitingLooks is how many looks of one sender wait where it is alone; several senders share fourfold that.
	maxWaitingLooks  = 256
	maxWaitingAll    = 4 * maxWaitingLooks
	maxWaitingSender = 1024 // senders that wait, of each kind
	// missesFor is how long it counts against a sender that it named a tenant which there is not.
	missesFor = time.Minute
	// maxLookSenders is how many senders are remembered in all.
	maxLookSenders = 8192
	// maxWaitingNetwork is how many unproved senders of one network wait: see sender.Network.
	maxWaitingNetwork = maxWaitingSender / 8
)

// lookQueue decides which look runs next, so that whoever invents tenants keeps nobody out who is new to the process:
//
//   - Senders take turns. The one goes first that caused the fewest looks in vain within a minute; those that succeed, as a
//     genuine sender's do, do not count. So after a start each sender has one look before any has a second.
//   - The unproved senders of one IPv6 /48 take turns as one, and then among themselves: whoever has a /48 of their own has
//     65,536 senders that named no tenant yet.
//   - Half of the looks run for proved senders only.
//   - A delivery that waits for a look which others asked for has a ticket of its own, so it waits in no other's turn.
//
// Where a sender waits with more than its part, its next look is refused, which fails closed: 503, not remembered.
type lookQueue struct {
	// known is a queue for tenants that there are. It has one line, and no sender.
	known bool

	mu       sync.Mutex
	running  [2]int // looks, of unproved turns and of those kept for proved senders
	senders  map[netip.Addr]*lookSender
	networks map[netip.Addr]*lookNetwork
	waiting  [2][]*lookSender // those with tickets, unproved and proved
	turn     uint64
}

// lookLoad is what counts against a sender, or against a network's senders together. The queue's mu guards it.
type lookLoad struct {
	running int
	misses  int
	since   time.Time // when misses began
}

// lookNetwork is what a queue knows of the senders of one network. The queue's mu guards it.
type lookNetwork struct {
	lookLoad
	senders int
	waiting int // of them, those with unproved tickets
}

// lookSender is what a queue knows of one sender. The queue's mu guards it.
type lookSender struct {
	lookLoad
	network *lookNetwork
	tickets [2][]lookTicket // the oldest first, unproved and proved
	turn    uint64          // its last one
	listed  [2]bool         // it stands among those that wait
}

type lookTicket struct {
	look *flight
	at   time.Time
}

// lookLine is the kind of a ticket, and of a running look.
type lookLine int

const (
	lineUnproved lookLine = iota
	lineProved
)

func newLookQueue(known bool) *lookQueue {
	return &lookQueue{known: known, senders: map[netip.Addr]*lookSender{}, networks: map[netip.Addr]*lookNetwork{}}
}

// join gives a sender a ticket for a look, and reports false where nobody has one.
func (q *lookQueue) join(f *flight, from sender.Sender) bool {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if f.started || f.dropped {
		return f.started
	}
	line := lineUnproved
	if q.known {
		from = sender.Sender{Proved: true}
	}
	if from.Proved {
		line = lineProved
	}
	s := q.sender(from.Source, now)
	s.tickets[line] = slices.DeleteFunc(s.tickets[line],
		func(t lookTicket) bool { return t.look.started || t.look.dropped })
	mine := s.tickets[line]
	if slices.ContainsFunc(mine, func(t lookTicket) bool { return t.look == f }) {
		return true
	}
	if len(mine) >= q.most(line, s) {
		return f.tickets > 0
	}
	s.tickets[line] = append(mine, lookTicket{f, now})
	f.tickets++
	f.until = now.Add(lookTimeout)
	if !s.listed[line] {
		s.list(line, true)
		q.waiting[line] = append(q.waiting[line], s)
	}
	q.start(now)
	return true
}

// most is how many tickets a sender may have. The caller must hold mu.
func (q *lookQueue) most(line lookLine, s *lookSender) int {
	others := len(q.waiting[line])
	if s.listed[line] {
		others--
	}
	switch {
	case q.known:
		return MaxTenants
	case others >= maxWaitingSender:
		return 0
	case line == lineUnproved && !s.listed[line] && s.network.waiting >= maxWaitingNetwork:
		return 0
	}
	return min(maxWaitingLooks, max(1, maxWaitingAll/(others+1)))
}

// sender finds or adds a sender. The caller must hold mu.
func (q *lookQueue) sender(source netip.Addr, now time.Time) *lookSender {
	if s := q.senders[source]; s != nil {
		return s
	}
	if len(q.senders) >= maxLookSenders {
		for a, s := range q.senders {
			if s.idle() && (s.missed(now) == 0 || len(q.senders) > maxLookSenders/2) {
				delete(q.senders, a)
				if s.network.senders--; s.network.senders == 0 {
					delete(q.networks, sender.Network(a))
				}
			}
		}
	}
	n := q.networks[sender.Network(source)]
	if n == nil {
		n = &lookNetwork{}
		q.networks[sender.Network(source)] = n
	}
	n.senders++
	s := &lookSender{network: n}
	q.senders[source] = s
	return s
}

// list notes whether the sender stands among those that wait. The caller must hold the queue's mu.
func (s *lookSender) list(line lookLine, waits bool) {
	s.listed[line] = waits
	switch {
	case line != lineUnproved:
	case waits:
		s.network.waiting++
	default:
		s.network.waiting--
	}
}

// idle reports whether the sender may be forgotten. Forgetting its misses costs others their turn, and nothing else.
func (s *lookSender) idle() bool {
	return s.running == 0 && !s.listed[lineUnproved] && !s.listed[lineProved]
}

// missed is how many looks were caused in vain lately.
func (l *lookLoad) missed(now time.Time) int {
	if now.Sub(l.since) >= missesFor {
		l.misses = 0
	}
	return l.misses
}

// miss counts a look in vain.
func (l *lookLoad) miss(now time.Time) {
	if l.missed(now) == 0 {
		l.since = now
	}
	l.misses++
}

// start runs what there is room for. The caller must hold mu.
func (q *lookQueue) start(now time.Time) {
	for {
		line := lineProved
		var s *lookSender
		var from lookLine
		if q.running[lineProved] < keptLooks {
			s, from = q.next(lineProved, now), lineProved
		}
		if s == nil && q.running[lineUnproved] < maxLooks-keptLooks {
			line = lineUnproved
			s, from = q.next(lineUnproved, now), lineUnproved
			if p := q.next(lineProved, now); p != nil && (s == nil || p.before(lineProved, s, lineUnproved, now)) {
				s, from = p, lineProved
			}
		}
		if s == nil {
			return
		}
		f := s.tickets[from][0].look
		s.tickets[from] = s.tickets[from][1:]
		q.turn++
		s.turn = q.turn
		s.running++
		if from == lineUnproved {
			s.network.running++
		}
		q.running[line]++
		f.started, f.line, f.payer, f.unproved = true, line, s, from == lineUnproved
		f.run()
	}
}

// next finds the sender whose turn it is in a line. It drops tickets that are not needed any more. The caller must hold
// mu.
func (q *lookQueue) next(line lookLine, now time.Time) (first *lookSender) {
	kept := q.waiting[line][:0]
	for _, s := range q.waiting[line] {
		s.tidy(line, now)
		if len(s.tickets[line]) == 0 {
			s.list(line, false)
			continue
		}
		kept = append(kept, s)
		if first == nil || s.before(line, first, line, now) {
			first = s
		}
	}
	clear(q.waiting[line][len(kept):])
	q.waiting[line] = kept
	return first
}

// tidy drops the tickets at the front that nobody waits for any more: their looks have started, or their deliveries
// were answered. The caller must hold the queue's mu.
func (s *lookSender) tidy(line lookLine, now time.Time) {
	for len(s.tickets[line]) > 0 {
		t := s.tickets[line][0]
		late := now.Sub(t.at) >= lookTimeout
		if !late && !t.look.started && !t.look.dropped {
			return
		}
		s.tickets[line] = s.tickets[line][1:]
		if t.look.tickets--; t.look.tickets == 0 && !t.look.started && !t.look.dropped {
			t.look.dropped = true
			go t.look.drop() // it takes the lock of its list
		}
	}
	s.tickets[line] = nil
}

// before reports whether it is the sender's turn in a line before the other's in another. The caller must hold the
// queue's mu.
func (s *lookSender) before(line lookLine, other *lookSender, others lookLine, now time.Time) bool {
	if a, b := s.near(line, now), other.near(others, now); a != b {
		return a < b
	}
	if a, b := s.missed(now)+s.running, other.missed(now)+other.running; a != b {
		return a < b
	}
	return s.turn < other.turn
}

// near is what counts against the sender's network; a proved sender stands for itself.
func (s *lookSender) near(line lookLine, now time.Time) int {
	if line == lineProved {
		return s.missed(now) + s.running
	}
	return s.network.missed(now) + s.network.running
}

// done ends a look, and counts it against the sender where it was in vain.
func (q *lookQueue) done(f *flight, found bool) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running[f.line]--
	s := f.payer
	s.running--
	if f.unproved {
		s.network.running--
	}
	if !found {
		s.miss(now)
		if f.unproved {
			s.network.miss(now)
		}
	}
	q.start(now)
}
