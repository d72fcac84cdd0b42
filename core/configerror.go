package core

import (
	"errors"
	"fmt"
)

// ConfigError is one mistake in a [Config]. [New] reports all of them, joined; [ConfigErrors] lists them.
type ConfigError struct {
	Field  string // the field's path: "Secrets[1]", "Credentials[0].Name"
	Value  string // the value found, redacted; empty where it is a secret or where nothing was given
	Reason string // what is wrong and how to mend it
}

// Error names the field, what was found and how to mend it.
func (e *ConfigError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("sallyport: %s: %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("sallyport: %s %q: %s", e.Field, e.Value, e.Reason)
}

// ConfigErrors returns every mistake in an error of [New], in the order of the config's fields.
func ConfigErrors(err error) []*ConfigError {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*ConfigError
		for _, e := range joined.Unwrap() {
			all = append(all, ConfigErrors(e)...)
		}
		return all
	}
	var one *ConfigError
	if errors.As(err, &one) {
		return []*ConfigError{one}
	}
	return nil
}

// mistakes collects configuration errors.
type mistakes []error

func (m *mistakes) add(field, value, format string, args ...any) {
	*m = append(*m, &ConfigError{Field: field, Value: value, Reason: fmt.Sprintf(format, args...)})
}

func (m mistakes) err() error { return errors.Join(m...) }
