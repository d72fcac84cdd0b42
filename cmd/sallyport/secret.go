package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// choose adds the flags that choose a sender.
func choose(c *cobra.Command, to *choice) {
	c.Flags().StringVar(&to.provider, "provider", "", "`name` of the sender, as \"sallyport providers\" lists it")
	completes(c, "provider", names)
	c.Flags().StringArrayVar(&to.parameters, "param", nil,
		"`name=value` of what the sender needs besides (\"sallyport providers NAME\");\nof a secret, the environment "+
			"variable that holds it; may be repeated")
}

// chooseSecret adds the flag that names the secret. There is none that holds it: lists of processes and histories of
// shells show arguments.
func chooseSecret(c *cobra.Command, to *choice) {
	choose(c, to)
	c.Flags().StringVar(&to.secretEnv, "secret-env", "", "environment `variable` with the secret; for a key pair the "+
		"private key in PEM.\nDefault: the one that listen or \"secret new --keep\" has kept on this machine")
}

// chooseToken adds the flag that names the verify token.
func chooseToken(c *cobra.Command, to *choice) {
	c.Flags().StringVar(&to.verifyTokenEnv, "verify-token-env", "", "environment `variable` with the verify token, for "+
		"senders that present one while the URL is saved.\nDefault: that of tests, "+webhooktest.VerifyToken)
}

func (p *program) secretCommand() *cobra.Command {
	parent := &cobra.Command{Use: "secret", Short: "Make a secret, or check one", Args: noSuchCommand, RunE: help,
		SuggestionsMinimumDistance: 2}
	parent.AddCommand(p.secretNewCommand(), p.secretShowCommand(), p.secretCheckCommand())
	return parent
}

func (p *program) secretNewCommand() *cobra.Command {
	var to choice
	var keep bool
	c := &cobra.Command{
		Use: "new", Short: "Print a fresh secret in the form that the sender uses",
		Long: paragraphs(
			"Print a fresh secret in the form that the sender uses: for its dashboard where the user " +
				"chooses the secret, else for tests. For a sender that signs with a key pair it is the public " +
				"key, for the endpoint; with --keep the private key is kept, so that send and check can sign."),
		Example: "  sallyport secret new --provider github\n  sallyport secret new --provider discord --keep",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			e, provided, err := p.provide(&to)
			if err != nil {
				return err
			}
			s := &sender{entry: e, provider: provided}
			s.Configured, s.Signing = webhooktest.Keys(provided)
			if keep {
				file, err := p.stateFile(e.Name + keySuffix)
				if err != nil {
					return err
				}
				if err := s.keep(file); err != nil {
					return err
				}
			}
			return p.print(map[string]string{"provider": e.Name, "secret": s.Configured}, s.Configured+"\n")
		},
	}
	choose(c, &to)
	c.Flags().BoolVar(&keep, "keep", false, "keep it in a file that only you can read, where send and check find it")
	return c
}

func (p *program) secretShowCommand() *cobra.Command {
	var to choice
	c := &cobra.Command{
		Use: "show", Short: "Print the secret that is kept on this machine, for an app under test",
		Long: paragraphs(
			"Print the secret that listen or \"secret new --keep\" has kept on this machine: what an app under " +
				"test is configured with. For a sender that signs with a key pair it is the public key."),
		Example: "  STRIPE_SECRET=$(sallyport secret show --provider stripe) go run .",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, _, err := p.sender(&to, false)
			if err != nil {
				return err
			}
			return p.print(map[string]string{"provider": s.entry.Name, "secret": s.Configured}, s.Configured+"\n")
		},
	}
	choose(c, &to)
	return c
}

func (p *program) secretCheckCommand() *cobra.Command {
	var to choice
	c := &cobra.Command{
		Use: "check", Short: "Say what is wrong with a secret",
		Long: paragraphs(
			"Say what is wrong with a secret, from --secret-env or from standard input. It is never " +
				"printed. Exit status 1: a guard would refuse it."),
		Example: "  sallyport secret check --provider stripe --secret-env STRIPE_SECRET",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			e, provided, err := p.provide(&to)
			if err != nil {
				return err
			}
			text, err := p.secretText(&to)
			if err != nil {
				return err
			}
			problem := check(provided, text)
			found := map[string]any{"provider": e.Name, "good": problem == nil}
			says := "A guard accepts it.\n"
			if problem != nil {
				found["problem"] = problem.Error()
				says = problem.Error() + "\n"
			}
			if err := p.printLines(found, verdict(problem == nil, says)); err != nil {
				return err
			}
			if problem != nil {
				return errWrong
			}
			return nil
		},
	}
	choose(c, &to)
	c.Flags().StringVar(&to.secretEnv, "secret-env", "",
		"environment `variable` with the secret; default: standard input")
	return c
}

const maxSecret = 64 << 10

func (p *program) secretText(to *choice) (string, error) {
	if to.secretEnv != "" {
		return p.variable("--secret-env", to.secretEnv)
	}
	text, err := io.ReadAll(io.LimitReader(p.in, maxSecret+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecret:
		return "", errors.New("standard input is far longer than a secret")
	}
	// The line end of an echo is not the secret's.
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}

// check returns what a guard says of a secret.
func check(provided core.Provider, text string) error {
	g, err := core.New(core.Config{
		Endpoint: "check", Provider: provided, Secrets: secrets.Static(text), Replay: memstore.New(),
		StoreFailure: core.RefuseDelivery, PublicURL: "https://example.com/webhooks",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	return g.Shutdown(context.Background())
}
