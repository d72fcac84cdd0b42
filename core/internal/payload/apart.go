package payload

import (
	"bytes"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Apart is a compiled rule for events whose bodies are equal.
//
// A rule says when two genuine events may have equal bodies. Without it the second would count as a
// replay of the first, and be lost.
type Apart struct {
	*entry.Apart
	Number  int      // among the reader's rules
	costs   bool     // it costs protection
	headers []string // canonical
	when    []memberRule
}

// memberRule is a compiled [entry.Members]: indices into what the reader's scan finds.
//
// The zero value holds for every payload. It decides over a proved payload only.
type memberRule struct {
	has, lacks []int
	name       []byte // of the first member of has, with its quotes; nil: there is none
	nowhere    []absentName
}

// absentName is a name that must stand at no place of a payload.
type absentName struct {
	quoted []byte
	at     int // of a member at the top that has it; only a scan for the details and the rules looks for that
}

// compileAparts compiles an entry's rules, and adds what they look at to the pointers. With digestOnly it leaves out
// those that cost protection.
//
// digestOnly is the strict choice: it fails closed against replays, and may lose genuine events with
// equal bodies.
func compileAparts(e *entry.Entry, digestOnly bool, p *pointers) (rules []Apart) {
	for i := range e.Identity.Apart {
		rule := &e.Identity.Apart[i]
		costs := costsProtection(e, rule)
		if digestOnly && costs {
			continue
		}
		compiled := Apart{Apart: rule, Number: len(rules), costs: costs}
		compiled.headers = httpfield.CanonicalNames(rule.Headers)
		for _, m := range rule.When {
			one := memberRule{has: p.addAll(m.Has), lacks: p.addAll(m.Lacks)}
			if len(m.Has) > 0 {
				one.name = inQuotes(m.Has[0][strings.LastIndexByte(m.Has[0], '/')+1:])
			}
			for _, name := range m.Nowhere {
				one.nowhere = append(one.nowhere, absentName{inQuotes(name), p.add("/" + name)})
			}
			compiled.when = append(compiled.when, one)
		}
		rules = append(rules, compiled)
	}
	return rules
}

func inQuotes(name string) []byte { return []byte(`"` + name + `"`) }

// costsProtection reports whether a rule lets a captured delivery run again, under an invented id. Such a rule fails
// open: without it, genuine events with equal bodies would be lost.
//
// An attacker who captured one delivery changes the unsigned header, and the same body counts as a new
// event.
func costsProtection(e *entry.Entry, rule *entry.Apart) bool {
	return len(rule.Headers) > 0 && !vouchesForHeaders(e)
}

// vouchesForHeaders reports whether the proof covers the headers, as a credential does: whoever has it sent the whole
// request.
//
// A zero scheme means a credential. A signature over the body alone leaves every header to whoever
// captured the delivery.
func vouchesForHeaders(e *entry.Entry) bool {
	if e.Scheme == nil || e.Scheme.Custom == nil {
		return e.Scheme == nil
	}
	traits := e.Scheme.Custom.Traits()
	return !traits.Body && !traits.Payload
}

// Unprotected returns the reasons of the rules that let a captured delivery run again.
func (r *Reader) Unprotected() (why []string) {
	for i := range r.apart {
		if rule := &r.apart[i]; rule.costs {
			why = append(why, rule.Why)
		}
	}
	return why
}

// ApartOf returns the rule that applies to the payload. nil: none does. The proved payload alone decides. Whoever
// captured a delivery can change its type and Content-Type, so these do not.
func (r *Reader) ApartOf(t *Source) *Apart {
	switch {
	case len(r.apart) == 0:
		return nil
	case r.scan.rules == nil:
		return &r.apart[0]
	}
	return r.apartOf(t)
}

func (r *Reader) apartOf(t *Source) *Apart {
	payload, found := t.Payload, r.scan.room(t)
	switch {
	case r.spec.PayloadForm != "" && !jsonscan.Starts(payload) && formscan.Is(t.Body):
		inForm := Source{Body: t.Body, Payload: payload, form: true} // reading it may have been left for later
		r.openForm(&inForm)
		payload = inForm.Payload
	case t.ruled:
		return r.applying(payload, found)
	}
	if t.scanned {
		found = make([][]byte, len(found)) // the details stay what they are
	}
	// A payload that is not JSON lacks every member, so rules apply that want something to be missing. It was proved
	// before, so no attacker wrote it.
	if r.scan.rules.Read(payload, found) != nil {
		clear(found)
	}
	return r.applying(payload, found)
}

// applying returns the first rule that applies, by what a scan of the payload has found.
func (r *Reader) applying(payload []byte, found [][]byte) *Apart {
	for i := range r.apart {
		rule := &r.apart[i]
		// A rule without conditions applies to everything, so the rules behind it are never reached.
		if len(rule.when) == 0 {
			return rule
		}
		for j := range rule.when {
			// One scan serves all rules. A search of the text for each takes ten times as long.
			if m := &rule.when[j]; m.holds(found) && m.mayHold(payload, found) {
				return rule
			}
		}
	}
	return nil
}

// mayHold reports whether the rule can apply, by the names in the payload as it is written: a member whose name is
// written with escapes is not there.
//
// A name of nowhere inside a text is a false hit: the rule then does not apply.
func (m *memberRule) mayHold(payload []byte, found [][]byte) bool {
	for _, name := range m.nowhere { // first, because most payloads have one of them at the top
		if standsBefore(found[name.at], payload, name.quoted) {
			return false
		}
	}
	for _, name := range m.nowhere {
		if bytes.Contains(payload, name.quoted) {
			return false
		}
	}
	return m.name == nil || standsBefore(found[m.has[0]], payload, m.name) || bytes.Contains(payload, m.name)
}

// standsBefore reports whether a name, with its quotes, is written before a value that was found in the payload. A
// search of the payload for the name would find it there, and takes as long as the scan.
func standsBefore(value, payload, quoted []byte) bool {
	at := cap(payload) - cap(value) // a found value is a part of the payload, and its capacity reaches as far
	if len(value) == 0 || at < 0 || at > len(payload) {
		return false
	}
	before := bytes.TrimRight(payload[:at], " \t\r\n")
	before, colon := bytes.CutSuffix(before, []byte(":"))
	return colon && bytes.HasSuffix(bytes.TrimRight(before, " \t\r\n"), quoted)
}

// holds reports whether the rule's members are there, or missing, as it says.
func (m *memberRule) holds(found [][]byte) bool {
	for _, at := range m.has {
		if found[at] == nil {
			return false
		}
	}
	for _, at := range m.lacks {
		if found[at] != nil {
			return false
		}
	}
	return true
}

// Unremembered reports whether the event is not remembered. A nil rule remembers it.
func (a *Apart) Unremembered() bool { return a != nil && a.Answer }

// Join appends what joins an identity by the rule. A nil rule joins nothing.
//
// Only the timestamp is proved. The header's value may be the sender's invention, which Unprotected
// warns about.
func (a *Apart) Join(with []string, t *Source) []string {
	if a == nil {
		return with
	}
	if a.Time {
		with = append(with, t.Timestamp)
	}
	for _, name := range a.headers { // the first that came
		if text := t.header(name); text != "" {
			return append(with, text)
		}
	}
	return with
}
