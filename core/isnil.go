package core

import (
	"reflect"

	"github.com/sallyport-go/sallyport/core/internal/fault"
)

// isTypedNil reports whether v is an interface that holds a nil pointer, function or channel: it passes a comparison
// with nil and panics at the first delivery. It is called by New only.
func isTypedNil(v any) bool {
	if v == nil {
		return false
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan: // a nil map can be read
		return r.IsNil()
	default:
		return false
	}
}

// dropTypedNils reports every setting that holds a typed nil. It then clears the setting: the other mistakes of the
// config are found as well.
func (c *Config) dropTypedNils(m *fault.Mistakes) {
	drop := func(field string, value any, clearField func()) {
		if isTypedNil(value) { // fails closed: New refuses the config, and does not take nil for "no check"
			m.Add(field, "",
				"it holds a nil %T, which would panic at the first delivery; give a value, or leave it out", value)
			clearField()
		}
	}
	drop("Secrets", c.Secrets, func() { c.Secrets = nil })
	drop("Keys", c.Keys, func() { c.Keys = nil })
	drop("Replay", c.Replay, func() { c.Replay = nil })
	drop("Sources", c.Sources, func() { c.Sources = nil })
	drop("Setup.VerifyTokens", c.Setup.VerifyTokens, func() { c.Setup.VerifyTokens = nil })
	drop("RateLimit.Limiter", c.RateLimit.Limiter, func() { c.RateLimit.Limiter = nil })
	drop("RateLimit.FailureLimiter", c.RateLimit.FailureLimiter, func() { c.RateLimit.FailureLimiter = nil })
}
