package keyring

import (
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Matches are the secrets that matched a delivery. They are counted when all of it is proved: a sender who holds one of
// two secrets proves nothing, and must not keep that one looking used.
//
// One delivery owns it, so it needs no lock. The zero value has no match, and is ready for use.
type Matches struct {
	Terms
	uses [2]*Usage // of a signature and a credential
	more []*Usage  // of a delivery with more than two; nil: there are no more
	n    uint8     // how many of uses are set
}

// Terms is what is known of the secrets that matched, for the delivery's record. The zero value knows nothing.
type Terms struct {
	Expires   *time.Time // the first expiry of them; nil: it is not near
	NoneAfter *time.Time // when one of their lists has no valid secret any more; nil: that is not near
	Stale     bool       // one of their lists is not the newest
	ByTenant  bool       // one of their lists is the tenant's own
}

// Matched records that s matched. u is its use; nil: it is not counted.
//
// It decides nothing. The caller must have proved what the secret covers before.
func (c *List[T]) Matched(m *Matches, u *Usage, s *secrets.Secret, now time.Time) {
	m.add(u)
	expires, noneAfter := c.expiring(s, now)
	m.Expires, m.NoneAfter = sooner(m.Expires, expires), sooner(m.NoneAfter, noneAfter)
	m.Stale, m.ByTenant = m.Stale || c.stale(), m.ByTenant || c.state.tenant != ""
}

// add adds a secret, once: the items of one delivery may be proved by several, and each of them is needed.
func (m *Matches) add(u *Usage) {
	switch {
	case u == nil || slices.Contains(m.uses[:m.n], u) || slices.Contains(m.more, u):
	case int(m.n) < len(m.uses):
		m.uses[m.n] = u
		m.n++
	default:
		m.more = append(m.more, u)
	}
}

// Count counts the matches. The caller must call it once, when the delivery is proved. It is one delivery of each list,
// however many of its secrets matched.
func (m *Matches) Count(now time.Time) {
	for i, u := range m.uses[:m.n] {
		u.count(now, !slices.ContainsFunc(m.uses[:i], u.sameList))
	}
	for i, u := range m.more {
		u.count(now, !slices.ContainsFunc(m.uses[:m.n], u.sameList) && !slices.ContainsFunc(m.more[:i], u.sameList))
	}
}

// sooner returns the earlier expiry. nil means no expiry.
//
// It returns one of the two pointers and copies nothing, because both point into lists.
func sooner(a, b *time.Time) *time.Time {
	if a == nil || (b != nil && b.Before(*a)) {
		return b
	}
	return a
}

// TimeOf returns the time that t points to; nil: the zero time.
func TimeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

const noGoodList = "the list of accepted secrets has mistakes, and there was no good one before: the log says why"

// Unavailable returns the failure of a delivery for which there is no list. It fails closed.
//
// No secret is known, so nothing can be proved, and the provider is asked to send the event again. The
// source's text may be shown: sources must not put secrets into errors.
func Unavailable(err error) fault.Failure {
	if err == errListRefused { // it is never wrapped
		return fault.New(reason.NoActiveSecret, noGoodList)
	}
	return fault.New(reason.NoActiveSecret, "the source of secrets failed: "+err.Error())
}
