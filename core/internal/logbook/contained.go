package logbook

import (
	"context"
	"fmt"
	"log/slog"
)

// Contain returns a logger whose handler cannot do harm by a panic: it fails open, see [Log.Write]. Lines are also
// written by timers, where a panic would end the process, and in the middle of a delivery.
func Contain(logger *slog.Logger) *slog.Logger { return slog.New(contained{logger.Handler()}) }

// contained is a handler whose panics are errors.
type contained struct{ slog.Handler }

// Enabled reports false where the handler panics.
func (h contained) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return h.Handler.Enabled(ctx, level)
}

// Handle writes a line, or loses it.
func (h contained) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the log's handler panicked with a %T", v)
		}
	}()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs contains the handler that is made.
func (h contained) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contained{h.Handler.WithAttrs(attrs)}
}

// WithGroup contains the handler that is made.
func (h contained) WithGroup(name string) slog.Handler { return contained{h.Handler.WithGroup(name)} }
