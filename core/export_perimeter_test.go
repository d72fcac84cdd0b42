package core

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/intake"
)

// Trace gives the source of a request and why it is unknown.
func (g *Guard) Trace(r *http.Request) (netip.Addr, string) {
	o := g.origin.Trace(r)
	return o.Source, o.Unknown
}

// OpenBodies is how many units unproved bodies hold.
func (g *Guard) OpenBodies() int64 { return g.bodies.room.Units() }

// Room is a budget with room for so many bodies of 32 KiB.
func Room(units int64) *Budget { return NewBudget().WithBodies(units * intake.Unit) }

// TimeDiagnosis lets every explanation take that long, by the budget's clock.
func (b *Budget) TimeDiagnosis(takes time.Duration) {
	var mu sync.Mutex
	var now time.Time
	b.diagnosis.Clock = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(takes)
		return now
	}
}

// Budget is the guard's.
func (g *Guard) Budget() *Budget { return g.bodies.budget }

// Guards is how many guards the budget knows.
func (b *Budget) Guards() int { return b.bodies.Shares() }
