package receiver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

// place is where a setting stands: a line of the file and a key, or a flag.
type place struct {
	line int    // 0 for flags
	key  string // "endpoints[0].replay.store", or "--provider"
}

// of is the place of a key below this one.
func (p place) of(key string, line int) place {
	if p.key != "" {
		key = p.key + "." + key
	}
	return place{line, key}
}

// at is the place of an item of this list.
func (p place) at(i, line int) place { return place{line, fmt.Sprintf("%s[%d]", p.key, i)} }

type mistake struct {
	place
	text string
}

// mistakes collects what is wrong with a configuration, so that all of it is reported at once.
type mistakes struct {
	file string // "" for flags
	all  []mistake
}

// add notes a mistake. The text must not hold a secret.
func (m *mistakes) add(at place, format string, args ...any) {
	m.all = append(m.all, mistake{at, fmt.Sprintf(format, args...)})
}

// Mistakes are what is wrong with a configuration: a line each, with its file, line and key, or with its flag.
type Mistakes []string

// Error implements error.
func (m Mistakes) Error() string { return strings.Join(m, "\n") }

// err returns the mistakes in the order of the file's lines, each once: what holds for all endpoints is found at each.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.all, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	var list Mistakes
	for i, one := range m.all {
		if !slices.Contains(m.all[:i], one) {
			list = append(list, m.describe(one))
		}
	}
	if list == nil {
		return nil
	}
	return list
}

// describe returns one line, whatever the file holds.
func (m *mistakes) describe(one mistake) string {
	text := one.text
	if one.key != "" {
		text = one.key + ": " + text
	}
	text = terminal.OneLine(text)
	switch {
	case m.file == "":
		return text
	case one.line == 0:
		return m.file + ": " + text
	}
	return fmt.Sprintf("%s:%d: %s", m.file, one.line, text)
}
