package payload

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// scan finds what is read from a payload: the details of an event, and what its rules for equal bodies look at. Both
// have one numbering, the details first. So one pass over the payload serves both.
type scan struct {
	details *jsonscan.Paths
	rules   *jsonscan.Paths // nil: no rule looks into the payload
	both    *jsonscan.Paths // nil: only one of the two looks into the payload
	len     int             // how many values details and rules look for
}

// pointers collects the pointers of a scan. One that comes again keeps its number.
type pointers struct {
	list []string
	at   map[string]int
}

func (p *pointers) add(pointer string) (at int) {
	at, known := p.at[pointer]
	if !known {
		at = len(p.list)
		p.at[pointer] = at
		p.list = append(p.list, pointer)
	}
	return at
}

// addAll adds pointers, and returns their numbers.
func (p *pointers) addAll(list []string) (at []int) {
	for _, pointer := range list {
		at = append(at, p.add(pointer))
	}
	return at
}

// compileScan compiles pointers, of which the first are those of details. A rule's pointer may be one of these too.
func compileScan(p *pointers, details int, rules []Apart) scan {
	s := scan{details: jsonscan.Compile(p.list[:details]...), len: details}
	if len(rules) == 0 || len(rules[0].when) == 0 { // the first applies to everything
		return s
	}
	ofRules := make([]string, len(p.list)) // empty: not read, and keeps its number
	for i := range rules {
		for _, m := range rules[i].when {
			for _, at := range slices.Concat(m.has, m.lacks) {
				ofRules[at] = p.list[at]
			}
		}
	}
	s.rules, s.len = jsonscan.Compile(ofRules...), len(p.list)
	if details > 0 {
		s.both = jsonscan.Compile(p.list...)
	}
	return s
}

// room returns the source's room for what is found.
func (s *scan) room(t *Source) [][]byte {
	if s.len > len(t.room) && t.more == nil {
		t.more = make([][]byte, s.len)
	}
	return t.found()[:s.len]
}

// read finds the details in the payload, and what the rules look at if one pass can find both. ok is false where the
// details cannot be read; then none is set.
//
// A failed scan leaves no half of its findings: details of a malformed payload would be accidental.
func (s *scan) read(payload []byte, found [][]byte) (ruled, ok bool) {
	if s.both != nil && s.both.Read(payload, found) == nil {
		return true, true
	}
	// A text that only the rules look at may be what is malformed. It hides no detail, and no detail may decide what
	// an event is remembered by. So each is read alone, as if there were no other.
	found = found[:s.details.Len()]
	if s.details.Len() > 0 && s.details.Read(payload, found) != nil {
		clear(found)
		return false, false
	}
	return false, true
}

// OnePass reports whether one pass over the payload finds both the details and what the identity depends on. Reading
// the details later would be a second pass.
func (r *Reader) OnePass() bool { return r.scan.both != nil }
