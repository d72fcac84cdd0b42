package core

import "time"

// What diagnosis may cost a process in a second, whatever is sent to it, by the clock.
const (
	diagnosisPerSecond = 50 * time.Millisecond
	// diagnosisLeast is what one counts as before it begins, for what the clock does not see: copying the request, and
	// the garbage that it leaves. So there are at most 16 a second.
	diagnosisLeast = 3 * time.Millisecond
	// maxExplaining is how many wait or run in a process, in addition to one of each guard. One holds 144 KiB at most.
	maxExplaining = 16
	maxDebt       = 10 * diagnosisPerSecond
	// newClock is how far the clock must go back to count as another one, as tests have it.
	newClock = time.Minute
)

// tank is an amount of work that fills up as time passes. A zero tank is full.
type tank struct {
	left time.Duration // negative: it was overdrawn
	at   time.Time
}

// fill adds what has come since, up to most.
func (t *tank) fill(now time.Time, perSecond, most time.Duration) {
	since := now.Sub(t.at)
	switch {
	case t.at.IsZero():
		t.left = most
	case since < 0 && since > -newClock:
		return // another refusal looked at the clock later and came here first
	case since > 0:
		t.left += time.Duration(float64(perSecond) * since.Seconds())
	}
	t.left, t.at = min(t.left, most), now
}

// grant is the permission to explain one refusal. The zero value is none.
type grant struct {
	share *share
	own   bool // out of the guard's own part
}

// maxQuiet is how long a guard relies on what it was answered: after it another guard may have left something.
const maxQuiet = time.Second

// isQuiet reports whether an explanation would not be granted at that time. A clock that went back is asked again.
func (s *share) isQuiet(now time.Time) bool {
	left := s.quiet.Load() - now.UnixNano()
	return left > 0 && left <= int64(maxQuiet)
}

// until returns how long the tank takes to have what one explanation counts as.
func (t *tank) until(perSecond time.Duration) time.Duration {
	if perSecond <= 0 || t.left >= diagnosisLeast {
		return maxQuiet
	}
	return time.Duration(float64(diagnosisLeast-t.left) / float64(perSecond) * float64(time.Second))
}

// grantDiagnosis grants one more explanation, or none: then the refusal is reported without findings.
func (s *share) grantDiagnosis(now time.Time) (grant, bool) {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	common, own := diagnosisPerSecond/2, time.Duration(0)
	if s.open {
		own = diagnosisPerSecond / 2 / time.Duration(b.open)
	}
	b.diagnosis.fill(now, common, common)
	s.diagnosis.fill(now, own, max(diagnosisLeast, own))
	switch {
	case b.explaining < maxExplaining && b.diagnosis.left >= diagnosisLeast:
		b.explaining++
		b.diagnosis.left -= diagnosisLeast
		return grant{share: s}, true
	case s.explaining == 0 && s.diagnosis.left >= diagnosisLeast:
		s.explaining++
		s.diagnosis.left -= diagnosisLeast
		return grant{share: s, own: true}, true
	}
	if b.explaining < maxExplaining { // else one of another guard may end at any time
		quiet := min(b.diagnosis.until(common), maxQuiet)
		if s.explaining == 0 {
			quiet = min(quiet, s.diagnosis.until(own))
		}
		s.quiet.Store(now.Add(quiet).UnixNano())
	}
	return grant{}, false
}

// end counts what the explanation took. A tank is overdrawn by maxDebt at most: a machine that stood still must not end
// diagnosis for minutes.
func (g grant) end(took time.Duration) {
	b := g.share.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	t := &b.diagnosis
	if g.own {
		t = &g.share.diagnosis
		g.share.explaining--
	} else {
		b.explaining--
	}
	t.left = max(t.left-took, -maxDebt)
	g.share.quiet.Store(0)
}

// refuse returns the grant of what is not explained.
func (g grant) refuse() { g.end(-diagnosisLeast) }
