package main

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

// serve goes on serving every router, prints lines to try, and then one line for each delivery, until ctx ends.
func serve(ctx context.Context, k *keys, stdout io.Writer) error {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(stdout, format, args...)
	}
	var servers []*server
	defer func() {
		for _, s := range servers {
			_ = s.stop()
		}
	}()
	// Plain HTTP on the loopback interface, with curl in the place of the proxy that ends TLS.
	configs := func() []core.Config {
		list := k.endpoints()
		for i := range list {
			list[i].TrustedProxies = "127.0.0.1"
		}
		return list
	}
	for _, rt := range routers() {
		s, err := startServer(rt, k, configs(), func(r core.Record) { say("%s\n", recordLine(rt.name, &r)) })
		if err != nil {
			return err
		}
		servers = append(servers, s)
	}
	say("Five apps are serving, one of each router. Each line is good once: sent again, it is a duplicate.\nStripe's signatures are fresh for five minutes.\n")
	for _, s := range servers {
		say("\n# %s on %s\n", s.name, s.plain)
		for _, l := range s.curlLines() {
			say("%s\n", l)
		}
	}
	say("\nPress Ctrl-C to end. What comes in:\n\n")
	<-ctx.Done()
	return nil
}

func (s *server) curlLines() []string {
	k := s.keys
	lines := []struct {
		what string
		m    message
	}{
		{"GitHub, genuine", s.signed("/hooks/github", k.current, `{"ref":"refs/heads/main"}`, 0, "X-GitHub-Event", "push")},
		{"GitHub, forged", s.signed("/hooks/github", k.stranger, `{"ref":"refs/heads/main"}`, 0, "X-GitHub-Event", "push")},
		{"Stripe, genuine, the old secret of a rotation", s.signed("/hooks/stripe", k.previous, stripeEvent("evt_curl"), 0)},
		{"Postmark, the right password", s.signed("/hooks/postmark", k.pair, `{"RecordType":"Bounce","ID":42}`, 0)},
	}
	var out []string
	for _, l := range lines {
		out = append(out, "  # "+l.what, "  "+l.m.curl(s.plain))
	}
	return out
}

// curl is the message as a line for a shell.
func (m message) curl(base string) string {
	var b strings.Builder
	b.WriteString("curl -i -H 'X-Forwarded-Proto: https'")
	names := make([]string, 0, len(m.header))
	for name := range m.header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range m.header[name] {
			b.WriteString(" -H " + quote(name+": "+value))
		}
	}
	b.WriteString(" --data-binary " + quote(string(m.body)) + " " + base + m.path)
	return b.String()
}

// quote makes one word of a text, for any POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// recordLine is one outcome as the guard's observer is told it.
func recordLine(router string, r *core.Record) string {
	text := fmt.Sprintf("%s  %-8s %-26s %d %s", time.Now().Format(time.TimeOnly), router, r.Endpoint, r.Status, r.Reason)
	if r.Reason == core.ReasonAccepted {
		text += ", signal ran"
	}
	if labels := append(r.Credentials[:len(r.Credentials):len(r.Credentials)], r.Secret); strings.Join(labels, "") != "" {
		text += ", secret " + strings.Trim(strings.Join(labels, "+"), "+")
	}
	if r.Detail != "" {
		text += "\n          " + r.Detail
	}
	return text
}
