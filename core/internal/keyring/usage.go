package keyring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Uses returns how the secrets of all lists are used, by tenant.
func (k *Ring[T]) Uses(now time.Time) (all []secrets.Use) {
	states := k.states()
	slices.SortStableFunc(states, func(a, b *state[T]) int { return strings.Compare(a.tenant, b.tenant) })
	for _, s := range states {
		all = append(all, k.usesIn(s, now)...)
	}
	return all
}

// UsesOf returns how the secrets of one tenant's list are used. Without tenants the tenant is empty.
func (k *Ring[T]) UsesOf(tenant string, now time.Time) []secrets.Use {
	for _, s := range k.states() {
		if s.tenant == tenant {
			return k.usesIn(s, now)
		}
	}
	return nil
}

func (k *Ring[T]) usesIn(s *state[T], now time.Time) []secrets.Use {
	uses := s.ledger.uses(now, k.owner.Silence)
	for i := range uses {
		uses[i].Setting, uses[i].Tenant = k.rules.Field, s.tenant
	}
	return uses
}

func (l *ledger) uses(now time.Time, silence time.Duration) []secrets.Use {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]secrets.Use, len(l.all))
	for i, u := range l.all {
		at := u.at.Load()
		proved := l.proved.Load()
		all[i] = secrets.Use{
			Label: u.label, FirstSeen: u.firstSeen, Matched: u.matched.Load(),
			Deliveries: proved - u.firstAt, Silent: max(0, proved-at),
			NotBefore: u.notBefore, NotAfter: u.notAfter, Left: u.left,
		}
		if ns := u.last.Load(); ns != 0 {
			all[i].LastMatched = time.Unix(0, ns).In(now.Location())
		}
	}
	for i := range all {
		assess(&all[i], all, now, silence)
	}
	return all
}

// assess sets the state of a secret's use, next to the others of its list. It fails closed: it calls nothing safe that
// is not shown to be.
//
// Whoever removes a secret because of this loses deliveries if it is wrong. While it is valid, two
// things must hold: another valid secret matched since, and this one was silent for long enough.
func assess(u *secrets.Use, all []secrets.Use, now time.Time, silence time.Duration) {
	silentSince := u.FirstSeen
	if u.LastMatched.After(silentSince) {
		silentSince = u.LastMatched
	}
	if u.NotBefore.After(silentSince) {
		silentSince = u.NotBefore
	}
	otherValid, otherMatched := false, false
	for i := range all {
		if o := &all[i]; o != u && validAt(o, now) {
			otherValid = true
			otherMatched = otherMatched || o.LastMatched.After(silentSince)
		}
	}
	switch {
	case !u.Left.IsZero():
		u.State = secrets.Left
	case !u.NotAfter.IsZero() && now.After(u.NotAfter):
		u.State = secrets.Ended
		if otherValid {
			u.State = secrets.SafeToRemove
		}
	case now.Before(u.NotBefore):
		u.State = secrets.NotYetValid
	case u.LastMatched.IsZero():
		u.State = secrets.Unused
	case u.Silent == 0:
		u.State = secrets.InUse
	case !otherMatched:
		u.State = secrets.Alone
	case now.Sub(silentSince) < silence:
		u.State, u.Wait = secrets.Waiting, silence-now.Sub(silentSince)
	default:
		u.State = secrets.SafeToRemove
	}
}

func validAt(u *secrets.Use, now time.Time) bool {
	return u.Left.IsZero() && !now.Before(u.NotBefore) && (u.NotAfter.IsZero() || !now.After(u.NotAfter))
}

const notNeeded = "sallyport: a secret is not needed any more and may be removed"

// review logs, once, that a secret is not needed any more.
//
// It runs at most once in reviewEvery, in the delivery that comes first then. It only reports: no
// secret is ever removed.
func (k *Ring[T]) review(c *List[T], now time.Time) {
	at := c.reviewAt.Load()
	if now.UnixNano() < at || !c.reviewAt.CompareAndSwap(at, now.Add(reviewEvery).UnixNano()) {
		return // another delivery does it
	}
	l := &c.state.ledger
	uses := l.uses(now, k.owner.Silence)
	for i := range uses {
		u := &uses[i]
		if l.news(i, u.SafeToRemove()) {
			k.owner.Logger.Info(notNeeded, k.about(c.state, "secret", u.Label, "use", Describe(u, now))...)
		}
	}
}

// news reports whether a secret has become safe to remove, and records whether it is safe.
//
// The list may have changed since the uses were read. An index beyond it reports nothing.
func (l *ledger) news(i int, safe bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i >= len(l.all) {
		return false
	}
	before := l.all[i].safe
	l.all[i].safe = safe
	return safe && !before
}

// Describe writes in one line how a secret is used.
func Describe(u *secrets.Use, now time.Time) string {
	used := "never matched since " + u.FirstSeen.UTC().Format(time.RFC3339)
	if !u.LastMatched.IsZero() {
		used = "last matched " + ago(now.Sub(u.LastMatched))
	}
	switch {
	case u.State == secrets.InUse: //lint:notsecret a word for the log
		used += fmt.Sprintf(", %s of %s deliveries", thousands(u.Matched), thousands(max(u.Deliveries, u.Matched)))
	case u.State != secrets.Left: //lint:notsecret a word for the log
		used += fmt.Sprintf(", 0 of the last %s deliveries", thousands(u.Silent))
	}
	return httpfield.Clean(u.Label) + ": " + used + ": " + verdict(u, now)
}

func verdict(u *secrets.Use, now time.Time) string {
	ended := !u.NotAfter.IsZero() && now.After(u.NotAfter)
	switch u.State { //lint:notsecret a word for the log
	case secrets.InUse:
		return "in use"
	case secrets.Waiting:
		return "wait " + spanLeft(u.Wait) + ": retries of older events, or a quiet sender, may still carry it"
	case secrets.SafeToRemove:
		if ended {
			return "its validity ended " + ago(now.Sub(u.NotAfter)) + ": safe to remove"
		}
		return "safe to remove"
	case secrets.Alone:
		return "nothing else has matched since: keep it"
	case secrets.Unused:
		return "not used here: keep it, if it is the one that the provider gets next"
	case secrets.NotYetValid:
		return "valid in " + spanLeft(u.NotBefore.Sub(now))
	case secrets.Ended:
		return "its validity ended " + ago(now.Sub(u.NotAfter)) + ", and nothing else is valid: add a secret"
	case secrets.Left:
		return "removed " + ago(now.Sub(u.Left))
	}
	return string(u.State)
}

func ago(d time.Duration) string { return span(d) + " ago" }

// spanLeft writes time that has yet to pass, rounded up: when the written time is over, it must have passed.
func spanLeft(d time.Duration) string {
	unit := time.Second
	switch {
	case d > 47*time.Hour:
		unit = 24 * time.Hour
	case d > 119*time.Minute:
		unit = time.Hour
	case d > 119*time.Second:
		unit = time.Minute
	}
	return span((d + unit - 1) / unit * unit)
}

// span writes a duration in its greatest whole unit.
func span(d time.Duration) string {
	n, unit := int64(max(d, 0)/time.Second), "second"
	switch {
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "day"
	case d >= 2*time.Hour:
		n, unit = int64(d/time.Hour), "hour"
	case d >= 2*time.Minute:
		n, unit = int64(d/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.FormatInt(n, 10) + " " + unit
}

// thousands writes a number with commas between its groups of digits.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// LeastSilence is how long a secret must not have matched, at least, before it is called safe to remove.
const LeastSilence = 72 * time.Hour
