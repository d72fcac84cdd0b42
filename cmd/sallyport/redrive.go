package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

// act acts on an entry, at the revision that it has now: the page refuses one that has changed since.
func (r *remotePage) act(ctx context.Context, id, action string, into any) error {
	path, err := eventPath(id)
	if err != nil {
		return err
	}
	var e event
	if err := r.call(ctx, http.MethodGet, path, nil, &e); err != nil {
		return err
	}
	form := url.Values{"revision": {strconv.FormatUint(e.Revision, 10)}}
	return r.call(ctx, http.MethodPost, path+"/"+action, form, into)
}

func (p *program) dismissCommand() *cobra.Command {
	at := place{writes: true}
	c := &cobra.Command{
		Use: "dismiss ID", Short: "Close an event of a running app without a success",
		Long: paragraphs(
			"Close an event of a running app without a success.\n\n" +
				placeHelp),
		Args: arguments(1, 1, oneID),
		RunE: p.pageOrDatabase(&at, func(c *cobra.Command, page *remotePage, args []string) error {
			var done map[string]any
			if err := page.act(c.Context(), args[0], "dismiss", &done); err != nil {
				return err
			}
			return p.print(done, "dismissed\n")
		}),
	}
	at.flags(c)
	return c
}

// ran is what came of one run.
type ran struct {
	ID     string `json:"id"`
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (p *program) redriveCommand() *cobra.Command {
	var state, endpoint, kind, text string
	var at place
	states := []string{"open", "parked"}
	c := &cobra.Command{
		Use: "redrive [ID]", Short: "Run events of a running app again",
		Long: paragraphs(
			"Run an event of a running app again, or all that are open or parked: the oldest first, at most " +
				"100, until three have failed in a row. Exit status 1: one failed again.\n\n" +
				"Only the app has its receivers: it works by the app's page, and by no database. " + pageHelp),
		Example: "  sallyport redrive 7c1e09...\n  sallyport redrive --state parked --endpoint stripe",
		Args:    arguments(0, 1, "give one ID, or none"),
		PreRunE: func(*cobra.Command, []string) error {
			if at.given() || at.alone() != nil {
				return errors.New("redrive runs the app's receivers, which no database has: it works by the app's " +
					"page (SALLYPORT_PAGE), and not with --database or --config")
			}
			return nil
		},
		RunE: p.onPage(func(c *cobra.Command, page *remotePage, args []string) error {
			if len(args) == 0 {
				if err := stateFlag(state, states...); err != nil {
					return err
				}
				form := url.Values{"outcome": {state}, "endpoint": {endpoint}, "type": {kind}, "error": {text}}
				return p.redriveMany(c.Context(), page, form)
			}
			var one ran
			if err := page.act(c.Context(), args[0], "redrive", &one); err != nil {
				return err
			}
			return p.ran([]ran{one}, "")
		}),
	}
	c.Flags().StringVar(&state, "state", "parked", "`state` of those to run, without an ID: open or parked")
	completes(c, "state", words(states...))
	c.Flags().StringVar(&endpoint, "endpoint", "", "`name` of their endpoint")
	c.Flags().StringVar(&kind, "type", "", "`type` of the events")
	c.Flags().StringVar(&text, "error", "", "`text` in their errors")
	var database cobra.Command
	at.flags(&database)
	database.Flags().VisitAll(func(f *pflag.Flag) {
		f.Hidden = true // it is there for the error alone
		c.Flags().AddFlag(f)
	})
	return c
}

func (p *program) redriveMany(ctx context.Context, page *remotePage, form url.Values) error {
	var all struct {
		Results       []ran
		Stopped, More bool
		Older         string // where the page's search goes on, which is bounded for each request
	}
	for n := 1; ; n++ {
		if err := page.call(ctx, http.MethodPost, "redrive", form, &all); err != nil {
			return err
		}
		if len(all.Results) > 0 || all.Older == "" || n == maxPages || all.Older == form.Get("before") {
			break
		}
		form.Set("before", all.Older)
		all.Older = ""
	}
	remark := ""
	switch {
	case all.Stopped:
		remark = "It ended after three failures in a row.\n"
	case all.More, all.Older != "":
		remark = "There may be more: run it again.\n"
	}
	return p.ran(all.Results, remark)
}

// ran prints what came of runs.
func (p *program) ran(all []ran, remark string) error {
	rows := [][]string{}
	colours := []terminal.Colour{}
	done := 0
	for _, one := range all {
		colour := terminal.Red
		if one.Result == "done" || one.Result == "already_done" {
			done++
			colour = terminal.Green
		}
		colours = append(colours, colour)
		rows = append(rows, []string{one.ID, one.Result, one.Error})
	}
	lines := append(painted(rows, colours),
		line{text: fmt.Sprintf("%d redriven: %d done\n", len(all), done) + remark})
	if all == nil {
		all = []ran{}
	}
	if err := p.printLines(all, lines...); err != nil {
		return err
	}
	if done < len(all) {
		return errWrong
	}
	return nil
}
