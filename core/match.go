package core

import (
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// matchNotes are the secrets that matched a delivery. They are counted when all of it is proved: whoever holds one of
// two secrets proves nothing, and must not keep it looking used.
type matchNotes struct {
	uses      [2]*usage  // of a signature and a credential
	more      []*usage   // where a delivery was proved by more of them than fit
	expires   *time.Time // the first end of them; nil: it is not near
	noneAfter *time.Time // when one of their lists has no valid secret any more; nil: that is not near
	n         uint8
	stale     bool // one of their lists is not the newest
	byTenant  bool // one of their lists is the tenant's own
}

// note takes down that a secret of the list matched.
func (c *compiledList[T]) note(m *matchNotes, u *usage, s *secrets.Secret, now time.Time) {
	m.use(u)
	expires, noneAfter := c.ending(s, now)
	m.expires, m.noneAfter = sooner(m.expires, expires), sooner(m.noneAfter, noneAfter)
	m.stale, m.byTenant = m.stale || c.stale(), m.byTenant || c.slot.tenant != ""
}

// use takes a secret in, once: the items of one delivery may be proved by several, and each of them is needed.
func (m *matchNotes) use(u *usage) {
	switch {
	case u == nil || slices.Contains(m.uses[:m.n], u) || slices.Contains(m.more, u):
	case int(m.n) < len(m.uses):
		m.uses[m.n] = u
		m.n++
	default:
		m.more = append(m.more, u)
	}
}

// count is called once, when the delivery is proved. It is one delivery of each list, however many of its secrets
// matched.
func (m *matchNotes) count(now time.Time) {
	for i, u := range m.uses[:m.n] {
		u.count(now, !slices.ContainsFunc(m.uses[:i], u.sameList))
	}
	for i, u := range m.more {
		u.count(now, !slices.ContainsFunc(m.uses[:m.n], u.sameList) && !slices.ContainsFunc(m.more[:i], u.sameList))
	}
}

// sooner is the sooner of two ends, of which nil is none.
func sooner(a, b *time.Time) *time.Time {
	if a == nil || (b != nil && b.Before(*a)) {
		return b
	}
	return a
}

func timeAt(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// noSecrets says why there is nothing to judge by.
func noSecrets(err error) fault.Failure {
	if err == errListRefused { // it is never wrapped
		return fault.New(reason.NoActiveSecret, "the list of accepted secrets does not hold up, and there was no good one before: the log says why")
	}
	return fault.New(reason.NoActiveSecret, "the source of secrets failed: "+err.Error())
}
