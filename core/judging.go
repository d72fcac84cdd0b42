package core

import (
	"bytes"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// bodyBuffer holds most deliveries whole, and is what each open connection may make a guard hold for its body at once.
const bodyBuffer = 16 << 10

// judging is what one call of Receive works with. It comes from its guard's pool and goes back when Receive returns: no
// other endpoint ever sees it, and nothing of it may outlive the call. What a delivery keeps of it is copied; above all
// the body, which the app may hold for as long as it likes.
type judging struct {
	inspection inspection
	presented  signature.Claims
	events     eventSource
	slot       intake.Slot
	buffer     [bodyBuffer]byte // what a body that nobody has proved is read into, as far as it goes
}

// judge gives what a request is judged with.
func (g *Guard) judge(w http.ResponseWriter, in adapter.Inbound, now time.Time) *judging {
	j := g.borrow()
	i := &j.inspection
	i.route, i.param, i.w, i.started, i.keepBody = in.Route, in.Param, w, now, in.KeepBody
	i.now = now
	if g.clock {
		i.now = g.now()
	}
	i.presented, i.events, i.place, i.buffer = &j.presented, &j.events, &j.slot, j.buffer[:0]
	j.presented.Match = &i.match
	return j
}

func (g *Guard) borrow() *judging {
	if j, _ := g.judgings.Get().(*judging); j != nil {
		return j
	}
	return &judging{}
}

// judged takes it back. A panic of the app's own code on the way leaves it to the garbage collector.
func (g *Guard) judged(j *judging) {
	j.inspection.leave()
	j.inspection = inspection{}
	j.presented.Clear()
	if j.events.Headers != nil || j.events.Body != nil {
		j.events = eventSource{}
	}
	j.slot.Clear()
	g.judgings.Put(j)
}

// ownBody makes the body what a delivery keeps: its own, and not the buffer that the next request is read into.
func (i *inspection) ownBody() {
	if i.borrowed {
		i.body, i.borrowed = bytes.Clone(i.body), false
		i.taken.body = i.body
	}
}
