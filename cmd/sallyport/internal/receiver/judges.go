package receiver

import (
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Settings are a configuration: a file, or one endpoint by the flags of the same names.
type Settings struct {
	File string

	Provider, SecretEnv, Path, PublicURL, TrustedProxies string

	AllowHTTP bool
	Clock     time.Time // frozen; zero: the file's, or the real one
}

// Judge is an endpoint to judge saved deliveries with.
type Judge struct {
	Path  string
	Guard *core.Guard
}

// Judges makes the endpoints of a configuration without serving them: no replay store is opened. Its error tells every
// mistake with its line.
func Judges(s *Settings) ([]Judge, error) {
	o := &Options{
		File: s.File, Listen: defaultListen, Router: defaultRouter, Path: s.Path, Provider: s.Provider,
		SecretEnv: s.SecretEnv, PublicURL: s.PublicURL, TrustedProxies: s.TrustedProxies, AllowHTTP: s.AllowHTTP,
	}
	var m mistakes
	c := o.config(&m)
	if !s.Clock.IsZero() {
		c.clock = s.Clock
	}
	for _, e := range c.endpoints {
		e.allowWeak = true // nothing is served: a secret of another kind is what the diagnosis is about
	}
	quiet := slog.New(slog.DiscardHandler)
	trial := newStores(quiet, nil)
	built := c.build(func(e *endpointConfig) (replay.Store, error) { return trial.trial(e), nil },
		&output{logger: quiet}, quiet, &m)
	_ = trial.closeAll() // in memory, and never asked
	if err := m.err(); err != nil {
		return nil, err
	}
	judges := make([]Judge, len(built))
	for i, e := range built {
		judges[i] = Judge{e.path, e.guard}
	}
	return judges, nil
}

// Providers are the names that a configuration may use.
func Providers() []string { return providerNames() }
