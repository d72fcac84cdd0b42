package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Kept is an entry of a journal, as "sallyport show ID --output json" prints it. Its event was proved when it arrived,
// and a journal keeps no signature: what can be said of it is why its receiver failed.
type Kept struct {
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	Provider string `json:"provider,omitempty"`
	Type     string `json:"type,omitempty"`
	Event    string `json:"event,omitempty"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Error    string `json:"error,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Runnable bool   `json:"runnable"`
	WhyNot   string `json:"why_not,omitempty"`
}

// parseEntry reads an entry, and reports whether it is one.
func parseEntry(raw []byte) (*Kept, bool) {
	var k Kept
	if !isArchive(raw) || json.NewDecoder(bytes.NewReader(withoutMark(raw))).Decode(&k) != nil {
		return nil, false
	}
	// The id stands in a command to copy: one of another form may be a command of its own. Fails closed.
	const known = "-0123456789abcdefghijklmnopqrstuvwxyz"
	switch k.State {
	case "open", "parked", "done", "dismissed":
		return &k, k.ID != "" && strings.Trim(k.ID, known) == "" && k.Endpoint != ""
	}
	return nil, false
}

// Good implements [Report].
func (k *Kept) Good() bool { return k.State == "done" || k.State == "dismissed" }

// String implements [Report].
func (k *Kept) String() string {
	var b strings.Builder
	say := func(format string, args ...any) {
		line := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ") // no value makes a line of its own
		if len(line) > maxLine {
			line = line[:maxLine] + "..."
		}
		b.WriteString(line + "\n")
	}
	say("an entry of a journal: %s %s of %s at the endpoint %s", k.Type, k.Event, k.Provider, k.Endpoint)
	say("note: it was proved when it arrived. A journal keeps no signature, so it cannot be verified again")
	if k.Reason != "" || k.Error != "" {
		say("wrong: %s: %s", k.Reason, k.Error)
	}
	switch {
	case k.Good():
		say("It is %s: nothing is left to do.", k.State)
		return b.String()
	case !k.Runnable:
		say("found: it cannot run again: %s", k.WhyNot)
		say("fix: have the sender send it again, or close it: sallyport dismiss %s", k.ID)
	default:
		say("fix: correct what its receiver reports, then run it again: sallyport redrive %s", k.ID)
	}
	say("It was accepted, and its receiver failed: it is %s after %d tries.", k.State, k.Attempts)
	return b.String()
}

// maxLine bounds what is printed of what an app or a sender wrote.
const maxLine = 900
