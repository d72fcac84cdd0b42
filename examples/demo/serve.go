package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/inspector"
	"github.com/sallyport-go/sallyport/internal/plain"
	"github.com/sallyport-go/sallyport/internal/routers"
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
	configs := func(kept *journal.Journal) []core.Config {
		list := k.endpoints(kept)
		for i := range list {
			list[i].TrustedProxies, list[i].Journal = "127.0.0.1", kept
		}
		return list
	}
	kept, err := journal.InMemory(journal.Config{Keys: secrets.Static(secrets.Generate()), AlsoDone: true})
	if err != nil {
		return err
	}
	activity := inspector.NewActivity()
	for i, rt := range routers.All() {
		observers := []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
			say("%s\n", recordLine(rt.Title, &r))
		})}
		var shown *journal.Journal
		if i == 0 { // the page is that of the first app
			observers, shown = append(observers, activity), kept
		}
		s, err := startServer(rt, k, configs(shown), observers...)
		if err != nil {
			return err
		}
		servers = append(servers, s)
	}
	page, err := servers[0].page(kept, activity)
	if err != nil {
		return err
	}
	defer func() { _ = page.Shutdown(context.WithoutCancel(ctx)) }()
	say("%s\nWhat the first of them received, in the browser:\n\n  %s\n", welcome(servers), page.URL())
	say("\nPress Ctrl-C to end. What comes in:\n\n")
	<-ctx.Done()
	return nil
}

// page serves what an app received on a page of its own.
func (s *server) page(kept *journal.Journal, activity *inspector.Activity) (*inspector.Local, error) {
	redriver := &core.Redriver{App: s.app}
	for _, e := range s.endpoints {
		redriver.Guards = append(redriver.Guards, e.guard)
	}
	page, err := inspector.ListenLocal("127.0.0.1:0", inspector.Config{
		Journal: kept, Activity: activity, Redriver: redriver, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	s.wait.Go(func() { _ = page.Serve() }) // it ends with Shutdown
	return page, nil
}

// welcome says where the apps are, and what to send to any of them. The lines are printed once: their signatures are
// right for each app, and each app has a memory of its own.
func welcome(servers []*server) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d apps are serving, one of each router:\n\n", len(servers))
	for _, s := range servers {
		_, _ = fmt.Fprintf(&b, "  %-9s%s\n", s.router, s.plain)
	}
	b.WriteString(`
Choose one, and send it any of the deliveries below. An app accepts each of them once:
sent again, it is a duplicate. Stripe's signatures are fresh for five minutes.

`)
	_, _ = fmt.Fprintf(&b, "APP=%s\n", servers[0].plain)
	for _, l := range servers[0].curlLines() {
		_, _ = fmt.Fprintf(&b, "\n# %s\n%s\n", l.what, l.curl)
	}
	return b.String()
}

// curlLine is a delivery as a line for a shell in which APP is an app's address.
type curlLine struct{ what, curl string }

func (s *server) curlLines() []curlLine {
	k := s.keys
	github, postmark := `{"ref":"refs/heads/main"}`, `{"RecordType":"Bounce","ID":42}`
	genuine := s.signed("/hooks/github", k.current, github, 0, "X-GitHub-Event", "push")
	forged := s.signed("/hooks/github", k.unknown, github, 0, "X-GitHub-Event", "push")
	old := s.signed("/hooks/stripe", k.previous, stripeEvent("evt_curl"), 0)
	return []curlLine{
		{"GitHub, genuine", genuine.curl()},
		{"GitHub, forged", forged.curl()},
		{"Stripe, genuine, the old secret of a rotation", old.curl()},
		{"Postmark, the right password", s.signed("/hooks/postmark", k.pair, postmark, 0).curl()},
	}
}

// curl is the message as a command for a POSIX shell, of one header a line.
func (m message) curl() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `curl -i "$APP%s" -H 'X-Forwarded-Proto: https'`, m.path)
	for _, name := range slices.Sorted(maps.Keys(m.header)) {
		for _, value := range m.header[name] {
			b.WriteString(" \\\n  -H " + plain.Quoted(name+": "+value))
		}
	}
	b.WriteString(" \\\n  --data-binary " + plain.Quoted(string(m.body)))
	return b.String()
}

// recordLine is one outcome as the guard's observer is told it.
func recordLine(router string, r *core.Record) string {
	text := fmt.Sprintf("%s  %-8s %-26s %d %s", time.Now().Format(time.TimeOnly), router, r.Endpoint, r.Status,
		r.Reason)
	if r.Reason == reason.Accepted {
		text += ", signal ran"
	}
	if labels := append(r.Credentials[:len(r.Credentials):len(r.Credentials)], r.Secret); strings.Join(labels,
		"") != "" {
		text += ", secret " + strings.Trim(strings.Join(labels, "+"), "+")
	}
	if r.Detail != "" {
		text += "\n          " + r.Detail
	}
	return text
}
