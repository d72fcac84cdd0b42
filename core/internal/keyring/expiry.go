package keyring

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	// expiryNotice is how long before a secret's end the log and the records begin to tell of it.
	expiryNotice = 7 * 24 * time.Hour
	// reviewEvery is how often the use of secrets is looked at.
	reviewEvery = time.Hour
	// expiryReminder is how often the log tells of it.
	expiryReminder = 24 * time.Hour
)

// validity is when the secrets of a list end.
type validity struct {
	secrets  []secrets.Secret
	ends     []time.Time  // of the secrets, in their order; a record points to them
	noticed  int64        // from when on an end is near, in nanoseconds since 1970
	remindAt atomic.Int64 // when the log is to be told next
}

// begin notes when the secrets end. A list without ends is never looked at again.
func (v *validity) begin(secrets []secrets.Secret) {
	v.secrets, v.ends, v.noticed = secrets, make([]time.Time, len(secrets)), math.MaxInt64
	for i := range secrets {
		v.ends[i] = secrets[i].NotAfter()
		if end := secrets[i].NotAfter(); !end.IsZero() {
			v.noticed = min(v.noticed, nanos(end.Add(-expiryNotice)))
		}
	}
	v.remindAt.Store(v.noticed)
}

// nanos is for ends that nobody lives to see as well, which a count of nanoseconds cannot hold.
func nanos(t time.Time) int64 {
	if t.Year() > 2200 {
		return math.MaxInt64
	}
	return t.UnixNano()
}

// near says whether the end of a secret is near or past.
func near(end, now time.Time) bool { return !end.IsZero() && !now.Before(end.Add(-expiryNotice)) }

// lastsUntil is until when one secret or another is valid without a gap; zero: for ever.
func (v *validity) lastsUntil(now time.Time) time.Time {
	until := now
	for range len(v.secrets) + 1 {
		reached := until
		for i := range v.secrets {
			s := &v.secrets[i]
			// One that begins in the instant after another ends leaves no gap.
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

// ending is what a record tells of ends that are near, of which one is the secret's that matched. Both are times of the
// list's own secrets; nil: not near.
func (v *validity) ending(s *secrets.Secret, now time.Time) (secretExpires, noneAfter *time.Time) {
	if now.UnixNano() < v.noticed {
		return nil, nil
	}
	if near(s.NotAfter(), now) {
		secretExpires = v.end(s.NotAfter())
	}
	if until := v.lastsUntil(now); near(until, now) {
		noneAfter = v.end(until)
	}
	return secretExpires, noneAfter
}

// end returns the list's own end at that time. A pointer to it costs a delivery no allocation.
func (v *validity) end(at time.Time) *time.Time {
	for i := range v.ends {
		if v.ends[i].Equal(at) {
			return &v.ends[i]
		}
	}
	return nil
}

// remind tells the log of ends that are near, once a day at most.
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
	if !v.remindAt.CompareAndSwap(at, next) {
		return // another delivery tells it
	}
	slices.SortStableFunc(soon, func(a, b *secrets.Secret) int { return a.NotAfter().Compare(b.NotAfter()) })
	for _, s := range soon {
		k.owner.Logger.Warn("sallyport: a secret ends soon", k.about(c.slot,
			"secret", s.Label(), "not_after", s.NotAfter(), "in", s.NotAfter().Sub(now).Round(time.Second).String())...)
	}
	if until := v.lastsUntil(now); near(until, now) && until.After(now) {
		k.owner.Logger.Error("sallyport: soon no secret is valid, and every delivery will be refused: add one that stays", k.about(c.slot,
			"until", until, "in", until.Sub(now).Round(time.Second).String())...)
	}
}
