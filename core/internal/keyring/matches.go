package keyring

import (
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Matches are the secrets that matched a delivery. They are counted when all of it is proved: whoever holds one of
// two secrets proves nothing, and must not keep it looking used.
type Matches struct {
	uses      [2]*Usage  // of a signature and a credential
	more      []*Usage   // where a delivery was proved by more of them than fit
	Expires   *time.Time // the first end of them; nil: it is not near
	NoneAfter *time.Time // when one of their lists has no valid secret any more; nil: that is not near
	n         uint8
	Stale     bool // one of their lists is not the newest
	ByTenant  bool // one of their lists is the tenant's own
}

// Note takes down that a secret of the list matched.
func (c *List[T]) Note(m *Matches, u *Usage, s *secrets.Secret, now time.Time) {
	m.Use(u)
	expires, noneAfter := c.ending(s, now)
	m.Expires, m.NoneAfter = sooner(m.Expires, expires), sooner(m.NoneAfter, noneAfter)
	m.Stale, m.ByTenant = m.Stale || c.stale(), m.ByTenant || c.slot.tenant != ""
}

// Use takes a secret in, once: the items of one delivery may be proved by several, and each of them is needed.
func (m *Matches) Use(u *Usage) {
	switch {
	case u == nil || slices.Contains(m.uses[:m.n], u) || slices.Contains(m.more, u):
	case int(m.n) < len(m.uses):
		m.uses[m.n] = u
		m.n++
	default:
		m.more = append(m.more, u)
	}
}

// Count is called once, when the delivery is proved. It is one delivery of each list, however many of its secrets
// matched.
func (m *Matches) Count(now time.Time) {
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

func TimeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Unavailable says why there is nothing to judge by.
func Unavailable(err error) fault.Failure {
	if err == errListRefused { // it is never wrapped
		return fault.New(reason.NoActiveSecret, "the list of accepted secrets does not hold up, and there was no good one before: the log says why")
	}
	return fault.New(reason.NoActiveSecret, "the source of secrets failed: "+err.Error())
}
