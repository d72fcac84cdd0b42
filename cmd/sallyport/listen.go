package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/inspector"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// listening is the flags of listen.
type listening struct {
	choice
	address, page   string
	publicURL       string
	forward, resign string
	remote, http    bool
}

func (p *program) listenCommand() *cobra.Command {
	var o listening
	c := &cobra.Command{
		Use: "listen", Short: "Receive the events of one sender, and show them on a page",
		Long: paragraphs(
			"Receive the events of one sender on any path, print a line for each, and show them on a page " +
				"in the browser. Everything is kept in memory. Without --secret-env a secret is made, printed " +
				"once, and kept in a file that only you can read, where send and check find it.\n\n" +
				"It takes deliveries from this machine: from send, from a tunnel, or from a proxy that ends TLS " +
				"and says so in X-Forwarded-Proto; with --allow-http from a sender's own tool too, which says " +
				"nothing.\n\n" +
				"--forward hands each verified event on to your app as it came, so that its own guard verifies " +
				"it again. What the app refuses fails here: repair the app, and run it again from the page. A run " +
				"is signed afresh, as the sender signs, with the secret that listen has; with --resign each event " +
				"is signed by Standard Webhooks, with a secret of your own."),
		Example: "  sallyport listen --provider stripe --forward http://127.0.0.1:8080/webhooks/stripe",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.listen(c.Context(), &o) },
	}
	chooseSecret(c, &o.choice)
	chooseToken(c, &o.choice)
	c.Flags().StringVar(&o.address, "addr", "127.0.0.1:4400", "`address` to receive at; port 0 is any free one")
	c.Flags().StringVar(&o.page, "page", "127.0.0.1:4401",
		"`address` of the page, of this machine; port 0 is any free one")
	c.Flags().StringVar(&o.publicURL, "public-url", "", "`URL` registered at the sender, for those that sign it")
	c.Flags().StringVar(&o.forward, "forward", "", "`URL` to hand verified events on to")
	c.Flags().StringVar(&o.resign, "resign", "",
		"environment `variable` with a secret (whsec_...) to sign what is forwarded with, by Standard Webhooks")
	c.Flags().BoolVar(&o.remote, "allow-remote", false, "forward to other machines than this one")
	c.Flags().BoolVar(&o.http, "allow-http", false,
		"take deliveries over plain HTTP too, as a sender's own tool hands them on")
	return c
}

// running is a listen that runs.
type running struct {
	p       *program
	sender  *sender
	guard   *core.Guard
	server  *http.Server
	page    *inspector.Local
	client  *http.Client
	forward *url.URL
	resign  string

	mu sync.Mutex // one line at a time
}

func (p *program) listen(ctx context.Context, o *listening) error {
	s, fresh, err := p.sender(&o.choice, true)
	if err != nil {
		return err
	}
	r := &running{p: p, sender: s, client: client(o.remote)}
	if o.forward != "" {
		if r.forward, err = parseTarget(o.forward); err != nil {
			return fmt.Errorf("--forward: %w", err)
		}
	}
	if o.resign != "" {
		if r.resign, err = p.variable("--resign", o.resign); err != nil {
			return err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.address)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	address := reachable(listener.Addr())
	if err := r.start(o, address); err != nil {
		return errors.Join(err, listener.Close())
	}
	place := "http://" + address + "/"
	file, err := p.stateFile(s.entry.Name + placeSuffix)
	text := []byte(place + "\n")
	if err == nil { // without a home there is no default, and send needs the URL
		err = writePrivate(file, text)
	}
	if err != nil && o.secretEnv == "" {
		return errors.Join(err, listener.Close())
	}
	// Whoever listens at the address next may be another user of the machine: nothing leads send there.
	defer removeOwn(file, text)
	defer p.keepPage(r.page)()
	return r.serve(ctx, listener, place, fresh)
}

// reachable is where a listener is reached from this machine. One on every address has none of its own.
func reachable(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return at.String()
}

// start makes the guard, the server and the page.
func (r *running) start(o *listening, address string) error {
	quiet := slog.New(slog.DiscardHandler)
	kept, err := journal.InMemory(journal.Config{AlsoDone: true, AlsoUnhandled: true})
	if err != nil {
		return err
	}
	activity := inspector.NewActivity()
	publicURL := o.publicURL
	if e, err := entry.Of(r.sender.provider); err == nil && publicURL == "" && e.SignsURL() {
		publicURL = "https://" + address + "/" // as send signs it
	}
	c := core.Config{
		Endpoint: r.sender.entry.Name, Provider: r.sender.provider, Secrets: secrets.Static(r.sender.Configured),
		Replay: memstore.New(), Journal: kept, StoreFailure: core.RefuseDelivery, PublicURL: publicURL,
		TrustedProxies: core.Networks("127.0.0.0/8, ::1"), DangerouslyAllowHTTP: o.http,
		Observers: []core.Observer{activity, core.ObserverFunc(r.observe)}, Logger: quiet,
	}
	if r.sender.asksToken() {
		c.Setup.VerifyTokens = secrets.Static(cmp.Or(r.sender.token, webhooktest.VerifyToken))
	}
	if r.guard, err = core.New(c); err != nil {
		return err
	}
	signals := core.NewSignals()
	httpwebhook.On(signals, "*", r.receive)
	handler := httpwebhook.Handler(r.guard, signals)
	r.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	r.page, err = receiver.ListenPage(o.page, inspector.Config{
		Journal: kept, Activity: activity, Logger: quiet,
		Redriver: &core.Redriver{App: handler, Guards: []*core.Guard{r.guard}},
	})
	return err
}

// serve serves until ctx ends, and then ends what is under way.
func (r *running) serve(ctx context.Context, listener net.Listener, place string, fresh bool) error {
	failed := make(chan error, 2)
	go func() { failed <- r.server.Serve(listener) }()
	go func() { failed <- r.page.Serve() }()
	text := ""
	if fresh {
		text = "Secret  " + r.sender.Configured + "   (new; kept on this machine, where send and check find it)\n"
	}
	text += "Receive " + place + "   Page " + r.page.URL() + "\n"
	err := r.print(map[string]any{"event": "listening", "url": place, "page": r.page.URL()}, line{text: text})
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, r.server.Shutdown(ending), r.page.Shutdown(ending), r.guard.Shutdown(ending))
}

func (r *running) print(v any, lines ...line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.p.printLines(v, lines...)
}

// observe prints a line for each delivery.
func (r *running) observe(_ context.Context, rec core.Record) {
	text := fmt.Sprintf("%s  %d %s  %s %s", rec.Time.Local().Format(time.TimeOnly), rec.Status, rec.Reason,
		oneLine(rec.Type), oneLine(rec.ID)) // no type makes a line of its own
	if rec.Detail != "" {
		text += "  " + oneLine(rec.Detail)
	}
	below := ""
	add := func(says string) { below += "          " + oneLine(says) + "\n" }
	if rec.Reason == reason.PlainHTTP {
		add("--allow-http takes it")
	}
	if rec.Err != nil {
		add(rec.Err.Error())
	}
	for _, f := range rec.Findings {
		add(f.String())
	}
	// An error here is one of standard output: nobody reads it any more.
	said := map[string]any{
		"event": "answered", "time": rec.Time, "status": rec.Status, "reason": rec.Reason, "type": rec.Type,
		"id": rec.ID, "detail": rec.Detail,
	}
	if rec.Err != nil {
		said["error"] = rec.Err.Error()
	}
	_ = r.print(said, verdict(rec.Status < 400, text+"\n"), line{text: below})
}

// receive hands an event on. An error is kept in the journal, and the page runs it again.
func (r *running) receive(req *http.Request, e core.Event) error {
	if r.forward == nil {
		return nil
	}
	out, err := r.forwarded(req, &e)
	if err != nil {
		return err
	}
	a, err := send(e.Context(), r.client, out)
	if err != nil {
		return fmt.Errorf("--forward: %w", err)
	}
	switch {
	case a.accepted():
		return nil
	case a.Status >= 400 && a.Status < 500:
		return fmt.Errorf("--forward: the app answered %d: %s. Compare its secret with the one that listen has "+
			"(\"sallyport secret show --provider %s\"), and its URL; its log says what it saw",
			a.Status, oneLine(a.Body), r.sender.entry.Name)
	}
	return fmt.Errorf("--forward: the app answered %d: %s", a.Status, oneLine(a.Body))
}

func (r *running) forwarded(req *http.Request, e *core.Event) (*http.Request, error) {
	if r.resign != "" {
		// In JSON the payload stands as it came; anything else becomes text.
		body := e.Payload
		if !json.Valid(body) {
			body, _ = json.Marshal(string(body)) // a string always encodes
		}
		out, err := http.NewRequest(http.MethodPost, r.forward.String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		out.Header.Set("Content-Type", "application/json")
		out.Header.Set("Webhook-Id", "msg_"+e.Identity.String())
		out.Header.Set("X-Forwarded-Proto", "https")
		return out, webhooktest.Sign(out, provider.StandardWebhooks(), r.resign, time.Now())
	}
	d, ok := core.FromContext(req.Context())
	if !ok {
		return nil, errors.New("the event has no delivery")
	}
	if e.Redrive > 0 {
		return r.signedAgain(req, e, d.Body())
	}
	out, err := http.NewRequest(req.Method, r.forward.String(), bytes.NewReader(d.Body()))
	if err != nil {
		return nil, err
	}
	out.Header = req.Header.Clone()
	for _, name := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Te", "Trailer"} {
		out.Header.Del(name) // of this connection alone
	}
	if len(d.Body()) == 0 {
		out.Body = http.NoBody
	}
	return out, nil
}

// signedAgain makes the request of a run. The journal keeps no signature: it is signed as the sender signs it, now.
func (r *running) signedAgain(req *http.Request, e *core.Event, body []byte) (*http.Request, error) {
	sample := webhooktest.Sample{Type: e.Type, Body: body, Header: http.Header{}}
	for name, values := range req.Header {
		switch name {
		case "Accept-Encoding", "Content-Length", "Connection", "Date", "User-Agent", "Forwarded":
		default:
			if !strings.HasPrefix(name, "X-Forwarded-") {
				sample.Header[name] = values
			}
		}
	}
	out, err := r.sender.sign(r.forward, "", sample, time.Now())
	if err != nil {
		return nil, fmt.Errorf("--forward: a run needs a signature, and this sender's cannot be made here (%w): use "+
			"--resign, or let the sender send it again", err)
	}
	return out, nil
}
