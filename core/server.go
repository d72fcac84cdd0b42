package core

import (
	"fmt"
	"net/http"
	"time"
)

// CheckServer says what a server lacks to face the internet, as one [*ConfigError] for each setting: an empty result is
// a server with all of its limits. Guards bound what unproved senders may cost; a server without these limits lets them
// hold connections before any guard sees them.
//
// Log what it returns at start. What is good for webhooks: ReadHeaderTimeout 5s, ReadTimeout 30s, WriteTimeout 30s or
// longer than your slowest signal, IdleTimeout 1m, MaxHeaderBytes 64 KiB.
func CheckServer(s *http.Server) []*ConfigError {
	var m mistakes
	if s == nil {
		m.add("Server", "", "it is nil")
		return ConfigErrors(m.err())
	}
	timeout := func(field string, d, most time.Duration, why string) {
		switch {
		case d <= 0:
			m.add("Server."+field, "", "it is not set: %s; %s is good for webhooks", why, most/4)
		case d > most:
			m.add("Server."+field, d.String(), "it is longer than %s: %s", most, why)
		}
	}
	if s.ReadTimeout <= 0 || s.ReadHeaderTimeout > 0 { // ReadTimeout stands in for it
		timeout("ReadHeaderTimeout", s.ReadHeaderTimeout, 30*time.Second, "a sender may take for ever to send its headers")
	}
	timeout("ReadTimeout", s.ReadTimeout, 5*time.Minute, "a sender may take for ever to send its request")
	timeout("IdleTimeout", s.IdleTimeout, 10*time.Minute, "an idle connection is kept for ever")
	if s.WriteTimeout <= 0 {
		m.add("Server.WriteTimeout", "", "it is not set: a sender that does not read its answer holds the connection for ever")
	}
	if limit := s.MaxHeaderBytes; limit <= 0 || limit > http.DefaultMaxHeaderBytes {
		shown := fmt.Sprint(limit)
		if limit <= 0 {
			shown = ""
		}
		m.add("Server.MaxHeaderBytes", shown, "a request may have 1 MiB of headers or more; 64 KiB is plenty for every provider")
	}
	return ConfigErrors(m.err())
}
