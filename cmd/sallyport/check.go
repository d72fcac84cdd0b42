package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

// checking is the flags of check.
type checking struct {
	choice
	content
	runs   string
	remote bool
	slow   time.Duration
}

// result is what came of one case.
type result struct {
	Case   string `json:"case"`
	Status int    `json:"status,omitempty"` // 0: there was no answer
	Right  bool   `json:"right"`
	Says   string `json:"says"`
	// Unchecked says that the case could not be tried, and why; it is neither right nor wrong.
	Unchecked string `json:"unchecked,omitempty"`
}

func (p *program) checkCommand() *cobra.Command {
	var o checking
	c := &cobra.Command{
		Use: "check URL", Short: "Try an endpoint with genuine, forged, stale and repeated deliveries",
		Long: paragraphs(
			"Send an endpoint what it has to accept, and what it must refuse: genuine deliveries, forged, " +
				"changed, stale, early and repeated ones, doubled headers, plain HTTP, set-up requests, large " +
				"and slow bodies. The endpoint has to be configured with the secret of --secret-env, or with " +
				"the one that \"secret new --keep\" printed.\n\n" +
				"From outside nobody sees whether a repeated delivery ran twice. --runs names a URL of the app " +
				"under test that answers with the number of events that its own code has handled, in digits; " +
				"without it that is not checked, nor whether something ran that was refused.\n\n" +
				"Use it on an app under test: genuine events run. Exit status 1: an answer was wrong."),
		Example: "  sallyport check --provider stripe --secret-env STRIPE_SECRET http://127.0.0.1:8080/webhooks/stripe",
		Args:    arguments(1, 1, "give the URL of the endpoint"),
		RunE:    func(c *cobra.Command, args []string) error { return p.check(c.Context(), &o, args[0]) },
	}
	chooseSecret(c, &o.choice)
	chooseToken(c, &o.choice)
	o.flags(c)
	c.Flags().StringVar(&o.runs, "runs", "", "`URL` that answers with the number of events that the app has handled")
	c.Flags().BoolVar(&o.remote, "allow-remote", false, "check an endpoint on another machine than this one")
	c.Flags().DurationVar(&o.slow, "slow", 35*time.Second,
		"`time` within which a body that trickles in must be given up; 0 leaves it out")
	return c
}

// examiner checks one endpoint.
type examiner struct {
	ctx    context.Context
	client *http.Client
	sender *sender
	other  *sender // another secret
	target *url.URL
	runs   *url.URL
	guard  reference
	o      *checking
	p      *program
	all    []result
}

func (p *program) check(ctx context.Context, o *checking, address string) error {
	s, _, err := p.sender(&o.choice, false)
	if err != nil {
		return err
	}
	x := &examiner{ctx: ctx, client: client(o.remote), sender: s, other: s.another(), o: o, p: p}
	if x.target, err = parseTarget(address); err != nil {
		return err
	}
	registeredAt, err := registered(x.target, o.publicURL)
	if err != nil {
		return err
	}
	x.guard = reference{s, registeredAt.String(), x.target.Scheme == "https"}
	if o.runs != "" {
		if x.runs, err = parseTarget(o.runs); err != nil {
			return fmt.Errorf("--runs: %w", err)
		}
	}
	if err := o.load(p.in); err != nil {
		return err
	}
	// The slow one takes its time while the others go on.
	var slow result
	var waiting sync.WaitGroup
	if o.slow > 0 {
		waiting.Go(func() { slow = x.slowBody() })
	}
	err = x.try()
	waiting.Wait()
	if err != nil {
		return err
	}
	if o.slow > 0 {
		x.all = append(x.all, slow)
	}
	return x.report()
}

func (x *examiner) report() error {
	wrongs := 0
	rows := [][]string{}
	colours := []terminal.Colour{}
	for _, r := range x.all {
		status := "-"
		if r.Status != 0 {
			status = strconv.Itoa(r.Status)
		}
		says, colour := "ok", terminal.Green
		switch {
		case r.Unchecked != "":
			says, colour = "not checked: "+r.Unchecked, terminal.Yellow
		case !r.Right:
			says, colour = "WRONG: "+r.Says, terminal.Red
			wrongs++
		}
		rows, colours = append(rows, []string{r.Case, status, says}), append(colours, colour)
	}
	lines := append(painted(rows, colours),
		verdict(wrongs == 0, fmt.Sprintf("%d checks, %d wrong\n", len(x.all), wrongs)))
	if err := x.p.printLines(map[string]any{"checks": x.all, "wrong": wrongs}, lines...); err != nil {
		return err
	}
	if wrongs > 0 {
		return errWrong
	}
	return nil
}

// count returns how many events the app has handled; -1: it does not say.
func (x *examiner) count() (int, error) {
	if x.runs == nil {
		return -1, nil
	}
	r, err := http.NewRequestWithContext(x.ctx, http.MethodGet, x.runs.String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	a, err := send(x.ctx, x.client, r)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(a.Body))
	if err != nil || !a.accepted() {
		return 0, errors.New("--runs: the URL does not answer with a number")
	}
	return n, nil
}

// some is a number of events that is not known: a delivery may hold several.
const some = -1

// want is what is right for a case.
type want struct {
	accepted bool
	ran      int    // events that the app handles because of it; or some
	says     string // what is wrong where the answer is another
	ranElse  string // what is wrong where another number ran
}

// tries sends requests and compares the last answer, and what ran, with what is right.
func (x *examiner) tries(name string, w want, requests ...*http.Request) error {
	if !w.accepted && x.guard.accepts(x.ctx, requests[len(requests)-1]) {
		x.skip(name, "the sender's proof does not cover it: a guard accepts it as well")
		return nil
	}
	before, err := x.count()
	if err != nil {
		return err
	}
	var a answer
	for _, r := range requests {
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return err
			}
		}
		if a, err = send(x.ctx, x.client, r); err != nil {
			// An endpoint may hang up on what it refuses. On what it accepts, or if it is not there at all, this is
			// not an answer.
			switch {
			case w.accepted || x.ctx.Err() != nil || isDial(err):
				return err
			case isTimeout(err):
				x.all = append(x.all, result{Case: name, Says: w.says + ": no answer came, and its sender waits"})
				return nil
			}
			a, err = answer{}, nil
		}
	}
	after, err := x.count()
	if err != nil {
		return err
	}
	r := result{Case: name, Status: a.Status, Right: a.accepted() == w.accepted, Says: w.says}
	if n := after - before; r.Right && before >= 0 && (w.ran == some && n < 1 || w.ran != some && n != w.ran) {
		r.Right, r.Says = false, w.ranElse
		switch {
		case r.Says != "":
		case w.ran == some:
			r.Says = "no event reached the app's code: does it have a receiver for this type? --type names another"
		default:
			r.Says = fmt.Sprintf("%d events reached the app's code", n)
		}
	}
	if w.accepted && !r.Right && a.Body != "" {
		r.Says += " (" + oneLine(a.Body) + ")"
	}
	x.all = append(x.all, r)
	return nil
}

// skip notes a case that cannot be tried.
func (x *examiner) skip(name, why string) { x.all = append(x.all, result{Case: name, Unchecked: why}) }

// slowBody sends a body a byte at a time, and expects the endpoint to give it up.
func (x *examiner) slowBody() result {
	const name = "a body that trickles in"
	ctx, cancel := context.WithTimeout(x.ctx, x.o.slow)
	defer cancel()
	from, to := io.Pipe()
	go func() {
		for {
			if _, err := to.Write([]byte(" ")); err != nil {
				return
			}
			if pause(ctx, 250*time.Millisecond) != nil {
				_ = to.CloseWithError(ctx.Err())
				return
			}
		}
	}()
	defer func() { _ = from.Close() }()
	signed, err := x.make(x.sender, time.Now())
	if err != nil {
		return result{Case: name, Unchecked: err.Error()}
	}
	r, err := http.NewRequestWithContext(ctx, signed.Method, signed.URL.String(), from)
	if err != nil {
		return result{Case: name, Unchecked: err.Error()}
	}
	r.Header = signed.Header
	r.ContentLength = 100_000
	a, err := send(ctx, x.client, r)
	if err != nil && (ctx.Err() != nil || isTimeout(err)) {
		return result{Case: name, Says: fmt.Sprintf("the endpoint waited for it for %s: set http.Server.ReadTimeout, "+
			"and bound how long a body may take", x.o.slow)}
	}
	return result{Case: name, Status: a.Status, Right: !a.accepted(), Says: "it was accepted before it was there"}
}
