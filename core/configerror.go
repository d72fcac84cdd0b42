package core

import (
	"errors"

	"github.com/sallyport-go/sallyport/core/internal/fault"
)

// ConfigError is one mistake in a [Config]. [New] reports all of them, joined; [ConfigErrors] lists them.
type ConfigError struct {
	Field  string // the field's path: "Secrets[1]", "Credentials[0].Name"
	Value  string // the value found, redacted; empty where it is a secret or where nothing was given
	Reason string // what is wrong and how to fix it
}

// Error names the field, what was found and how to fix it.
func (e *ConfigError) Error() string { return fault.Mistake(*e).Error() }

// ConfigErrors returns every mistake in an error of [New], in the order of the config's fields. An error of anything
// else gives nil.
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

// configError joins what was collected; nil: there is no mistake.
func configError(m fault.Mistakes) error {
	all := make([]error, len(m))
	for i := range m {
		all[i] = (*ConfigError)(&m[i])
	}
	return errors.Join(all...)
}
