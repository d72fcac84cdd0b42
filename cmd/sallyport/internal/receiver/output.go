package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

// output is the standard output: JSON lines, each written at once and whole, by any number of signals and observers.
type output struct {
	mu     sync.Mutex
	w      io.Writer
	logger *slog.Logger
}

// signalLine reports one call of a signal.
type signalLine struct {
	Endpoint   string `json:"endpoint"`
	Provider   string `json:"provider"`
	Tenant     string `json:"tenant,omitempty"`
	ID         string `json:"id"`
	Type       string `json:"type"`
	Secret     string `json:"secret"` // the label of what proved the delivery
	BodySHA256 string `json:"body_sha256"`
	Attempt    string `json:"attempt"` // ok, error or panic
}

// answeredLine reports a delivery that reached no signal.
type answeredLine struct {
	Endpoint string        `json:"endpoint"`
	Provider string        `json:"provider"`
	Tenant   string        `json:"tenant,omitempty"` // that is known
	Reason   reason.Reason `json:"reason"`
	Status   int           `json:"status"`
}

// print writes one line.
func (o *output) print(v any) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // no browser reads it
	err := enc.Encode(v)
	if err == nil {
		o.mu.Lock()
		_, err = o.w.Write(line.Bytes())
		o.mu.Unlock()
	}
	if err != nil {
		o.logger.Error("a line could not be printed", "error", err)
	}
}

// observer prints the deliveries that reached no signal.
func (o *output) observer(logger *slog.Logger) core.Observer {
	return core.ObserverFunc(func(_ context.Context, r core.Record) {
		if r.Dropped > 0 {
			logger.Error("deliveries came faster than they could be printed; some lines are missing", "endpoint",
				r.Endpoint, "records", r.Dropped)
		}
		switch r.Reason {
		case reason.Accepted, reason.Unhandled, reason.Permanent, reason.Undecodable, reason.SignalFailed,
			reason.SignalPanicked:
			// The signal has printed its own line.
		default:
			o.print(map[string]answeredLine{"answered": {r.Endpoint, r.Provider, r.Tenant, r.Reason, r.Status}})
		}
	})
}
