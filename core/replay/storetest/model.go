package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// model is the simplest possible store, for one goroutine and with a clock of its own. The results of a real store must
// be equal to its results.
//
// Its clock counts half units. Time passes in whole units, and everything expires at an odd half unit. So it does not
// matter how long the calls of a real store take.
type model struct {
	now      int                           // in half units since the beginning
	capacity int                           // 0: there is no limit
	known    map[replay.Key]*memory        // the live keys
	given    map[replay.Key][]replay.Token // all tokens of a key so far: none may come twice
}

// memory is the state of a key in the model.
type memory struct {
	token       replay.Token
	digest      replay.Digest
	end         int // the expiry of the lease or of the TTL, in half units
	committed   bool
	after, till time.Time // the wall clock before and after the commit: DoneAt must be between them
}

// newModel returns an empty model.
func newModel(capacity int) *model {
	return &model{capacity: capacity, known: make(map[replay.Key]*memory), given: make(map[replay.Key][]replay.Token)}
}

// advance lets time pass and removes the expired keys. An expiry never equals the present time, see history.duration.
func (m *model) advance(halves int) {
	m.now += halves
	for key, mem := range m.known {
		if mem.end < m.now {
			delete(m.known, key)
		}
	}
}

// fits reports whether there is room for all new keys of the batch. A batch without new keys always fits.
func (m *model) fits(its []replay.Item) bool {
	fresh := make(map[replay.Key]bool)
	for _, it := range its {
		if m.known[it.Key] == nil {
			fresh[it.Key] = true
		}
	}
	return m.capacity == 0 || len(fresh) == 0 || len(m.known)+len(fresh) <= m.capacity
}

// claim checks the result for one item, and updates the model. It returns what is wrong with the result, or "".
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
	// The calls since the model's clock last moved may have taken up to half a unit.
	left := time.Duration(mem.end-m.now) * p.unit / 2
	if r.RetryAfter > left || r.RetryAfter < left-p.unit/2 {
		return fmt.Sprintf("RetryAfter is %v, want %v", r.RetryAfter, left)
	}
	return ""
}

// settle applies a settlement to the model. It reports whether the settlement took effect, now or earlier; false means
// that the claim is lost. before is the wall clock before the call.
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

// extend applies an extension to the model. false means that the claim is lost.
func (m *model) extend(claim replay.Held, lease int) bool {
	mem := m.known[claim.Key]
	if mem == nil || mem.committed || mem.token != claim.Token {
		return false
	}
	mem.end = max(mem.end, m.now+lease)
	return true
}
