package onecapture

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Kind is what a change did that it must not do.
type Kind string

// The kinds.
const (
	SecondIdentity Kind = "second identity" // the event is accepted, and is not the genuine one
	NoIdentity     Kind = "no identity"     // it is accepted, and nothing remembers it
	FalseDetail    Kind = "false detail"    // a detail is called authenticated, and is not the genuine one's
	HiddenDetail   Kind = "hidden detail"   // a detail that was authenticated is missing, under the genuine identity
	// the app sees another payload under the genuine identity, though the body is signed
	OtherReading Kind = "other reading"
	Handshake    Kind = "handshake" // the proof makes an answer that needs one, and no event
	Failure      Kind = "failure"   // it is answered as a failure of the receiver
)

// Outcome is what a guard made of a request.
type Outcome struct {
	Nothing   bool // no request: the server lets nothing of it through
	Reason    reason.Reason
	Status    int
	Handshake bool
	Events    []core.Event
}

// Receive gives a capture to a guard.
func Receive(g *core.Guard, c *Capture) Outcome {
	if c == nil {
		return Outcome{Nothing: true}
	}
	r := c.Request()
	if r == nil {
		return Outcome{Nothing: true}
	}
	return OutcomeOf(g, r)
}

// OutcomeOf gives a request to a guard.
func OutcomeOf(g *core.Guard, r *http.Request) Outcome {
	d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	switch {
	case d != nil:
		out := Outcome{Status: http.StatusOK, Events: d.Events()}
		d.Abandon()
		return out
	case reply.Rejection != nil:
		return Outcome{Reason: reply.Rejection.Reason, Status: reply.Status}
	}
	return Outcome{Handshake: true, Status: reply.Status}
}

// Finding is one thing that a change did.
type Finding struct {
	Kind     Kind
	Detail   string
	Was, Now string
}

// String says what was found.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: it was %s and is %s", f.Kind, f.Detail, f.Was, f.Now)
}

// Compare returns what a change did. ownFailure is the status of the entry's refusals, which may be 5xx.
func Compare(e *entry.Entry, genuine, changed Outcome) (found []Finding) {
	switch {
	case changed.Nothing:
		return nil
	case changed.Handshake && !genuine.Handshake:
		return []Finding{{Handshake, "the answer", "an event's", fmt.Sprintf("a handshake's, %d", changed.Status)}}
	case changed.Reason != "":
		if changed.Status >= 500 && changed.Status != e.AuthStatus && changed.Reason != reason.KeysUnavailable {
			return []Finding{{Failure, "the answer", "200", fmt.Sprintf("%d, %s", changed.Status, changed.Reason)}}
		}
		return nil
	}
	for i := range changed.Events {
		found = append(found, compareEvent(e, genuine.Events, &changed.Events[i])...)
	}
	return found
}

func compareEvent(e *entry.Entry, genuine []core.Event, now *core.Event) (found []Finding) {
	same := slices.IndexFunc(genuine, func(was core.Event) bool { return was.Identity == now.Identity })
	remembered := slices.ContainsFunc(genuine, func(was core.Event) bool { return !was.Identity.IsZero() })
	switch {
	case same < 0 && now.Identity.IsZero():
		return []Finding{{NoIdentity, "the identity", identities(genuine), "none"}}
	case same < 0 && remembered:
		found = append(found, Finding{SecondIdentity, "the identity", identities(genuine), now.Identity.String()})
	}
	if same < 0 {
		return found
	}
	if !remembered { // events without identities are distinguished by their place
		same = min(slices.IndexFunc(genuine, func(was core.Event) bool { return was.ID == now.ID }), len(genuine)-1)
		same = max(same, 0)
	}
	was := &genuine[same]
	found = append(found, compareDetails(was, now)...)
	if signsWholeBody(e) && !bytes.Equal(was.Payload, now.Payload) {
		found = append(found, Finding{OtherReading, "the payload", clip(was.Payload), clip(now.Payload)})
	} else if signsWholeBody(e) && !bytes.Equal(was.Data, now.Data) {
		found = append(found, Finding{OtherReading, "the data", clip(was.Data), clip(now.Data)})
	}
	return found
}

func compareDetails(was, now *core.Event) (found []Finding) {
	for _, d := range []struct {
		name         string
		was, now     string
		proved, then bool
	}{
		{"ID", was.ID, now.ID, now.Authenticated.ID, was.Authenticated.ID},
		{"Type", was.Type, now.Type, now.Authenticated.Type, was.Authenticated.Type},
		{"Time", was.Time.String(), now.Time.String(), now.Authenticated.Time, was.Authenticated.Time},
		{"Tenant", was.Tenant, now.Tenant, now.Authenticated.Tenant, was.Authenticated.Tenant},
	} {
		switch {
		case d.was == d.now:
		case d.proved:
			found = append(found, Finding{FalseDetail, d.name, clip([]byte(d.was)), clip([]byte(d.now))})
		case d.then:
			found = append(found, Finding{HiddenDetail, d.name, clip([]byte(d.was)), clip([]byte(d.now))})
		}
	}
	return found
}

func clip(text []byte) string {
	if len(text) > 80 {
		text = text[:80]
	}
	return fmt.Sprintf("%q", text)
}

func identities(events []core.Event) string {
	texts := make([]string, len(events))
	for i := range events {
		texts[i] = events[i].Identity.String()[:16]
	}
	return fmt.Sprint(texts)
}

// signsWholeBody reports whether every byte of the body is proved, and not only fields or a weak sum of it.
func signsWholeBody(e *entry.Entry) bool {
	if e.Scheme == nil {
		return false
	}
	if e.Scheme.Custom != nil {
		return e.Scheme.Custom.Traits().Body || e.Scheme.Custom.Traits().Payload
	}
	return slices.ContainsFunc(e.Scheme.Signed, func(p entry.Part) bool {
		return p.Kind == entry.PartBody || p.Kind == entry.PartBodyMD5 || p.Kind == entry.PartBodySHA256 ||
			p.Kind == entry.PartBodySHA256Hex || p.Kind == entry.PartBodySHA256Base64 ||
			p.Kind == entry.PartBodyText || p.Kind == entry.PartBodyOrQuery
	})
}
