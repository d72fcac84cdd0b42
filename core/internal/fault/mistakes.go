package fault

import (
	"errors"
	"fmt"
)

// Mistake is one mistake in a configuration.
type Mistake struct {
	Field  string // the field's path: "Secrets[1]"
	Value  string // the value found, redacted; empty where it is a secret or where nothing was given
	Reason string // what is wrong and how to fix it
}

// Error names the field, what was found and how to fix it.
func (m Mistake) Error() string {
	if m.Value == "" {
		return fmt.Sprintf("sallyport: %s: %s", m.Field, m.Reason)
	}
	return fmt.Sprintf("sallyport: %s %q: %s", m.Field, m.Value, m.Reason)
}

// Mistakes collects the mistakes in a configuration, so that all of them are reported together.
type Mistakes []Mistake

// Add adds a mistake. The format and its args are the reason.
func (m *Mistakes) Add(field, value, format string, args ...any) {
	*m = append(*m, Mistake{field, value, fmt.Sprintf(format, args...)})
}

// Err returns all of them as one error; nil: there are none.
func (m Mistakes) Err() error {
	all := make([]error, len(m))
	for i := range m {
		all[i] = m[i]
	}
	return errors.Join(all...)
}
