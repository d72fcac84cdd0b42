package keyring

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	// expiryNotice is how long before a secret expires the log and the records begin to report it.
	expiryNotice = 7 * 24 * time.Hour
	// reviewEvery is how often a list is searched for secrets that are not needed any more.
	reviewEvery = time.Hour
	// expiryReminder is how often the log repeats that a secret expires.
	expiryReminder = 24 * time.Hour
)

// validity says when the secrets of a list expire.
//
// begin sets it once. Only remindAt changes afterwards, and it is atomic, because deliveries share the
// list. Nothing here decides whether a secret is accepted: that is ActiveAt, for each delivery. This
// only warns.
type validity struct {
	secrets  []secrets.Secret
	expiries []time.Time  // of the secrets, in their order; records point to them
	noticed  int64        // when the first of them is near, in nanoseconds since 1970
	remindAt atomic.Int64 // when the log is to be reminded next, in nanoseconds since 1970
}

// begin sets when the secrets expire. A list whose secrets never expire is not looked at again.
func (v *validity) begin(secrets []secrets.Secret) {
	v.secrets, v.expiries, v.noticed = secrets, make([]time.Time, len(secrets)), math.MaxInt64
	for i := range secrets {
		v.expiries[i] = secrets[i].NotAfter()
		// A zero expiry means for ever. Counted as a time, it would make every list look expired.
		if end := secrets[i].NotAfter(); !end.IsZero() {
			v.noticed = min(v.noticed, nanos(end.Add(-expiryNotice)))
		}
	}
	v.remindAt.Store(v.noticed)
}

// nanos returns t.UnixNano, capped: times after 2262 do not fit.
func nanos(t time.Time) int64 {
	if t.Year() > 2200 {
		return math.MaxInt64
	}
	return t.UnixNano()
}

// near reports whether an expiry is near or past.
//
// It includes past expiries, because an operator whose secrets are all over needs the warning most.
func near(expiry, now time.Time) bool {
	return !expiry.IsZero() && !now.Before(expiry.Add(-expiryNotice))
}

// lastsUntil returns until when one secret or another is valid without a gap. Zero: for ever.
func (v *validity) lastsUntil(now time.Time) time.Time {
	until := now
	// Each round extends the time by one secret at least, or ends. The bound keeps it finite in any
	// case.
	for range len(v.secrets) + 1 {
		reached := until
		for i := range v.secrets {
			s := &v.secrets[i]
			// A secret whose validity begins when another expires leaves no gap.
			if !s.NotBefore().IsZero() && s.NotBefore().After(until.Add(time.Second)) {
				continue
			}
			if s.NotAfter().IsZero() {
				return time.Time{}
			}
			if s.NotAfter().After(reached) {
				reached = s.NotAfter()
			}
		}
		if reached.Equal(until) {
			break
		}
		until = reached
	}
	return until
}

// expiring returns the expiry times worth reporting: of the secret that matched, and of the list as a whole. Both point
// into the list; nil: not near.
func (v *validity) expiring(s *secrets.Secret, now time.Time) (secretExpires, noneAfter *time.Time) {
	// This is the usual case for each delivery: one comparison and no allocation.
	if now.UnixNano() < v.noticed {
		return nil, nil
	}
	if near(s.NotAfter(), now) {
		secretExpires = v.expiryAt(s.NotAfter())
	}
	if until := v.lastsUntil(now); near(until, now) {
		noneAfter = v.expiryAt(until)
	}
	return secretExpires, noneAfter
}

// expiryAt returns the list's own copy of a time. A pointer to it costs a delivery no allocation.
//
// It returns nil for a time that is not of the list. The caller must not change what it points to:
// records of other deliveries share it.
func (v *validity) expiryAt(at time.Time) *time.Time {
	for i := range v.expiries {
		if v.expiries[i].Equal(at) {
			return &v.expiries[i]
		}
	}
	return nil
}

// soonNone is what the log says where all secrets of a list expire soon.
const soonNone = "sallyport: soon no secret is valid, and every delivery will be refused: add one that stays"

// remind logs which secrets expire soon, at most once a day.
func (k *Ring[T]) remind(c *List[T], now time.Time) {
	v := &c.validity
	at := v.remindAt.Load()
	if now.UnixNano() < at {
		return
	}
	next := int64(math.MaxInt64)
	var soon []*secrets.Secret
	for i := range v.secrets {
		s := &v.secrets[i]
		switch {
		case s.NotAfter().IsZero() || now.After(s.NotAfter()):
		case near(s.NotAfter(), now):
			soon = append(soon, s)
		default:
			next = min(next, nanos(s.NotAfter().Add(-expiryNotice)))
		}
	}
	if len(soon) > 0 {
		next = now.Add(expiryReminder).UnixNano()
	}
	// Only one delivery wins. Without the exchange a burst at that moment would log once for each
	// delivery.
	if !v.remindAt.CompareAndSwap(at, next) {
		return // another delivery logs it
	}
	slices.SortStableFunc(soon, func(a, b *secrets.Secret) int { return a.NotAfter().Compare(b.NotAfter()) })
	for _, s := range soon {
		k.owner.Logger.Warn("sallyport: a secret expires soon", k.about(c.state,
			"secret", s.Label(), "not_after", s.NotAfter(), "in", s.NotAfter().Sub(now).Round(time.Second).String())...)
	}
	if until := v.lastsUntil(now); near(until, now) && until.After(now) {
		k.owner.Logger.Error(soonNone, k.about(c.state,
			"until", until, "in", until.Sub(now).Round(time.Second).String())...)
	}
}
