// Package pattern matches event types.
package pattern

import "strings"

// Pattern is a compiled event pattern: exact ("invoice.paid"), a prefix at a boundary ("customer.*", deeper levels
// too), or "*".
type Pattern struct {
	Text string // as it was registered; for messages

	prefix string // with its boundary: "customer."
	all    bool   // the pattern "*"
}

// boundaries are the separators of event types. A prefix has to end at one of them.
const boundaries = "./_"

// Parse compiles a pattern, or returns what is wrong with it. The zero pattern goes with a mistake only.
func Parse(text string) (Pattern, string) {
	switch {
	case text == "":
		return Pattern{}, "the pattern is empty; use an event type, a prefix such as customer.*, or *"
	case text == "*":
		return Pattern{Text: text, all: true}, ""
	case !strings.Contains(text, "*"):
		return Pattern{Text: text}, ""
	}
	prefix, ok := strings.CutSuffix(text, "*")
	if !ok || strings.Contains(prefix, "*") {
		return Pattern{}, "a * stands only at the end"
	}
	// Without the boundary "invoice*" would also match "invoices_export", which no reader of the code expects.
	if !strings.ContainsAny(prefix[len(prefix)-1:], boundaries) {
		return Pattern{}, "a prefix ends at a . or / or _ before its *"
	}
	return Pattern{Text: text, prefix: prefix}, ""
}

// Matches reports whether an event type has the pattern. It compares bytes, so case counts.
func (p *Pattern) Matches(eventType string) bool {
	switch {
	case p.all:
		return true
	case p.prefix != "":
		// Longer, not equal: "customer.*" does not match the type "customer.", which has nothing behind its boundary.
		return len(eventType) > len(p.prefix) && strings.HasPrefix(eventType, p.prefix)
	default:
		return eventType == p.Text
	}
}
