package keys

import (
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// perSender is how many fetches one sender may cause in a minute. It is more than one, because the first fetch may come
// before the provider has published a new key.
const perSender = 3

// allowance bounds the fetches that references from unverified requests cause, in every minute: perSender for each
// sender, all in total. Half of the total is kept for proved senders. Of the other half, each sender has one fetch
// before any has a second:
//
//   - in the first minute after the first request, an unproved sender has only one fetch;
//   - after that, second and third fetches of unproved senders are granted only out of the first half of their part.
//
// The senders of one IPv6 /48 are also bounded together, because an attacker with a /48 has 65,536 senders. Their
// second and further fetches come out of the first half of the unproved part too, and are at most a quarter of that
// part.
//
// So 10 senders that use up their three fetches leave room for new senders. No number of unproved senders uses the part
// of the proved ones.
//
// It is safe for concurrent use.
type allowance struct {
	all int // grants in a minute; it does not change

	mu      sync.Mutex
	started time.Time // the first request; zero: there was none
	grants  []grant   // of the last minute, at most all
}

// grant is a fetch that was allowed.
type grant struct {
	at     time.Time
	source netip.Addr
	proved bool
}

// take grants one fetch to the sender, and counts it. Otherwise it reports false, which fails closed: the delivery is
// answered 503.
func (a *allowance) take(s sender.Sender, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started.IsZero() {
		a.started = now
	}
	a.forget(now)
	own, unproved, near := 0, 0, 0
	network := sender.Network(s.Source)
	for _, g := range a.grants {
		if g.source == s.Source {
			own++
		}
		if !g.proved {
			unproved++
			if sender.Network(g.source) == network {
				near++
			}
		}
	}
	switch {
	case len(a.grants) >= a.all || own >= perSender:
		return false
	case s.Proved:
	case unproved >= a.unproved():
		return false
	// Right after a start no sender is proved yet, so a second fetch must wait until every sender could have its first.
	case own > 0 && (now.Sub(a.started) < time.Minute || unproved >= a.unproved()/2):
		return false
	case near > 0 && (near >= a.near() || unproved >= a.unproved()/2):
		return false
	}
	a.grants = append(a.grants, grant{now, s.Source, s.Proved})
	return true
}

// unproved returns how many grants a minute unproved senders have in all.
func (a *allowance) unproved() int { return max(1, a.all/2) }

// near returns how many grants a minute the unproved senders of one network have together.
func (a *allowance) near() int { return max(perSender, a.unproved()/4) }

// forget drops the grants that are older than a minute. After the clock was set back it drops those of the future too:
// they would keep genuine senders out until the clock has caught up. The caller must hold mu.
func (a *allowance) forget(now time.Time) {
	kept := a.grants[:0]
	for _, g := range a.grants {
		if d := now.Sub(g.at); d >= 0 && d < time.Minute {
			kept = append(kept, g)
		}
	}
	a.grants = kept
}
