package core

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// apartRule is a compiled [entry.Apart].
type apartRule struct {
	*entry.Apart
	headers []string // canonical
	when    []memberRule
}

// memberRule is a compiled [entry.Members]: indices into what the rules' paths find.
type memberRule struct {
	has, lacks []int
	name       []byte   // of a member that must be there, with its quotes; nil: none must
	nowhere    [][]byte // names with their quotes
}

// aparts are the compiled rules of an entry.
type aparts struct {
	rules []apartRule
	paths *jsonscan.Paths
}

// compileAparts compiles an entry's rules. With digestOnly it leaves out those by which whoever captured a delivery
// chooses what joins.
func compileAparts(e *entry.Entry, digestOnly bool) aparts {
	a := aparts{}
	var pointers []string
	add := func(list []string) (at []int) {
		for _, pointer := range list {
			if !slices.Contains(pointers, pointer) {
				pointers = append(pointers, pointer)
			}
			at = append(at, slices.Index(pointers, pointer))
		}
		return at
	}
	for i := range e.Identity.Apart {
		rule := &e.Identity.Apart[i]
		if digestOnly && costsProtection(e, rule) {
			continue
		}
		compiled := apartRule{Apart: rule, headers: httpfield.CanonicalNames(rule.Headers)}
		for _, m := range rule.When {
			one := memberRule{has: add(m.Has), lacks: add(m.Lacks)}
			if len(m.Has) > 0 {
				one.name = inQuotes(m.Has[0][strings.LastIndexByte(m.Has[0], '/')+1:])
			}
			for _, name := range m.Nowhere {
				one.nowhere = append(one.nowhere, inQuotes(name))
			}
			compiled.when = append(compiled.when, one)
		}
		a.rules = append(a.rules, compiled)
	}
	a.paths = jsonscan.Compile(pointers...)
	return a
}

func inQuotes(name string) []byte { return []byte(`"` + name + `"`) }

// costsProtection reports whether a rule lets a captured delivery run again, under an id that somebody invents.
func costsProtection(e *entry.Entry, rule *entry.Apart) bool {
	return len(rule.Headers) > 0 && !vouchesForHeaders(e)
}

// vouchesForHeaders reports whether the proof is a credential, which vouches for whoever sent the whole request.
func vouchesForHeaders(e *entry.Entry) bool {
	return e.Scheme == nil || e.Scheme.Custom != nil && !e.Scheme.Custom.Traits().Body
}

// apartOf returns the rule that applies to the payload; nil: none does. Nothing but the proved payload decides: neither
// the type nor the Content-Type, which whoever captured a delivery can change.
func (er *eventReader) apartOf(t *told) *apartRule {
	a := &er.apart
	if len(a.rules) == 0 {
		return nil
	}
	payload := t.payload
	if er.spec.PayloadForm != "" && !jsonscan.Starts(payload) && formscan.Is(t.body) {
		inForm := told{body: t.body, payload: payload, form: true} // reading it may have been left for later
		er.openForm(&inForm)
		payload = inForm.payload
	}
	var room [24][]byte
	var found [][]byte
	for i := range a.rules {
		rule := &a.rules[i]
		if len(rule.when) == 0 {
			return rule
		}
		for j := range rule.when {
			m := &rule.when[j]
			if !m.mayHold(payload) {
				continue
			}
			if found == nil {
				found = a.find(payload, room[:])
			}
			if m.holds(found) {
				return rule
			}
		}
	}
	return nil
}

// find finds the members of all rules. A payload that is not JSON lacks every one.
func (a *aparts) find(payload []byte, room [][]byte) [][]byte {
	n := a.paths.Len()
	if n > len(room) {
		room = make([][]byte, n)
	}
	found := room[:n]
	if a.paths.Read(payload, found) != nil {
		clear(found)
	}
	return found
}

// mayHold reports whether the names that stand in the payload leave it open. Most payloads do not hold a member's name
// at all, which is seen much sooner than where it stands.
func (m *memberRule) mayHold(payload []byte) bool {
	for _, name := range m.nowhere {
		if bytes.Contains(payload, name) {
			return false
		}
	}
	return m.name == nil || bytes.Contains(payload, m.name)
}

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

// none reports whether the event is not remembered.
func (a *apartRule) none() bool { return a != nil && a.Answer }

// join appends what joins by the rule.
func (a *apartRule) join(with []string, t *told) []string {
	if a == nil {
		return with
	}
	if a.Time {
		with = append(with, t.timestamp)
	}
	return appendSome(with, firstHeader(t.headers, a.headers))
}

// appendSome appends a text that is not empty.
func appendSome(list []string, text string) []string {
	if text == "" {
		return list
	}
	return append(list, text)
}

// firstHeader returns the value of the first of the headers that came; empty: none did.
func firstHeader(h http.Header, names []string) string {
	for _, name := range names {
		if text := headerText(h, name); text != "" {
			return text
		}
	}
	return ""
}

// headerText is the value of a header without the white space around it, which is not part of it. HTTP/1 servers remove
// it, HTTP/2 servers do not, and signatures that cover a header leave it out.
func headerText(h http.Header, name string) string { return strings.TrimSpace(header(h, name)) }

// announceApart says once what it costs that no event with an equal body is lost.
func (g *Guard) announceApart() {
	if g.memory.Store == nil || g.identity != nil {
		return
	}
	for i := range g.events.apart.rules {
		rule := &g.events.apart.rules[i]
		if !costsProtection(g.entry, rule.Apart) {
			continue
		}
		g.logger.Info("sallyport: some events of this provider have equal bodies, and only what no proof covers distinguishes them: whoever captured "+
			"such a delivery can run it again until the secret changes; DangerouslyDropEqualBodies drops the second of two equal bodies instead",
			"endpoint", g.endpoint, "provider", g.provider, "events", rule.Why)
	}
}
