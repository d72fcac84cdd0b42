package receiver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
)

// reader reads the nodes of a YAML document and notes every mistake with its line and key. It is stricter than the
// package's own decoding: an unquoted 0123 or null is no secret, and a key that comes twice is not the last one's.
type reader struct{ *mistakes }

// field takes the value of one key, or one item of a list.
type field func(n *yaml.Node, at place)

// into makes a field of a variable. What does not read leaves the variable as it is: the mistake is noted.
func into[T any](to *T, read func(*yaml.Node, place) (T, bool)) field {
	return func(n *yaml.Node, at place) {
		if v, ok := read(n, at); ok {
			*to = v
		}
	}
}

// mapping hands each value to the field of its key, and returns where the keys stand.
func (r reader) mapping(n *yaml.Node, at place, fields map[string]field) map[string]place {
	found := map[string]place{}
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		r.add(at, "must be a mapping with the keys %s", keysOf(fields))
		return found
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.add(at.of("?", key.Line), "a key must be a word")
			continue
		}
		here := at.of(key.Value, key.Line)
		take, known := fields[key.Value]
		before, twice := found[key.Value]
		switch {
		case !known:
			if !presentable(key.Value) {
				here = at.of("?", key.Line)
			}
			r.add(here, "unknown key; known here are %s", keysOf(fields))
		case twice:
			r.add(here, "this key stands twice, first in line %d", before.line)
		default:
			found[key.Value] = here
			take(value, here)
		}
	}
	return found
}

// presentable says whether an unknown key may be named: a secret with a colon behind it, and without quotes, is a key
// to YAML. Keys of ours are words of small letters.
func presentable(key string) bool {
	return len(key) < 16 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func keysOf(fields map[string]field) string {
	return strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// list hands each item to the field. An empty list is a mistake: leaving the key out says the same and is no accident.
func (r reader) list(n *yaml.Node, at place, each field) {
	n = follow(n)
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.add(at, "must be a list with at least one item")
		return
	}
	for i, item := range n.Content {
		each(item, at.at(i, item.Line))
	}
}

// text reads a string. It never quotes what it found: that may be a secret.
func (r reader) text(n *yaml.Node, at place) (string, bool) {
	switch n = follow(n); {
	case n.Kind != yaml.ScalarNode:
		r.add(at, "must be text")
	case n.ShortTag() != "!!str":
		r.add(at, "must be text; if it is, put it in quotes")
	case n.Value == "":
		r.add(at, "is empty")
	default:
		return n.Value, true
	}
	return "", false
}

// scalar reads the text of a scalar of one of the tags; kind says in the error what was expected.
func (r reader) scalar(n *yaml.Node, at place, kind string, tags ...string) (string, bool) {
	n = follow(n)
	if n.Kind == yaml.ScalarNode && slices.Contains(tags, n.ShortTag()) {
		return n.Value, true
	}
	r.add(at, "must be %s%s", kind, found(n))
	return "", false
}

func found(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		return ""
	case n.ShortTag() == "!!null":
		return ", and nothing is given"
	}
	return fmt.Sprintf(", not %q", n.Value)
}

func (r reader) yes(n *yaml.Node, at place) (value, ok bool) {
	text, ok := r.scalar(n, at, "true or false", "!!bool")
	return strings.EqualFold(text, "true"), ok
}

// count reads a whole number in plain decimals.
func (r reader) count(n *yaml.Node, at place, least int64) (int64, bool) {
	kind := fmt.Sprintf("a whole number of at least %d", least)
	text, ok := r.scalar(n, at, kind, "!!int")
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < least {
		r.add(at, "must be %s, not %q", kind, text)
		return 0, false
	}
	return v, true
}

// positive reads a number above zero, in plain decimals.
func (r reader) positive(n *yaml.Node, at place) (float64, bool) {
	const kind = "a number above 0"
	text, ok := r.scalar(n, at, kind, "!!int", "!!float")
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || strings.ContainsAny(text, "xX_") {
		r.add(at, "must be %s, not %q", kind, text)
		return 0, false
	}
	return v, true
}

// networks reads a list of addresses and prefixes.
func (r reader) networks(n *yaml.Node, at place) core.Networks {
	var all []string
	r.list(n, at, func(n *yaml.Node, at place) {
		if text, ok := r.text(n, at); ok {
			all = append(all, text)
		}
	})
	return core.Networks(strings.Join(all, ", "))
}

func (r reader) duration(n *yaml.Node, at place, least time.Duration) (time.Duration, bool) {
	kind := fmt.Sprintf("a duration such as 90s or 5m, of at least %s", least)
	text, ok := r.scalar(n, at, kind, "!!str", "!!int") // 0 is an integer to YAML
	if !ok {
		return 0, false
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < least {
		r.add(at, "must be %s, not %q", kind, text)
		return 0, false
	}
	return v, true
}

func (r reader) instant(n *yaml.Node, at place) (time.Time, bool) {
	const kind = "a time such as 2026-01-01T00:00:00Z"
	text, ok := r.scalar(n, at, kind, "!!timestamp", "!!str")
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.IsZero() {
		r.add(at, "must be %s, not %q", kind, text)
		return time.Time{}, false
	}
	return t, true
}

// follow resolves an alias, which can only point to what it does not stand in for as deep as the format is.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
