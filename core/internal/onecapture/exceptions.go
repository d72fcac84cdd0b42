package onecapture

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Left is what the data of an entry leaves to somebody who captured one delivery.
type Left struct {
	Kinds  []Kind
	Reason string // for users: what can be done, and why
	// Headers are what the change needs: with the genuine ones in their place nothing may be left of it.
	Headers []string
	// Members are pointers into the body, one of which the change needs.
	Members []string
	// Everything reports that any change will do.
	Everything bool
}

// LeftBy returns what follows from the data of an entry.
func LeftBy(e *entry.Entry) (all []Left) {
	if e.Scheme == nil {
		return []Left{{
			Everything: true, Kinds: []Kind{SecondIdentity, NoIdentity, FalseDetail, HiddenDetail, OtherReading,
				Handshake},
			Reason: "send anything: the delivery holds the shared secret itself, until it is changed",
		}}
	}
	// Of what is encrypted, the ciphertext is what is proved, and all that events are read from.
	if c := e.Scheme.Custom; c != nil && !c.Traits().Body && !c.Traits().Payload && e.Event.Sealed == nil {
		return []Left{{
			Everything: true, Kinds: []Kind{SecondIdentity, NoIdentity},
			Reason: "send another body: the token covers none, until it expires",
		}}
	}
	if names := joining(e); len(names) > 0 {
		all = append(all, Left{
			Kinds: []Kind{SecondIdentity}, Headers: names,
			Reason: "run the event again under another `" + strings.Join(names, "`, `") +
				"`: the sender has several events of one body, and does not sign which one it is",
		})
	}
	if names, events := apart(e); len(names) > 0 {
		all = append(all, Left{
			Kinds: []Kind{SecondIdentity}, Headers: names,
			Reason: "run again, under an invented `" + strings.Join(names, "`, `") +
				"`, an event whose body may be equal to another one's: " + events,
		})
	}
	if pointers := unsignedMembers(e); len(pointers) > 0 {
		all = append(all, Left{
			Kinds: []Kind{SecondIdentity}, Members: pointers,
			Reason: "run the event again with another `" + strings.Join(pointers, "`, `") +
				"`: two events may have one signature, and only what is unsigned tells them apart",
		})
	}
	for i := range e.Handshakes {
		if h := &e.Handshakes[i]; h.Proved && h.WhenHeader != "" && !signsHeader(e, h.WhenHeader) {
			name := http.CanonicalHeaderKey(h.WhenHeader)
			all = append(all, Left{
				Kinds: []Kind{Handshake}, Headers: []string{name},
				Reason: "have `" + name + "` answered with the delivery, because nothing signs that header; the " +
					"event is not touched by it",
			})
		}
	}
	return all
}

// Unsigned returns what is left in one delivery: a header that joins the identity may be signed in some deliveries only
// (those that the sender lists, or that the receiver requires). receive says what becomes of another delivery.
func Unsigned(all []Left, s *Source, receive func(c *Capture) Outcome) (left []Left) {
	for _, x := range all {
		x.Headers = slices.DeleteFunc(slices.Clone(x.Headers), func(name string) bool {
			c := s.Clone()
			c.Header[name] = []string{s.Header.Get(name) + "-other"}
			return receive(c).Reason != ""
		})
		if x.Everything || len(x.Headers) > 0 || len(x.Members) > 0 {
			left = append(left, x)
		}
	}
	return left
}

// joining are the unsigned headers that join the identity.
func joining(e *entry.Entry) (names []string) {
	add := func(name string) {
		name = http.CanonicalHeaderKey(name)
		if name != "" && !slices.Contains(names, name) && !signsHeader(e, name) {
			names = append(names, name)
		}
	}
	for _, name := range e.Identity.With {
		add(name)
	}
	for i := range e.Event.Tenant {
		if e.Identity.UnsignedTenant {
			add(e.Event.Tenant[i].Header)
		}
	}
	return names
}

// apart are the unsigned headers that tell genuine events with equal bodies apart.
func apart(e *entry.Entry) (names []string, events string) {
	for i := range e.Identity.Apart {
		rule := &e.Identity.Apart[i]
		for _, name := range rule.Headers {
			if name = http.CanonicalHeaderKey(name); !slices.Contains(names, name) && !signsHeader(e, name) {
				names = append(names, name)
			}
		}
		if len(rule.Headers) > 0 {
			events = rule.Why
		}
	}
	return names, events
}

// signsHeader reports whether a header is always signed.
func signsHeader(e *entry.Entry, name string) bool {
	if e.Scheme.Custom != nil {
		return false
	}
	return slices.ContainsFunc(e.Scheme.Signed, func(p entry.Part) bool {
		same := func(other string) bool { return http.CanonicalHeaderKey(other) == http.CanonicalHeaderKey(name) }
		return p.Kind == entry.PartHeader && same(p.Text) || p.Kind == entry.PartID &&
			slices.ContainsFunc(e.Scheme.ID.Headers, same)
	})
}

// unsignedMembers are the members that join the identity and that no proof covers.
func unsignedMembers(e *entry.Entry) (pointers []string) {
	if signsWholeBody(e) || e.Event.Sealed != nil {
		return nil
	}
	for _, pointer := range e.Identity.Pointers() {
		signed := pointer == e.Scheme.Signature.JSON || slices.ContainsFunc(e.Scheme.Signed, func(p entry.Part) bool {
			return p.Kind == entry.PartReplacedBody || p.Kind == entry.PartJSON && p.Text == pointer
		})
		if !signed {
			pointers = append(pointers, pointer)
		}
	}
	return pointers
}

// Explains reports whether a finding follows from what the entry leaves open. again examines another delivery in the
// place of the changed one.
func Explains(all []Left, f Finding, s *Source, changed *Capture, again func(c *Capture) []Finding) bool {
	restored, header := changed.Clone(), false
	for i := range all {
		x := &all[i]
		if !slices.Contains(x.Kinds, f.Kind) {
			continue
		}
		if x.Everything || x.changedMember(s, changed) {
			return true
		}
		for _, name := range x.Headers {
			header = true
			delete(restored.Header, name)
			if values := s.Header[name]; values != nil {
				restored.Header[name] = slices.Clone(values)
			}
		}
	}
	// With every header in its place at once, because one change may have touched several.
	return header && !slices.ContainsFunc(again(restored), func(left Finding) bool { return left.Kind == f.Kind })
}

func (x *Left) changedMember(s *Source, changed *Capture) bool {
	return len(x.Members) > 0 &&
		!slices.Equal(values(s.Entry, s.Capture, x.Members), values(s.Entry, changed, x.Members))
}

// values are the texts at pointers into the JSON of a delivery.
func values(e *entry.Entry, c *Capture, pointers []string) []string {
	doc := c.Body
	if form, err := url.ParseQuery(string(c.Body)); err == nil && e.Scheme.Document != "" &&
		form.Get(e.Scheme.Document) != "" {
		doc = []byte(form.Get(e.Scheme.Document))
	}
	texts, found := make([]string, len(pointers)), make([][]byte, len(pointers))
	if jsonscan.Compile(pointers...).Find(doc, found) != nil {
		return nil
	}
	for i, raw := range found {
		texts[i], _ = jsonscan.Text(raw)
	}
	return texts
}

// Exception is what a sender leaves open and no data of its entry says.
type Exception struct {
	Entry  string
	Kinds  []Kind
	Groups []string // of changes; none: any
	Reason string   // for users
}

// Covers reports whether the exception is about a finding.
func (x *Exception) Covers(name string, kind Kind, group string) bool {
	in := func(g string) bool { return strings.Contains(group, g) }
	return x.Entry == name && slices.Contains(x.Kinds, kind) &&
		(len(x.Groups) == 0 || slices.ContainsFunc(x.Groups, in))
}

// Exceptions are the exceptions to the law that follow from what a sender signs. docs/one-capture.md lists them.
func Exceptions() []Exception { return nil }

// Pending are the rows that fail although no sender makes them. Each has to be fixed, and the table must be empty.
func Pending() []Exception { return nil }
