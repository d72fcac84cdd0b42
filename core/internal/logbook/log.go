// Package logbook writes to an application's log so that no flood fills it and no handler does harm: lines are sampled,
// gathered or counted, and a panic of the handler is contained. It knows attributes and times. What a line says is its
// caller's, who must clean each text that a sender may have chosen.
package logbook

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// every is how long further lines of one kind are counted and not written, and how soon the count is written.
const every = time.Minute

// Log writes the lines of one subject. It must not be copied.
type Log struct {
	logger *slog.Logger // nil: slog.Default(), whichever it is when a line is written
	names  []slog.Attr
	closed atomic.Bool
}

// New returns a log whose lines begin with names, which no sender chose.
func New(logger *slog.Logger, names ...slog.Attr) *Log { return &Log{logger: logger, names: names} }

// Enabled reports whether lines of a level are written.
func (l *Log) Enabled(ctx context.Context, level slog.Level) bool { return l.out().Enabled(ctx, level) }

func (l *Log) out() *slog.Logger {
	if l.logger == nil {
		return slog.Default()
	}
	return l.logger
}

// Write writes a line, and contains a panic of the app's handler. It fails open: the line is lost, and the delivery
// goes on as it would have.
func (l *Log) Write(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	defer func() { _ = recover() }() // there is nowhere to report it
	l.out().LogAttrs(ctx, level, message, attrs...)
}

// About starts a line's attributes with the names of the log.
func (l *Log) About(attrs ...slog.Attr) []slog.Attr {
	return append(append(make([]slog.Attr, 0, len(l.names)+len(attrs)), l.names...), attrs...)
}

// Close ends timers of what is counted from here on: it is written with the next line. The log may be used afterwards.
func (l *Log) Close() { l.closed.Store(true) }
