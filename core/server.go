package core

import (
	"net/http"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// serverLimits are the numbers that this page, the documentation and the examples recommend: one table, so that what
// CheckServer says is what the documentation says. Above most a limit no longer protects.
var serverLimits = [...]struct { //lint:immutable a table of constants
	field      string
	good, most time.Duration
	of         func(*http.Server) time.Duration
	why        string
}{
	{"ReadHeaderTimeout", 5 * time.Second, 30 * time.Second,
		func(s *http.Server) time.Duration { return s.ReadHeaderTimeout },
		"a sender may take for ever to send its headers"},
	{"ReadTimeout", 30 * time.Second, 5 * time.Minute, func(s *http.Server) time.Duration { return s.ReadTimeout },
		"a sender may take for ever to send its request"},
	{"IdleTimeout", time.Minute, 10 * time.Minute, func(s *http.Server) time.Duration { return s.IdleTimeout },
		"an idle connection is kept for ever"},
}

// goodHeaderBytes is the recommended MaxHeaderBytes.
const goodHeaderBytes = 64 << 10

// CheckServer returns what a server lacks to face the internet, as one [*ConfigError] for each setting. An empty result
// is a server with all of its limits. Guards bound what unverified senders may cost; a server without these limits lets
// them hold connections before any guard sees them. Log what it returns at start.
//
// Good for webhooks: ReadHeaderTimeout 5s, ReadTimeout 30s, WriteTimeout 30s or longer than your slowest signal,
// IdleTimeout 1m, MaxHeaderBytes 64 KiB.
func CheckServer(s *http.Server) []*ConfigError {
	var m fault.Mistakes
	// A finding, not a panic: CheckServer runs at start, where its result is logged.
	if s == nil {
		m.Add("Server", "", "it is nil")
		return ConfigErrors(configError(m))
	}
	for _, limit := range serverLimits {
		d := limit.of(s)
		switch {
		case d <= 0 && limit.field == "ReadHeaderTimeout" && s.ReadTimeout > 0: // which covers the headers
		case d <= 0:
			m.Add("Server."+limit.field, "", "it is not set: %s; set it to %s", limit.why, httpfield.Span(limit.good))
		// Limits of an hour protect nobody: an attacker opens connections faster than they expire.
		case d > limit.most:
			m.Add("Server."+limit.field, d.String(), "it is longer than %s: %s; set it to %s",
				httpfield.Span(limit.most), limit.why, httpfield.Span(limit.good))
		}
	}
	// No upper bound: the right value depends on the slowest signal of the app.
	if s.WriteTimeout <= 0 {
		m.Add("Server.WriteTimeout", "",
			"it is not set: a sender that does not read its answer holds the connection for "+
				"ever; "+
				"set it to 30s, or longer than your slowest signal")
	}
	if limit := s.MaxHeaderBytes; limit <= 0 || limit > http.DefaultMaxHeaderBytes {
		shown := ""
		if limit > 0 {
			shown = strconv.Itoa(limit)
		}
		m.Add("Server.MaxHeaderBytes", shown,
			"a request may have 1 MiB of headers or more; set it to %d, which is enough for every provider",
			goodHeaderBytes)
	}
	return ConfigErrors(configError(m))
}
