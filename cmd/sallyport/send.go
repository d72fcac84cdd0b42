package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// sending is the flags of send.
type sending struct {
	choice
	content
	repeat, stale, forge, setup, curl, remote bool
	count                                     int
	rate                                      float64
}

const (
	maxCount = 10_000
	minRate  = 0.001 // a longer pause would be none: it does not fit into a duration
	maxRate  = 1000.0
)

func (p *program) sendCommand() *cobra.Command {
	var o sending
	c := &cobra.Command{
		Use: "send [URL]", Short: "Send a signed event to an endpoint",
		Long: paragraphs(
			"Send an event to an endpoint, signed as the sender signs it: a sample, or a body of your own. " +
				"Without a URL it goes where \"sallyport listen\" receives. An endpoint on this machine is sent " +
				"to with X-Forwarded-Proto: https, as by a proxy.\n\n" +
				"Exit status 1: an answer was not the right one (--forge and --stale must be refused)."),
		Example: "  sallyport send --provider stripe --type invoice.paid --set data.object.amount_paid=1000\n" +
			"  sallyport send --provider stripe --forge http://127.0.0.1:8080/webhooks/stripe",
		Args: arguments(0, 1, "give one URL, or none"),
		RunE: func(c *cobra.Command, args []string) error { return p.send(c.Context(), &o, args) },
	}
	chooseSecret(c, &o.choice)
	chooseToken(c, &o.choice)
	o.flags(c)
	c.Flags().BoolVar(&o.repeat, "repeat", false, "send the same delivery a second time")
	c.Flags().BoolVar(&o.stale, "stale", false, "sign it as of 30 days ago")
	c.Flags().BoolVar(&o.forge, "forge", false, "sign it with another secret")
	c.Flags().BoolVar(&o.setup, "setup", false, "send what the sender sends while the URL is saved and tested")
	c.Flags().BoolVar(&o.curl, "curl", false, "print a curl command, and send nothing")
	c.Flags().BoolVar(&o.remote, "allow-remote", false, "send to other machines than this one")
	c.Flags().IntVar(&o.count, "count", 1,
		fmt.Sprintf("`number` of events, at most %d; each with an id of its own", maxCount))
	c.Flags().Float64Var(&o.rate, "rate", 10, "events a `second`")
	return c
}

// alone reports a flag that says nothing about a set-up, whose requests are the sender's.
func (o *sending) alone() error {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"curl", o.curl}, {"repeat", o.repeat}, {"stale", o.stale}, {"forge", o.forge}, {"count", o.count != 1},
		{"body", o.body != ""}, {"set", o.set != nil}, {"type", o.eventType != ""}, {"header", o.headers != nil},
	} {
		if flag.given {
			return fmt.Errorf("--setup goes without --%s", flag.name)
		}
	}
	return nil
}

// place is where a sender's deliveries go by default.
func (p *program) place(s *sender, args []string) (*url.URL, error) {
	if len(args) > 0 {
		return parseTarget(args[0])
	}
	file, err := p.stateFile(s.entry.Name + placeSuffix)
	if err != nil {
		return nil, err
	}
	text, err := readPrivate(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("give the URL of the endpoint, or run \"sallyport listen\" first")
	case err != nil:
		return nil, err
	}
	at, err := parseTarget(strings.TrimSpace(string(text)))
	if err == nil && refusesConnections(at.Host) { // a listen that was killed has left it
		removeOwn(file, text)
		return nil, fmt.Errorf("nothing listens at %s any more: run \"sallyport listen\", or give the URL of the "+
			"endpoint", at.Redacted())
	}
	return at, err
}

func (p *program) send(ctx context.Context, o *sending, args []string) error {
	s, _, err := p.sender(&o.choice, false)
	if err != nil {
		return err
	}
	target, err := p.place(s, args)
	switch {
	case err != nil:
		return err
	case o.count < 1 || o.count > maxCount:
		return fmt.Errorf("--count %d is not between 1 and %d", o.count, maxCount)
	case !(o.rate >= minRate && o.rate <= maxRate): // false for NaN too
		return fmt.Errorf("--rate %g is not between %g and %g", o.rate, minRate, maxRate)
	}
	if o.setup {
		if err := o.alone(); err != nil {
			return err
		}
		return p.sendSetup(ctx, s, o, target)
	}
	if e, err := entry.Of(s.provider); o.stale && err == nil && e != nil && !signsTime(e) {
		return fmt.Errorf("--stale: %s signs no time, so nothing distinguishes an old delivery from a new one",
			s.entry.Name)
	}
	if o.forge {
		s = s.another()
	}
	if err := o.load(p.in); err != nil {
		return err
	}
	c := client(o.remote)
	wrongs := 0
	for n := range o.count {
		if n > 0 {
			if err := pause(ctx, time.Duration(float64(time.Second)/o.rate)); err != nil {
				return err
			}
		}
		right, err := p.sendOne(ctx, c, s, o, target)
		if err != nil {
			return err
		}
		if !right {
			wrongs++
		}
	}
	if wrongs > 0 {
		return errWrong
	}
	return nil
}

// sendOne makes an event and sends it, and reports whether it was answered as is right.
func (p *program) sendOne(ctx context.Context, c *http.Client, s *sender, o *sending, target *url.URL) (bool, error) {
	sample, err := o.sample(s)
	if err != nil {
		return false, err
	}
	if o.count > 1 {
		sample = s.fresh(sample)
	}
	at := time.Now()
	if o.stale {
		at = at.AddDate(0, 0, -30)
	}
	r, err := s.sign(target, o.publicURL, sample, at)
	if err != nil {
		return false, err
	}
	if o.curl {
		line, err := curl(r)
		if err != nil {
			return false, err
		}
		return true, p.print(map[string]string{"curl": line}, line+"\n")
	}
	times := 1
	if o.repeat {
		times = 2
	}
	right, bad := true, o.forge || o.stale
	for n := range times {
		again := r.Clone(ctx)
		if again.Body, err = r.GetBody(); err != nil {
			return false, err
		}
		a, err := send(ctx, c, again)
		if err != nil {
			return false, err
		}
		right = right && a.accepted() != bad
		if err := p.printLines(a, verdict(a.accepted() != bad, a.line(bad, n > 0))); err != nil {
			return false, err
		}
	}
	return right, nil
}

// line says what came of a delivery.
func (a answer) line(bad, again bool) string {
	took := a.Took.Round(time.Millisecond / 10)
	switch {
	case bad && !a.accepted():
		return fmt.Sprintf("%d refused in %s, as it must be\n", a.Status, took)
	case bad:
		return fmt.Sprintf("%d ACCEPTED in %s: it must be refused\n", a.Status, took)
	case a.accepted() && again:
		return fmt.Sprintf("%d in %s, the second time\n", a.Status, took)
	case a.accepted():
		return fmt.Sprintf("%d accepted in %s\n", a.Status, took)
	default:
		return fmt.Sprintf("%d NOT accepted in %s: %s\n", a.Status, took, oneLine(a.Body))
	}
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendSetup sends what the sender sends at set-up, and compares the answers with those that it expects.
func (p *program) sendSetup(ctx context.Context, s *sender, o *sending, target *url.URL) error {
	steps, err := s.setup(ctx, client(o.remote), target, o.publicURL)
	if err != nil {
		return err
	}
	failed := false
	for _, step := range steps {
		failed = failed || step.Problem != ""
		says := step.When + ": as expected\n"
		if step.Problem != "" {
			says = oneLine(step.Problem) + "\n"
		}
		if err := p.printLines(step, verdict(step.Problem == "", says)); err != nil {
			return err
		}
	}
	switch {
	case len(steps) == 0:
		return p.print([]step{}, s.entry.Name+" sends nothing before the first event, as far as is known\n")
	case failed:
		return errWrong
	}
	return nil
}

// step is what came of one request of the set-up.
type step struct {
	When    string `json:"when"`
	Status  int    `json:"status"`
	Problem string `json:"problem,omitempty"`
}

func (s *sender) setup(ctx context.Context, c *http.Client, target *url.URL, publicURL string) ([]step, error) {
	signed, err := registered(target, publicURL)
	if err != nil {
		return nil, err
	}
	var failure error
	// The sender hands its requests to a handler, which is the endpoint on the network.
	endpoint := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := deliver(r, target)
		if err == nil {
			var a answer
			if a, err = send(ctx, c, out); err == nil {
				maps.Copy(w.Header(), a.Header)
				w.WriteHeader(a.Status)
				if a.Body != "" {
					_, err = w.Write([]byte(a.Body))
				}
			}
		}
		failure = errors.Join(failure, err)
	})
	webhook := s.webhook(signed.Host)
	var all []step
	for _, one := range webhook.Setup() {
		if one.Awaiting {
			continue // it comes before the endpoint has a secret
		}
		w := webhook.SendSetup(endpoint, signed.RequestURI(), one)
		if failure != nil {
			return nil, failure
		}
		done := step{When: one.When, Status: w.Code}
		if err := one.Check(w); err != nil {
			done.Problem = strings.TrimPrefix(err.Error(), "webhooktest: ")
			if s.asksToken() && s.token == "" {
				done.Problem += ". If it has a verify token of its own, name it by --verify-token-env"
			}
		}
		all = append(all, done)
	}
	return all, nil
}
