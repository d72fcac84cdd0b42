package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

func (p *program) serveCommand() *cobra.Command {
	var o receiver.Options
	var sample bool
	c := &cobra.Command{
		Use: "serve", Short: "Receive the events of any senders, and print a JSON line for each",
		Long: paragraphs(
			"Receive the events of any senders on any router, and print a JSON line for each: to try a sender " +
				"against a tunnel, or to hand events to another program.\n\n" +
				"Standard output is one JSON object a line, whatever --output says: \"listening\" first, " +
				"\"signal\" for each call of a receiver, \"answered\" for each delivery that reached none. The log " +
				"goes to standard error. An interrupt ends it when what has begun is finished.\n\n" +
				"--page shows what arrives in the browser, and runs what has failed again; its address goes to " +
				"standard error. \"sallyport events\" and its kin find it.\n\n" +
				"Every setting is in the file that --sample prints. One endpoint can be set up by flags.\n\n" +
				"Exit status 1: the configuration has mistakes, a line each with its file, line and key; or it " +
				"could not serve, and the log says why."),
		Example: "  sallyport serve --sample > receiver.yaml\n" +
			"  sallyport serve --config receiver.yaml\n" +
			"  sallyport serve --provider github --secret-env GITHUB_SECRET --trusted-proxies 127.0.0.1",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if sample {
				_, err := p.out.Write(receiver.Sample())
				return err
			}
			if err := o.Check(c.Flags()); err != nil {
				return err
			}
			o.KeepPage = p.keepPage
			return failed(receiver.Serve(c.Context(), &o, storeOpener(), receiver.Streams{Out: p.out, Err: p.err}))
		},
	}
	o.Flags(c.Flags())
	o.PageFlag(c.Flags())
	completes(c, "provider", names)
	completes(c, "router", receiver.Routers)
	c.Flags().BoolVar(&sample, "sample", false, "print a configuration with every setting, and end")
	return c
}

// failed makes the exit status 1 of what was printed already.
func failed(err error) error {
	if errors.Is(err, receiver.ErrFailed) {
		return errWrong
	}
	return err
}

func (p *program) forgetCommand() *cobra.Command {
	var f receiver.Forgetting
	c := &cobra.Command{
		Use: "forget ID...", Short: "Let events of an endpoint run again with their next delivery",
		Long: paragraphs(
			"Make the replay store of an endpoint forget events, so that their next delivery runs again: after a " +
				"receiver was fixed, followed by \"resend\" at the sender. It is for endpoints without a journal; " +
				"with one, redrive needs no sender.\n\n" +
				"An ID is that of the sender, or the identity as the log shows it, which names its event by itself: " +
				"--endpoint then says whose store it is in. The store has to be a database: what a process remembers " +
				"in its memory ends with it.\n\n" +
				"An event that is in flight is not forgotten: it would run twice at once. Call it again when its run " +
				"has ended. Where the process that ran it has died, its lease expires by itself; " +
				"--dangerously-forget-in-flight does not wait for that.\n\n" +
				"Exit status 1: one of the events was not remembered, or is in flight; 2: nothing could be done, for " +
				"example because the store cannot be opened."),
		Example: "  sallyport forget --config receiver.yaml --endpoint /hooks/stripe evt_123",
		Args:    arguments(1, math.MaxInt, "give the IDs of the events to forget"),
		RunE: func(c *cobra.Command, ids []string) error {
			if f.File == "" {
				return errors.New("--config is missing: the file of serve with the endpoint and its store")
			}
			f.IDs = ids
			left := false
			err := receiver.Forget(c.Context(), &f, storeOpener(), receiver.Streams{Out: p.out, Err: p.err},
				func(one receiver.Forgotten) error {
					left = left || one.Unknown || one.Kept
					return p.forgotten(&one)
				})
			switch {
			case errors.Is(err, receiver.ErrFailed):
				return errNotDone
			case err == nil && left:
				return errWrong
			}
			return err
		},
	}
	c.Flags().StringVar(&f.File, "config", "", "YAML `file` of serve")
	c.Flags().StringVar(&f.Endpoint, "endpoint", "", "`path` of the endpoint, where there are several")
	c.Flags().StringVar(&f.Tenant, "tenant", "", "`tenant` whose events they are, where the endpoint has tenants")
	c.Flags().BoolVar(&f.DangerouslyInFlight, "dangerously-forget-in-flight", false,
		"forget events that are in flight too: one whose run is still at work runs twice at once")
	return c
}

func (p *program) forgotten(one *receiver.Forgotten) error {
	key, says, more := "forgotten", "forgotten by", ""
	switch {
	case one.Kept:
		key, says = "in_flight", "in flight, and not forgotten by"
		more = ": its lease expires in " + one.InFlight + "; call it again when its run has ended, or see " +
			"--dangerously-forget-in-flight"
	case one.InFlight != "":
		says = "forgotten, although in flight, by"
	case one.Unknown:
		key, says = "not_remembered", "not remembered by"
	case one.ByIdentity:
		says = "forgotten by the store of"
	}
	return p.print(map[string]*receiver.Forgotten{key: one},
		fmt.Sprintf("%s %s: %s%s\n", says, one.Endpoint, oneLine(one.ID), more))
}
