package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// Rotation is how far the change of an endpoint's secrets has come, as far as this process has seen: where several
// receive, ask each of them. It knows nothing of what was before the guard was made.
type Rotation struct {
	Endpoint string    `json:"endpoint"`
	Provider string    `json:"provider"`
	At       time.Time `json:"at"` // by the guard's clock, as all times here
	// RetryHorizon is for how long the provider sends an event again: so long a secret that has fallen silent may still
	// be needed. 72 hours where the provider does not say.
	RetryHorizon time.Duration `json:"retry_horizon_ns"`
	// Secrets are the accepted secrets and credentials of each list in its order, and behind them those that have left
	// it.
	Secrets []SecretUse `json:"secrets"`
}

// SecretUse is what is known of one secret's use. It follows the secret itself: another label or another place in the
// list changes nothing.
type SecretUse struct {
	Setting     string    `json:"setting"`               // the field of Config: "Secrets", "Credentials[0]"
	Tenant      string    `json:"tenant,omitempty"`      // with Config.Tenant
	Label       string    `json:"label"`                 // the latest
	FirstSeen   time.Time `json:"first_seen"`            // it came into the list, or back into it
	LastMatched time.Time `json:"last_matched,omitzero"` // zero: never
	Matched     int64     `json:"matched"`               // deliveries that it proved
	Deliveries  int64     `json:"deliveries"`            // that any secret of its list proved since FirstSeen
	Silent      int64     `json:"silent"`                // of them since LastMatched: it proved none of these
	NotBefore   time.Time `json:"not_before,omitzero"`   // zero: valid from the beginning
	NotAfter    time.Time `json:"not_after,omitzero"`    // zero: valid for ever
	Left        time.Time `json:"left,omitzero"`         // zero: it is in the list
	State       UseState  `json:"state"`                 // what all of this comes to
	// Wait is, with SecretWaiting, for how long it has to stay silent still.
	Wait time.Duration `json:"wait_ns,omitempty"`
}

// UseState is what a secret's use comes to.
type UseState string

// The states.
const (
	// SecretInUse: the latest delivery was proved by it.
	SecretInUse UseState = "in_use"
	// SecretWaiting: it has fallen silent while others matched, and retries of older events, or a sender that has just
	// been quiet, may still carry it.
	SecretWaiting UseState = "waiting"
	// SecretSafeToRemove: it has matched once, others have matched since, and no retry carries it any more; or its
	// validity has ended, and others are valid. Silence of less than three days is never enough, however short the
	// retries: a sender with a secret of its own may have nothing to say at a weekend. One that says something once a
	// month looks like one that is gone; where several senders share an endpoint, compare LastMatched with what each of
	// them sends.
	SecretSafeToRemove UseState = "safe_to_remove"
	// SecretAlone: nothing else that is valid has matched since, so that nothing shows that it can be done without.
	SecretAlone UseState = "alone"
	// SecretUnused: it has never matched here. The new one, before the provider has it; the old one, if this process
	// was started after the change. Nothing tells the two apart.
	SecretUnused UseState = "unused"
	// SecretNotYetValid: its validity has not begun.
	SecretNotYetValid UseState = "not_yet_valid"
	// SecretEnded: its validity has ended, and nothing else is valid.
	SecretEnded UseState = "ended"
	// SecretLeft: it is not in the list any more.
	SecretLeft UseState = "left"
)

// SafeToRemove says that no delivery needs the secret.
func (u SecretUse) SafeToRemove() bool { return u.State == SecretSafeToRemove } //lint:notsecret a word for the log

// Rotation tells which of the accepted secrets and credentials are used, and which may be removed. It costs deliveries
// nothing; tokens of handshakes are not counted.
func (g *Guard) Rotation() Rotation {
	r := Rotation{Endpoint: g.endpoint, Provider: g.provider, At: g.now(), RetryHorizon: g.retryHorizon()}
	for _, k := range g.rings {
		if k.proves() {
			r.Secrets = append(r.Secrets, k.uses(r.At)...)
		}
	}
	return r
}

// leastSilence is how long a secret has to be silent at least before it is called safe to remove.
const leastSilence = 72 * time.Hour

// silence is how long the guard's secrets have to be silent.
func (g *Guard) silence() time.Duration { return max(g.retryHorizon(), leastSilence) }

func (g *Guard) retryHorizon() time.Duration {
	if g.entry.RetryHorizon > 0 {
		return g.entry.RetryHorizon
	}
	return defaultRetention
}

func (k *keyring[T]) uses(now time.Time) (all []SecretUse) {
	slots := k.slots()
	slices.SortStableFunc(slots, func(a, b *slot[T]) int { return strings.Compare(a.tenant, b.tenant) })
	for _, s := range slots {
		uses := s.ledger.uses(now, k.guard.silence())
		for i := range uses {
			uses[i].Setting, uses[i].Tenant = k.rules.field, s.tenant
		}
		all = append(all, uses...)
	}
	return all
}

func (l *ledger) uses(now time.Time, silence time.Duration) []SecretUse {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]SecretUse, len(l.all))
	for i, u := range l.all {
		at := u.at.Load()
		proved := l.proved.Load()
		all[i] = SecretUse{
			Label: u.label, FirstSeen: u.firstSeen, Matched: u.matched.Load(),
			Deliveries: proved - u.firstAt, Silent: max(0, proved-at),
			NotBefore: u.notBefore, NotAfter: u.notAfter, Left: u.left,
		}
		if ns := u.last.Load(); ns != 0 {
			all[i].LastMatched = time.Unix(0, ns).In(now.Location())
		}
	}
	for i := range all {
		all[i].judge(all, now, silence)
	}
	return all
}

// judge says what a secret's use comes to, beside the others of its list. It calls nothing safe that is not shown to
// be.
func (u *SecretUse) judge(all []SecretUse, now time.Time, silence time.Duration) {
	silentSince := u.FirstSeen
	if u.LastMatched.After(silentSince) {
		silentSince = u.LastMatched
	}
	if u.NotBefore.After(silentSince) {
		silentSince = u.NotBefore
	}
	otherValid, otherMatched := false, false
	for i := range all {
		if o := &all[i]; o != u && o.validAt(now) {
			otherValid = true
			otherMatched = otherMatched || o.LastMatched.After(silentSince)
		}
	}
	switch {
	case !u.Left.IsZero():
		u.State = SecretLeft
	case !u.NotAfter.IsZero() && now.After(u.NotAfter):
		u.State = SecretEnded
		if otherValid {
			u.State = SecretSafeToRemove
		}
	case now.Before(u.NotBefore):
		u.State = SecretNotYetValid
	case u.LastMatched.IsZero():
		u.State = SecretUnused
	case u.Silent == 0:
		u.State = SecretInUse
	case !otherMatched:
		u.State = SecretAlone
	case now.Sub(silentSince) < silence:
		u.State, u.Wait = SecretWaiting, silence-now.Sub(silentSince)
	default:
		u.State = SecretSafeToRemove
	}
}

func (u *SecretUse) validAt(now time.Time) bool {
	return u.Left.IsZero() && !now.Before(u.NotBefore) && (u.NotAfter.IsZero() || !now.After(u.NotAfter))
}

// review tells the log, once, of a secret that is not needed any more.
func (k *keyring[T]) review(c *compiledList[T], now time.Time) {
	at := c.reviewAt.Load()
	if now.UnixNano() < at || !c.reviewAt.CompareAndSwap(at, now.Add(reviewEvery).UnixNano()) {
		return // another delivery tells it
	}
	l := &c.slot.ledger
	uses := l.uses(now, k.guard.silence())
	for i := range uses {
		u := &uses[i]
		if l.news(i, u.SafeToRemove()) {
			k.guard.logger.Info("sallyport: a secret is not needed any more and may be removed", k.about(c.slot, "secret", u.Label, "use", u.describe(now))...)
		}
	}
}

// news says whether a secret has become safe to remove.
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

// String says it in words, a line for each secret.
func (r Rotation) String() string {
	var b strings.Builder
	heading := ""
	for i := range r.Secrets {
		u := &r.Secrets[i]
		h := r.Endpoint + ", " + u.Setting
		if u.Tenant != "" {
			h += ", tenant " + u.Tenant
		}
		if h != heading {
			heading = h
			b.WriteString(h + ":\n")
		}
		b.WriteString("  " + u.describe(r.At) + "\n")
	}
	return b.String()
}

func (u *SecretUse) describe(now time.Time) string {
	used := "never matched since " + u.FirstSeen.UTC().Format(time.RFC3339)
	if !u.LastMatched.IsZero() {
		used = "last matched " + ago(now.Sub(u.LastMatched))
	}
	switch {
	case u.State == SecretInUse: //lint:notsecret a word for the log
		used += fmt.Sprintf(", %s of %s deliveries", thousands(u.Matched), thousands(max(u.Deliveries, u.Matched)))
	case u.State != SecretLeft: //lint:notsecret a word for the log
		used += fmt.Sprintf(", 0 of the last %s deliveries", thousands(u.Silent))
	}
	return httpfield.Clean(u.Label) + ": " + used + ": " + u.verdict(now)
}

func (u *SecretUse) verdict(now time.Time) string {
	ended := !u.NotAfter.IsZero() && now.After(u.NotAfter)
	switch u.State { //lint:notsecret a word for the log
	case SecretInUse:
		return "in use"
	case SecretWaiting:
		return "wait " + spanLeft(u.Wait) + ": retries of older events, or a quiet sender, may still carry it"
	case SecretSafeToRemove:
		if ended {
			return "its validity ended " + ago(now.Sub(u.NotAfter)) + ": safe to remove"
		}
		return "safe to remove"
	case SecretAlone:
		return "nothing else has matched since: keep it"
	case SecretUnused:
		return "not used here: keep it, if it is the one that the provider gets next"
	case SecretNotYetValid:
		return "valid in " + spanLeft(u.NotBefore.Sub(now))
	case SecretEnded:
		return "its validity ended " + ago(now.Sub(u.NotAfter)) + ", and nothing else is valid: add a secret"
	case SecretLeft:
		return "removed " + ago(now.Sub(u.Left))
	}
	return string(u.State)
}

func ago(d time.Duration) string { return span(d) + " ago" }

// spanLeft is span for what is still to pass, rounded up: who waits for the time that is said must not come too early.
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

// span is a duration in its greatest whole unit.
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

// thousands groups digits by commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
