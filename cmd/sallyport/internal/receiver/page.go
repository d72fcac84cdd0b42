package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/inspector"
)

// LocalAddress returns the address of a page for this machine. Browsers and people say localhost for it.
func LocalAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("%.200q is not an address of this machine such as 127.0.0.1:4401", text)
	}
	return net.JoinHostPort(host, port), nil
}

// ListenPage serves a page at the address of --page. Its errors name the flag.
func ListenPage(text string, c inspector.Config) (*inspector.Local, error) {
	address, err := LocalAddress(text)
	if err != nil {
		return nil, fmt.Errorf("--page: %w", err)
	}
	page, err := inspector.ListenLocal(address, c)
	if err != nil {
		return nil, fmt.Errorf("--page: %w", err)
	}
	return page, nil
}

// shown is what the page shows: every event of this run, in memory, and what was refused.
type shown struct {
	kept     *journal.Journal
	activity *inspector.Activity
}

func newShown() (*shown, error) {
	kept, err := journal.InMemory(journal.Config{AlsoDone: true, AlsoUnhandled: true})
	return &shown{kept, inspector.NewActivity()}, err
}

// observe sets a guard's configuration up for the page.
func (s *shown) observe(conf *core.Config) {
	if s == nil {
		return
	}
	conf.Journal = s.kept
	conf.Observers = append(conf.Observers, s.activity)
}

// serve serves the page until the returned function is called. The address of the page goes to standard error, because
// standard output is for lines of events.
func (s *shown) serve(
	o *Options, app *app, stderr io.Writer, logger *slog.Logger,
) (end func(context.Context) error, err error) {
	if s == nil {
		return func(context.Context) error { return nil }, nil
	}
	var guards []*core.Guard
	for _, e := range app.endpoints {
		guards = append(guards, e.guard)
	}
	page, err := ListenPage(o.Page, inspector.Config{
		Journal: s.kept, Activity: s.activity, Logger: logger, Redriver: &core.Redriver{App: app, Guards: guards},
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- page.Serve() }()
	_, _ = fmt.Fprintln(stderr, "Page "+page.URL())
	forget := func() {}
	if o.KeepPage != nil {
		forget = o.KeepPage(page)
	}
	return func(ctx context.Context) error {
		forget()
		return errors.Join(page.Shutdown(ctx), <-ended)
	}, nil
}
