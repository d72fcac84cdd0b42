package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// model is a store in the plainest words, for one goroutine, on a clock of its own. It says what a store must answer.
//
// Its clock counts half units. Time passes in whole units and everything ends at a half, so that the time the calls
// themselves take in a real store decides nothing.
type model struct {
	now      int
	capacity int // 0: none
	known    map[replay.Key]*memory
	given    map[replay.Key][]replay.Token // every token ever given for a key
}

// memory is what the model remembers of a key.
type memory struct {
	token       replay.Token
	digest      replay.Digest
	end         int // in half units
	committed   bool
	after, till time.Time
}

func newModel(capacity int) *model {
	return &model{capacity: capacity, known: make(map[replay.Key]*memory), given: make(map[replay.Key][]replay.Token)}
}

func (m *model) advance(halves int) {
	m.now += halves
	for key, mem := range m.known {
		if mem.end < m.now {
			delete(m.known, key)
		}
	}
}

// fits says whether there is room for all of the batch that is new.
func (m *model) fits(its []replay.Item) bool {
	fresh := make(map[replay.Key]bool)
	for _, it := range its {
		if m.known[it.Key] == nil {
			fresh[it.Key] = true
		}
	}
	return m.capacity == 0 || len(fresh) == 0 || len(m.known)+len(fresh) <= m.capacity
}

// claim judges the answer to one item and follows it.
func (m *model) claim(it replay.Item, lease int, r replay.Result, p *probe) string {
	mem := m.known[it.Key]
	if mem == nil {
		if fault := faultOf(r, replay.Claimed); fault != "" {
			return fault
		}
		if slices.Contains(m.given[it.Key], r.Token) {
			return fmt.Sprintf("answered with the token %d, which was given for this key before", r.Token)
		}
		m.given[it.Key] = append(m.given[it.Key], r.Token)
		m.known[it.Key] = &memory{token: r.Token, digest: it.Digest, end: m.now + lease}
		return ""
	}
	state := replay.InFlight
	if mem.committed {
		state = replay.Done
	}
	if fault := faultOf(r, state); fault != "" {
		return fault
	}
	if want := mem.digest != it.Digest; r.Conflict != want {
		return fmt.Sprintf("Conflict is %v, want %v", r.Conflict, want)
	}
	if mem.committed {
		if r.Token != mem.token {
			return fmt.Sprintf("answered done with the token %d, and it was committed with %d", r.Token, mem.token)
		}
		if r.DoneAt.Before(mem.after.Add(-p.h.Skew)) || r.DoneAt.After(mem.till.Add(p.h.Skew)) {
			return fmt.Sprintf("DoneAt is %v, want %v", r.DoneAt, mem.after)
		}
		return ""
	}
	left := time.Duration(mem.end-m.now) * p.unit / 2
	if r.RetryAfter > left || r.RetryAfter < left-p.unit/2 {
		return fmt.Sprintf("RetryAfter is %v, want %v", r.RetryAfter, left)
	}
	return ""
}

// settle follows a settlement; false means that the claim is lost.
func (m *model) settle(st replay.Settlement, ttl int, before time.Time) bool {
	mem := m.known[st.Key]
	switch {
	case mem == nil:
		return st.Verdict == replay.Release
	case mem.token != st.Token:
		return false
	case mem.committed:
		return st.Verdict == replay.Commit
	case st.Verdict == replay.Release:
		delete(m.known, st.Key)
	default:
		mem.end, mem.committed = m.now+ttl, true
		mem.after, mem.till = before, time.Now()
	}
	return true
}

// extend follows an extension; false means that the claim is lost.
func (m *model) extend(claim replay.Held, lease int) bool {
	mem := m.known[claim.Key]
	if mem == nil || mem.committed || mem.token != claim.Token {
		return false
	}
	mem.end = max(mem.end, m.now+lease)
	return true
}
