package core

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// logEvery is how long further records of the same endpoint and reason are counted instead of logged.
const logEvery = time.Minute

// LogObserver logs outcomes: the first of each endpoint and reason in a minute, with the count of those left out
// since. Messages are fixed text; what a sender chose stands in attributes only, shortened and without control
// characters.
func LogObserver(l *slog.Logger) Observer {
	return &logObserver{logger: l, seen: map[logKey]*logCount{}}
}

type logKey struct {
	endpoint string
	reason   Reason
	level    slog.Level // an error must not be counted away behind ordinary outcomes
	check    Check      // the one that only reported
}

type logCount struct {
	last    time.Time
	skipped int
}

type logObserver struct {
	logger *slog.Logger
	mu     sync.Mutex
	seen   map[logKey]*logCount
}

// Observe logs the record, or counts it.
func (o *logObserver) Observe(r Record) {
	level := logLevel(&r)
	if !o.logger.Enabled(context.Background(), level) {
		return
	}
	key := logKey{endpoint: r.Endpoint, reason: r.Reason, level: level}
	if len(r.WouldRefuse) > 0 {
		key.check, key.reason = r.WouldRefuse[0].Check, r.WouldRefuse[0].Reason
	}
	skipped, ok := o.sample(key)
	if !ok {
		return
	}
	attrs := []slog.Attr{
		slog.String("endpoint", r.Endpoint), slog.String("provider", r.Provider),
		slog.String("reason", string(r.Reason)), slog.Int("status", r.Status),
	}
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, clean(value)))
		}
	}
	addAll := func(name string, n int, text func(int) string) { // in one attribute: a second of the same name hides the first
		all := make([]string, n)
		for i := range all {
			all[i] = clean(text(i))
		}
		if n > 0 {
			attrs = append(attrs, slog.String(name, strings.Join(all, "; ")))
		}
	}
	add("route", r.Route)
	add("tenant", r.Tenant)
	if r.Source.IsValid() {
		attrs = append(attrs, slog.String("source", r.Source.String()))
	}
	add("detail", r.Detail)
	add("secret", r.Secret)
	add("type", r.Type)
	add("id", r.ID)
	if !r.Identity.IsZero() {
		attrs = append(attrs, slog.String("identity", r.Identity.String()))
	}
	addAll("would_refuse", len(r.WouldRefuse), func(i int) string {
		would := &r.WouldRefuse[i]
		return string(would.Check) + ": " + string(would.Reason) + ": " + would.Detail
	})
	addAll("found", len(r.Findings), func(i int) string { return r.Findings[i].String() })
	if r.Unproved {
		attrs = append(attrs, slog.Bool("unproved", true))
	}
	if r.Err != nil {
		add("error", strings.ReplaceAll(r.Err.Error(), "\n", "; ")) // of joined errors, on one line
	}
	if len(r.Stack) > 0 {
		attrs = append(attrs, slog.String("stack", string(r.Stack)))
	}
	if skipped > 0 {
		attrs = append(attrs, slog.Int("not_logged", skipped))
	}
	if r.Dropped > 0 {
		attrs = append(attrs, slog.Int("not_observed", r.Dropped))
	}
	o.logger.LogAttrs(context.Background(), level, logMessage(&r), attrs...)
}

func (o *logObserver) sample(key logKey) (skipped int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	c := o.seen[key]
	if c == nil {
		o.seen[key] = &logCount{last: now}
		return 0, true
	}
	if now.Sub(c.last) < logEvery {
		c.skipped++
		return 0, false
	}
	skipped, c.skipped, c.last = c.skipped, 0, now
	return skipped, true
}

func logLevel(r *Record) slog.Level {
	switch {
	case r.Err != nil || r.Reason.Class() == ClassState || r.Reason.Class() == ClassMisconfiguration || r.Reason.Class() == ClassApp:
		if r.Reason == ReasonInFlight {
			return slog.LevelInfo
		}
		return slog.LevelError
	case len(r.WouldRefuse) > 0:
		return slog.LevelWarn
	case r.Reason == ReasonAccepted:
		return slog.LevelDebug
	case r.Reason == ReasonConflict:
		return slog.LevelWarn
	case r.Reason.Class() == ClassPassed:
		return slog.LevelInfo
	default:
		return slog.LevelWarn
	}
}

func logMessage(r *Record) string {
	switch r.Reason.Class() {
	case ClassPassed:
		if len(r.WouldRefuse) > 0 {
			return "sallyport: webhook delivery let through that would be refused"
		}
		return "sallyport: webhook delivery"
	case ClassApp:
		return "sallyport: webhook signal failed"
	default:
		return "sallyport: webhook delivery refused"
	}
}

// clean keeps control characters, terminal escapes and long texts out of logs.
func clean(s string) string {
	const most = 512
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if cut {
		s += "..."
	}
	return s
}
