package secrets

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

const (
	// maxLooks is how many looks of a queue run at a time. keptLooks of them are only for proved senders.
	maxLooks  = 16
	keptLooks = maxLooks / 2
	// maxWaitingLooks is how many looks of one sender wait where it is alone. Several senders share maxWaitingAll.
	maxWaitingLooks  = 256
	maxWaitingAll    = 4 * maxWaitingLooks
	maxWaitingSender = 1024 // senders that wait, of each kind
	// missesFor is how long an unknown tenant counts against the sender that named it.
	missesFor = time.Minute
	// maxLookSenders is how many senders are remembered in all, which bounds the memory.
	maxLookSenders = 8192
	// maxWaitingNetwork is how many unproved senders of one network wait: see sender.Network.
	maxWaitingNetwork = maxWaitingSender / 8
)

// lookQueue decides which look runs next. A sender that invents tenants must not keep out another one, even if that one
// is new to the process:
//
//   - Senders take turns. The sender with the fewest failed looks within a minute goes first. Looks that succeed, as a
//     genuine sender's do, do not count. So after a start each sender has one look before any has a second.
//   - The unproved senders of one IPv6 /48 take turns as one, and then among themselves. An attacker with a /48 would
//     otherwise have 65,536 senders without a failed look.
//   - Half of the looks run only for proved senders.
//   - A delivery that waits for a look of another sender has a ticket of its own. So it does not depend on the other
//     sender's turn.
//
// A sender that waits with more than its share has its next look refused. This fails closed: 503, which is not
// remembered.
type lookQueue struct {
	// known marks a queue for known tenants. All of its looks count as one proved sender's: such names are not
	// invented.
	known bool

	mu       sync.Mutex
	running  [2]int // looks, by lookLine: in the shared half, and in the half that is kept for proved senders
	senders  map[netip.Addr]*lookSender
	networks map[netip.Addr]*lookNetwork
	waiting  [2][]*lookSender // senders with tickets, by lookLine
	turn     uint64           // the number of looks started so far
}

// lookLoad counts the looks of a sender, or of a network's senders together. The queue's mu guards it.
type lookLoad struct {
	running int
	misses  int       // failed looks since the time below
	since   time.Time // the first of the misses; they count for missesFor
}

// lookNetwork is the state of one IPv6 /48, or of one IPv4 address. The queue's mu guards it.
type lookNetwork struct {
	lookLoad
	senders int // entries in the queue's senders; the last one removes the network
	waiting int // senders with unproved tickets
}

// lookSender is the state of one sender. The queue's mu guards it.
type lookSender struct {
	lookLoad
	network *lookNetwork
	tickets [2][]lookTicket // by lookLine, the oldest first
	turn    uint64          // the queue's turn when its last look started; 0: it had none
	listed  [2]bool         // by lookLine: the sender is in the queue's waiting
}

// lookTicket is the place of one sender in the queue for a look. Several senders may wait for the same look.
type lookTicket struct {
	look *flight
	at   time.Time
}

// lookLine is the kind of a ticket, and the half in which a look runs. A proved sender's look may run in the shared
// half
// too, never the other way round.
type lookLine int

const (
	lineUnproved lookLine = iota
	lineProved
)

func newLookQueue(known bool) *lookQueue {
	return &lookQueue{known: known, senders: map[netip.Addr]*lookSender{}, networks: map[netip.Addr]*lookNetwork{}}
}

// join gives a sender a ticket for a look. It reports false where the sender gets none and no other sender has one:
// then the look would never start.
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

// most returns how many tickets a sender may have. 0 fails closed: its delivery is answered 503. The caller must hold
// mu.
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

// sender returns the state of a sender, and adds it where it is new. Where there are too many senders, idle ones
// without failed looks are dropped first, then other idle ones. The caller must hold mu.
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

// list records whether the sender is in the queue's waiting. The caller must hold the queue's mu.
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

// idle reports whether the sender may be dropped. Its failed looks are forgotten with it, which fails open in a small
// way: it may take a turn that another sender should have had.
func (s *lookSender) idle() bool {
	return s.running == 0 && !s.listed[lineUnproved] && !s.listed[lineProved]
}

// missed returns the number of failed looks of the last minute. It resets the count when the minute is over.
func (l *lookLoad) missed(now time.Time) int {
	if now.Sub(l.since) >= missesFor {
		l.misses = 0
	}
	return l.misses
}

// miss counts a failed look.
func (l *lookLoad) miss(now time.Time) {
	if l.missed(now) == 0 {
		l.since = now
	}
	l.misses++
}

// start runs as many looks as there is room for. The caller must hold mu.
//
// A proved sender is served from the kept half first, so that the shared half stays free for others. In the shared half
// both kinds compete.
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

// next returns the sender whose turn it is in a line, or nil. It drops tickets that are not needed any more. The caller
// must hold mu.
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

// tidy drops the tickets at the front that are over: the look has started, or the delivery has been answered. A look
// whose last ticket goes is given up. The caller must hold the queue's mu.
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
			go t.look.drop() // it locks its renewal, which in get is locked before the queue
		}
	}
	s.tickets[line] = nil // not [:0]: the array would keep finished looks alive
}

// before reports whether s, in a line, goes before other, in a line of its own: by the load of the network, then by the
// load of the sender, then by who waited longer for a turn. The caller must hold the queue's mu.
func (s *lookSender) before(line lookLine, other *lookSender, others lookLine, now time.Time) bool {
	if a, b := s.near(line, now), other.near(others, now); a != b {
		return a < b
	}
	if a, b := s.missed(now)+s.running, other.missed(now)+other.running; a != b {
		return a < b
	}
	return s.turn < other.turn
}

// near returns the load of the sender's network. A proved sender is counted alone: it does not pay for its neighbours.
func (s *lookSender) near(line lookLine, now time.Time) int {
	if line == lineProved {
		return s.missed(now) + s.running
	}
	return s.network.missed(now) + s.network.running
}

// done ends a look and starts the next ones. A look that found no list counts against the sender whose turn it used.
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
