package onecapture

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// boundaries moves bytes between neighbours of the signed text, so that the text stays the same.
func boundaries(l *changes) {
	l.begin("boundary", true)
	sch := l.source.Entry.Scheme
	if sch == nil || sch.Custom != nil || sch.Items != "" {
		return
	}
	for _, reading := range append([][]entry.Part{sch.Signed}, sch.Also...) {
		var last *entry.Part
		between := ""
		for i := range reading {
			p := &reading[i]
			between += p.Before
			if p.Kind == entry.PartLiteral {
				between += p.Text
				continue
			}
			if last != nil {
				moves(l, last, between, p)
			}
			last, between = p, p.After
		}
	}
}

// moves divides the text of two neighbours in other ways.
func moves(l *changes, a *entry.Part, between string, b *entry.Part) {
	s := l.source
	left, ok := s.part(a, false)
	right, ok2 := s.part(b, true)
	if !ok || !ok2 {
		return
	}
	whole := left + between + right
	for _, at := range cuts(whole, between, len(left)) {
		name := fmt.Sprintf("the boundary between %s and %s moves by %d", partName(a), partName(b), at-len(left))
		l.add(name, func() *Capture {
			c := s.Clone()
			if !s.set(c, a, whole[:at], false) || !s.set(c, b, whole[at+len(between):], true) {
				return nil
			}
			return c
		})
	}
}

// cuts returns the places where the text may be cut, but for the present one: a few at each end and around the present
// one, and those next to brackets.
func cuts(whole, between string, now int) (all []int) {
	const near = 3
	brackets := 0
	for at := 0; at+len(between) <= len(whole); at++ {
		if at == now || whole[at:at+len(between)] != between {
			continue
		}
		beside := at < len(whole) && strings.IndexByte("{}[]?&=/:", whole[at]) >= 0 ||
			at > 0 && strings.IndexByte("{}[]?&=/:", whole[at-1]) >= 0
		if beside {
			brackets++
		}
		if between != "" || at < near || at > len(whole)-near || at > now-near && at < now+near ||
			beside && brackets < 40 {
			all = append(all, at)
		}
		if len(all) > 100 {
			break
		}
	}
	return all
}

func partName(p *entry.Part) string {
	switch p.Kind {
	case entry.PartBody:
		return "the body"
	case entry.PartTimestamp:
		return "the timestamp"
	case entry.PartID:
		return "the id"
	case entry.PartHeader, entry.PartJSON, entry.PartForm, entry.PartQuery:
		return p.Text
	case entry.PartSortedForm:
		return "the form"
	case entry.PartMethod:
		return "the method"
	default:
		return "the URL"
	}
}

// part gives the text of a part as it is signed. Of a form it is only the field that stands next to the neighbour.
func (s *Source) part(p *entry.Part, first bool) (string, bool) {
	sch := s.Entry.Scheme
	switch p.Kind {
	case entry.PartBody:
		return string(s.Body), true
	case entry.PartTimestamp:
		return s.field(&sch.Timestamp.Field)
	case entry.PartID:
		return s.field(&sch.ID)
	case entry.PartHeader:
		return s.Header.Get(p.Text), s.Header.Get(p.Text) != ""
	case entry.PartMethod:
		return s.Method, true
	case entry.PartURL, entry.PartURLWithoutPort:
		return s.url(), true
	case entry.PartURLWithPort:
		u := s.Clone()
		u.Host += ":443"
		return u.url(), !strings.Contains(s.Host, ":")
	case entry.PartURLWithoutQuery:
		bare, _, _ := strings.Cut(s.url(), "?")
		return bare, true
	case entry.PartPath, entry.PartEscapedPath:
		return s.Target, true
	case entry.PartForm, entry.PartQuery, entry.PartJSON:
		return s.field(fieldOf(p))
	case entry.PartSortedForm:
		i := s.edge(first)
		if i < 0 {
			return "", false
		}
		f := split(string(s.Body))[i]
		return unescaped(f.name) + unescaped(f.value), true
	}
	return "", false
}

// fieldOf returns the field that a part of a form, of the query or of the JSON is.
func fieldOf(p *entry.Part) *entry.Field {
	switch p.Kind {
	case entry.PartForm:
		return &entry.Field{Form: p.Text}
	case entry.PartJSON:
		return &entry.Field{JSON: p.Text}
	case entry.PartQuery:
		return &entry.Field{Key: "?" + p.Text}
	default:
		return &entry.Field{}
	}
}

// edge is the number of the field of the form that is signed first, or last; -1 where there is none.
func (s *Source) edge(first bool) int {
	edge := -1
	for i, f := range split(string(s.Body)) {
		if !s.isForm() {
			break
		}
		if edge < 0 || (f.name < split(string(s.Body))[edge].name) == first {
			edge = i
		}
	}
	return edge
}

// field gives the text of a field of the proof.
func (s *Source) field(f *entry.Field) (string, bool) {
	for _, slot := range s.places(f) {
		return slot.text, true
	}
	return "", false
}

// places are where a field stands, the first one that is there in front.
func (s *Source) places(f *entry.Field) (found []slot) {
	want := func(name string) {
		for _, slot := range slots(s) {
			if slot.name == name {
				found = append(found, slot)
			}
		}
	}
	for _, name := range f.Headers {
		want("the header " + http.CanonicalHeaderKey(name))
	}
	switch {
	case strings.HasPrefix(f.Key, "?"):
		want("the query's " + url.QueryEscape(f.Key[1:]))
	case f.Form != "":
		want("the form's " + f.Form)
	case f.JSON != "":
		want("the body's " + f.JSON)
	case f.Key != "":
		return s.inPairs(f.Key)
	}
	return found
}

// inPairs finds a value inside the list of pairs that the signature's header is.
func (s *Source) inPairs(key string) (found []slot) {
	sig := &s.Entry.Scheme.Signature
	for _, name := range sig.Headers {
		text := s.Header.Get(name)
		from := strings.Index(text, key+"=")
		if from < 0 {
			continue
		}
		from += len(key) + 1
		to := from + strings.IndexByte(text[from:]+string(sig.Separator), sig.Separator)
		found = append(found, slot{name, text[from:to], true, func(value string) *Capture {
			c := s.Clone()
			c.Header.Set(name, text[:from]+value+text[to:])
			return c
		}})
	}
	return found
}

// set writes the text of a part. It reports false where the part cannot hold it.
func (s *Source) set(c *Capture, p *entry.Part, text string, first bool) bool {
	now := &Source{Capture: c, Entry: s.Entry}
	var f *entry.Field
	switch p.Kind {
	case entry.PartBody:
		c.Body = []byte(text)
		return true
	case entry.PartMethod:
		c.Method = text
		return text != ""
	case entry.PartURL, entry.PartURLWithoutPort:
		return c.setURL(text)
	case entry.PartURLWithPort:
		return c.setURL(strings.Replace(text, ":443", "", 1))
	case entry.PartURLWithoutQuery:
		if query := c.query(); query != "" {
			text += "?" + query
		}
		return c.setURL(text)
	case entry.PartPath, entry.PartEscapedPath:
		c.Target = text
		return strings.HasPrefix(text, "/")
	case entry.PartSortedForm:
		return setField(now, now.edge(first), text)
	case entry.PartTimestamp:
		f = &s.Entry.Scheme.Timestamp.Field
	case entry.PartID:
		f = &s.Entry.Scheme.ID
	case entry.PartHeader:
		f = &entry.Field{Headers: []string{p.Text}}
	default:
		f = fieldOf(p)
	}
	for _, slot := range now.places(f) {
		*c = *slot.with(text)
		return true
	}
	return false
}

// setField gives a field of the form another text, whose first half is the name; empty: the field is dropped.
func setField(s *Source, i int, text string) bool {
	if i < 0 {
		return false
	}
	all := split(string(s.Body))
	name := min(len(unescaped(all[i].name)), len(text))
	all[i] = pair{url.QueryEscape(text[:name]), url.QueryEscape(text[name:]), true}
	if text == "" {
		all = slices.Delete(all, i, i+1)
	}
	s.Body = []byte(joined(all))
	return true
}
