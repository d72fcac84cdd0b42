package core

import "strings"

// pattern is a compiled event pattern: exact ("invoice.paid"), a prefix at a boundary ("customer.*", deeper levels
// too), or "*".
type pattern struct {
	text   string // as it was registered; for messages
	prefix string // with its boundary: "customer."
	all    bool   // the pattern "*"
}

// boundaries are the separators of event types. A prefix has to end at one of them.
const boundaries = "./_"

// parsePattern compiles a pattern, or returns what is wrong with it. The zero pattern goes with a mistake only.
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
	// Without the boundary "invoice*" would also match "invoices_export", which no reader of the code expects.
	if !strings.ContainsAny(prefix[len(prefix)-1:], boundaries) {
		return pattern{}, "a prefix ends at a . or / or _ before its *"
	}
	return pattern{text: text, prefix: prefix}, ""
}

// matches reports whether an event type has the pattern. It compares bytes, so case counts.
func (p *pattern) matches(eventType string) bool {
	switch {
	case p.all:
		return true
	case p.prefix != "":
		// Longer, not equal: "customer.*" does not match the type "customer.", which has nothing behind its boundary.
		return len(eventType) > len(p.prefix) && strings.HasPrefix(eventType, p.prefix)
	default:
		return eventType == p.text
	}
}
