package main

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/doctor"
)

func (p *program) doctorCommand() *cobra.Command {
	var refused error // a file that keeps a secret may not be read
	o := doctor.Options{Kept: func(provider string) string { return p.kept(provider, &refused) }}
	c := &cobra.Command{
		Use: "doctor FILE", Short: "Say what is wrong with a saved request, and how to fix it",
		Long: paragraphs(
			"Say what is wrong with a saved request, and how to fix it; or who sent it. Nothing is sent, " +
				"remembered or changed, and no secret is shown.\n\n" +
				"The file holds raw HTTP: the request line, the headers, an empty line and the body, as tcpdump -A " +
				"or a proxy's log shows them; \"-\" is standard input. What curl -v prints is understood too; it has " +
				"no body, which --body then gives. Or it is a HAR file, as browsers and proxies export it, of which " +
				"--entry chooses a request. Or an entry of a journal, as \"sallyport show ID --output json\" prints " +
				"it. The body has to be the bytes as they came: an editor that adds a line break invalidates a " +
				"signature, and doctor says so.\n\n" +
				"Who sent this? With several --provider, with --who, or with neither --config nor --provider, every " +
				"one is tried: by the header of its signature, and by its secret.\n\n" +
				"Exit status: 0, it would be accepted, or its sender is known; 1, it would be refused, its receiver " +
				"failed, or its sender is not known; 2, it could not be examined."),
		Example: "  sallyport doctor --config receiver.yaml refused.http\n" +
			"  sallyport doctor --provider stripe --secret-env STRIPE_SECRET refused.http\n" +
			"  sallyport doctor --config receiver.yaml --entry 3 refused.har\n" +
			"  sallyport doctor --secret-env HOOK_SECRET refused.http        # who sent this?",
		Args: arguments(1, 1, "give the file with the saved request; \"-\" is standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.Check(c.Flags()); err != nil {
				return err
			}
			r, err := doctor.Diagnose(&o, args[0], p.in)
			if err = cmp.Or(refused, err); err != nil {
				return err
			}
			if err := p.printLines(r, concluded(r.Good(), r.String())...); err != nil {
				return err
			}
			if !r.Good() {
				return errWrong
			}
			return nil
		},
	}
	o.Flags(c.Flags())
	completes(c, "provider", names)
	return c
}

// kept returns the secret of a sender that is kept on this machine, or nothing. It sets refused where its file may not
// be read.
func (p *program) kept(provider string, refused *error) string {
	s, _, err := p.sender(&choice{provider: provider}, false)
	if file, ok := errors.AsType[*refusedFileError](err); ok {
		*refused = file
	}
	if err != nil {
		return "" // doctor then says that a secret is missing
	}
	return s.Configured
}
