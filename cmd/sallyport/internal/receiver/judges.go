package receiver

import (
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Judge is an endpoint to check saved deliveries with.
type Judge struct {
	Path  string
	Guard *core.Guard
}

// Judges makes the endpoints of a configuration without serving them: no replay store is opened. The clock stands
// still; zero: it is the file's, or the real one. Its error is [Mistakes].
func Judges(o *Options, clock time.Time) ([]Judge, error) {
	var m mistakes
	c := o.config(&m)
	if !clock.IsZero() {
		c.clock = clock
	}
	for _, e := range c.endpoints {
		e.allowWeak = true // nothing is served: a secret of another kind is what the diagnosis is about
	}
	quiet := slog.New(slog.DiscardHandler)
	trial := newStores(quiet, nil)
	built := c.build(func(e *endpointConfig) (replay.Store, error) { return trial.trial(e), nil },
		&output{}, quiet, &m)
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
