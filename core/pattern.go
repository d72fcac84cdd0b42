package core

import "strings"

// pattern is a compiled event pattern: exact ("invoice.paid"), a prefix at a boundary ("customer.*", deeper levels
// too), or "*".
type pattern struct {
	text   string
	prefix string // with its boundary: "customer."
	all    bool
}

const boundaries = "./_"

func parsePattern(text string) (pattern, string) {
	switch {
	case text == "":
		return pattern{}, "the pattern is empty; use an event type, a prefix such as customer.*, or *"
	case text == "*":
		return pattern{text: text, all: true}, ""
	case !strings.Contains(text, "*"):
		return pattern{text: text}, ""
	}
	prefix, ok := strings.CutSuffix(text, "*")
	if !ok || strings.Contains(prefix, "*") {
		return pattern{}, "a * stands only at the end"
	}
	if !strings.ContainsAny(prefix[len(prefix)-1:], boundaries) {
		return pattern{}, "a prefix ends at a . or / or _ before its *"
	}
	return pattern{text: text, prefix: prefix}, ""
}

func (p *pattern) matches(eventType string) bool {
	switch {
	case p.all:
		return true
	case p.prefix != "":
		return len(eventType) > len(p.prefix) && strings.HasPrefix(eventType, p.prefix)
	default:
		return eventType == p.text
	}
}
