package core

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// scratch is the scratch space of one call of Receive. It comes from its guard's pool and goes back when Receive
// returns. No other endpoint ever sees it, and nothing of it may outlive the call. A delivery copies what it keeps,
// above all the body, which the app may hold for as long as it likes.
type scratch struct {
	inspection inspection       // what this call knows; cleared by giveBack
	claims     signature.Claims // what the request claims; not trusted before the proof
	events     eventSource
	event      [1]Event      // that a record alone asks for: see Record.readNames
	slot       intake.Slot   // the place of an unproved body; used where one is read
	buffer     intake.Buffer // for the body; each open connection may make a guard hold one
}

// prepare returns the scratch space for a request.
func (g *Guard) prepare(w http.ResponseWriter, in adapter.Inbound, now time.Time) *scratch {
	s := g.borrow()
	i := &s.inspection
	i.route, i.params, i.w, i.started, i.keepBody = in.Route, in.Params, w, now, in.KeepBody
	i.now = g.clock(now)
	i.claims, i.events, i.place, i.buffer = &s.claims, &s.events, &s.slot, &s.buffer
	s.claims.Match = &i.matches
	return s
}

// clock returns the time by the guard's clock, where now is the machine's.
func (g *Guard) clock(now time.Time) time.Time {
	// Only then: two readings of the same clock would cost twice as much.
	if g.hasClock {
		return g.now()
	}
	return now
}

func (g *Guard) borrow() *scratch {
	if s, _ := g.bodies.scratches.Get().(*scratch); s != nil {
		return s
	}
	s := &scratch{}
	s.buffer.SetPool(&g.bodies.large)
	return s
}

// giveBack returns the scratch space to the pool. After a panic it is not called, and the space is garbage.
func (g *Guard) giveBack(s *scratch) {
	// A slot that was forgotten would count against the budget for ever, and in the end refuse every body.
	s.inspection.leave()
	// Everything of this request goes. What stayed could prove, name or answer the next one.
	s.inspection = inspection{}
	s.claims.Clear()
	if s.events.Headers != nil || s.events.Body != nil {
		s.events = eventSource{}
	}
	s.slot.Clear()
	s.buffer.Release()
	g.bodies.scratches.Put(s)
}

// ownBody copies a body that stands in the buffer, because the next request is read into that.
func (i *inspection) ownBody() {
	if i.borrowed {
		body := make([]byte, len(i.body)) // which is not cleared, and takes less than bytes.Clone
		copy(body, i.body)
		i.body, i.borrowed = body, false
		i.taken.body = body
	}
}

func (i *inspection) pathValue(r *http.Request, name string) string {
	if i.params != nil {
		return i.params.Param(name)
	}
	return r.PathValue(name)
}

// facts is what is known of a request. It lives as long as the delivery.
type facts struct {
	ctx         context.Context // of the request as it reached the guard; for logs and observers
	route       string          // the pattern, never the path, which may hold a token
	started     time.Time       // the real clock: for durations
	now         time.Time       // the guard's clock: for freshness
	source      netip.Addr      // invalid: unknown
	body        []byte
	match       keyring.Terms // of the secrets that proved it; see inspection.known
	tenant      string        // a known one; the one that the request names is in claims
	scope       string        // the tenant as it is part of identities
	secret      string        // label of the one that matched, never its value
	credentials []string
	reported    []Reported     // refusals that did not take place, because their checks only report
	unproved    *fault.Failure // the one of those that leaves the delivery without proof; nil: none does
	ack         *ackKeys       // set where the acknowledgement is encrypted
	proved      bool           // zero: unproved; set where the proof is complete
	plain       bool           // plain HTTP, reported
	trial       bool           // every check only reports, and nothing is touched: see Explain
	overloaded  bool           // our own bounds refused it: 503, whoever sent it
}

// present returns the time by the machine's clock: by what has passed since the request came, because a look at the
// clock on the wall as well costs twice as much.
func (i *facts) present() time.Time { return i.started.Add(time.Since(i.started)) }

// inspection is what is known of a request while it is checked. Only its facts outlive the call of Receive.
type inspection struct {
	facts
	matches    keyring.Matches
	params     adapter.Params // of the route; nil: the request's own
	borrowed   bool           // the body stands in buffer
	buffer     *intake.Buffer
	claims     *signature.Claims
	events     *eventSource
	stripQuery []string // parameters that are credentials: gone from the app's URL
	stripPath  []string // values of such path parameters
	basic      bool     // a credential of the Authorization header was accepted
	note       string   // of a handshake, for the operator
	opened     []byte   // what was decrypted of the proved delivery; nil: nothing is encrypted
	keepBody   bool     // of a refused request
	taken      takenBody
	perimeter
}

// known returns the facts as they are at this point: for a record, or for the delivery that takes them over.
func (i *inspection) known() *facts {
	i.match = i.matches.Terms
	return &i.facts
}

// addCredential notes the labels of a credential that matched. The first list is not copied, and is never changed.
func (i *inspection) addCredential(labels []string) {
	if i.credentials == nil {
		// The capacity is cut: an append would otherwise write into the list that all requests share.
		i.credentials = labels[:len(labels):len(labels)]
		return
	}
	i.credentials = append(i.credentials, labels...)
}
