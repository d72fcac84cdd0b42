package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/terminal"
)

// output is the standard output: JSON lines, each written at once and whole, by any number of signals and observers.
type output struct {
	mu   sync.Mutex
	w    io.Writer
	part bool // the last line was written in part: the next begins on a line of its own
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

// print writes one line. What a sender named is escaped where it would steer the terminal of whoever reads the line.
func (o *output) print(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // no browser reads it
	if err := enc.Encode(v); err != nil {
		return err
	}
	line := terminal.Escaped(b.String())
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.part {
		line = "\n" + line
	}
	n, err := io.WriteString(o.w, line)
	if err != nil {
		o.part = n > 0 || o.part
		return fmt.Errorf("a line could not be printed: %w", err)
	}
	o.part = false
	return nil
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
			line := answeredLine{r.Endpoint, r.Provider, r.Tenant, r.Reason, r.Status}
			if err := o.print(map[string]answeredLine{"answered": line}); err != nil {
				logger.Error("receiver", "endpoint", r.Endpoint, "error", err)
			}
		}
	})
}
