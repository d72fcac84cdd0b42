package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/terminal"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
)

// Exit statuses. They are an API: scripts ask for them.
const (
	good  = 0
	wrong = 1 // an answer that is not the right one, an event that failed again
	usage = 2 // a wrong command line, or something that could not be done
)

// errWrong is returned by a command that did its work, and found something wrong.
var errWrong = errors.New("something is wrong")

// errNotDone is returned by a command that could not do its work, and has printed why.
var errNotDone = errors.New("it was printed")

// program is what all commands share.
type program struct {
	streams
	getenv func(string) string
	output string            // "text" or "json"
	paint  terminal.Painting // for standard output, which may be a terminal
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, s streams, getenv func(string) string) int {
	paint, out := terminal.Painter(s.out, getenv), &output{w: s.out}
	s.in, s.out = &input{ctx, s.in}, out
	p := &program{streams: s, getenv: getenv, paint: paint}
	root := p.command()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if failed := out.failure(); err == nil { // help and what runs in the background write without asking
		err = failed
	}
	switch {
	case err == nil:
		return good
	case errors.Is(err, errWrong):
		return wrong
	case errors.Is(err, errNotDone):
		return usage
	}
	// Each with its file and line, as editors and people look for them.
	if mistakes, ok := errors.AsType[receiver.Mistakes](err); ok {
		for _, one := range mistakes {
			_, _ = fmt.Fprintln(s.err, oneLine(one))
		}
		return usage
	}
	_, _ = fmt.Fprintln(s.err, "sallyport:", oneLine(strings.TrimPrefix(err.Error(), "sallyport: ")))
	return usage
}

func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "sallyport",
		Short: "Make, send, receive and check webhooks",
		Long: paragraphs(
			"sallyport makes, sends, receives and checks webhooks on a developer's machine, and works on " +
				"the journal of a running app by its page or its database.\n\n" +
				"Exit status: 0, all is well; 1, something is wrong: an answer, a secret, a request, the " +
				"configuration of serve, an event that failed again; 2, the command line is wrong, or " +
				"the work could not be done."),
		Example: "  sallyport listen --provider stripe\n" +
			"  sallyport send --provider stripe --type invoice.paid        # in a second terminal",
		SilenceUsage: true, SilenceErrors: true, Args: noSuchCommand, RunE: help, SuggestionsMinimumDistance: 2,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.output != "text" && p.output != "json" {
				return fmt.Errorf("--output %q is neither text nor json", p.output)
			}
			return nil
		},
	}
	root.PersistentFlags().StringVarP(&p.output, "output", "o", "text", "`form` of the output: text or json")
	completes(root, "output", words("text", "json"))
	root.AddCommand(
		p.secretCommand(), p.providersCommand(), p.signCommand(), p.sendCommand(), p.checkCommand(), p.listenCommand(),
		p.serveCommand(), p.doctorCommand(), p.forgetCommand(),
		p.eventsCommand(), p.showCommand(), p.dismissCommand(), p.redriveCommand(), p.rotationCommand(),
	)
	return root
}

const oneID = "give the ID of an event, as \"sallyport events\" lists it"

// arguments checks how many there are. Its error says what is wanted.
func arguments(least, most int, wanted string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return errors.New(wanted)
		}
		return nil
	}
}

// noSuchCommand is the Args of a command that has others below it: it refuses a word that is none of them, and says
// which may be meant.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], c.CommandPath())
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text)
}

// help is what a command does that has others below it.
func help(c *cobra.Command, _ []string) error { return c.Help() }

// print writes what a command found: as JSON, or as text.
func (p *program) print(v any, text string) error { return p.printLines(v, line{text: text}) }

// printLines writes what a command found: as JSON, or as lines. Neither steers the terminal, but for our own colours.
func (p *program) printLines(v any, lines ...line) error {
	if p.output == "json" {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return err
		}
		_, err := io.WriteString(p.out, escaped(b.String()))
		return err
	}
	_, err := io.WriteString(p.out, p.painting(lines))
	return err
}
