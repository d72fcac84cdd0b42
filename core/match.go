package core

import "time"

// matchNotes are the secrets that matched a delivery. They are counted when all of it is proved: whoever holds one of
// two secrets proves nothing, and must not keep it looking used.
type matchNotes struct {
	uses      [4]*usage
	n         int
	expires   time.Time // the first end of them, where it is near
	noneAfter time.Time // when one of their lists has no valid secret any more, where that is near
	stale     bool      // one of their lists is not the newest
	byTenant  bool      // one of their lists is the tenant's own
}

// note takes down that a secret of the list matched.
func (c *compiledList[T]) note(m *matchNotes, u *usage, s *Secret, now time.Time) {
	expires, noneAfter := c.ending(s, now)
	m.add(&matchNotes{uses: [4]*usage{u}, n: 1, expires: expires, noneAfter: noneAfter, stale: c.stale(), byTenant: c.slot.tenant != ""})
}

func (m *matchNotes) add(more *matchNotes) {
	for _, u := range more.uses[:more.n] {
		if u != nil && m.n < len(m.uses) {
			m.uses[m.n] = u
			m.n++
		}
	}
	m.expires, m.noneAfter = sooner(m.expires, more.expires), sooner(m.noneAfter, more.noneAfter)
	m.stale, m.byTenant = m.stale || more.stale, m.byTenant || more.byTenant
}

// count is called once, when the delivery is proved.
func (m *matchNotes) count(now time.Time) {
	for _, u := range m.uses[:m.n] {
		u.count(now)
	}
}

// sooner is the sooner of two ends, of which zero is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// noSecrets says why there is nothing to judge by.
func noSecrets(err error) failure {
	if err == errListRefused { //nolint:errorlint // it is never wrapped
		return failure{ReasonNoActiveSecret, "the list of accepted secrets does not hold up, and there was no good one before: the log says why"}
	}
	return failure{ReasonNoActiveSecret, "the source of secrets failed: " + err.Error()}
}
