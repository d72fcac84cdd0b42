package main

import (
	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// completes has the shell offer the values of a flag, and no file.
func completes(c *cobra.Command, flag string, values func() []string) {
	_ = c.RegisterFlagCompletionFunc(flag, // its error is one of a flag that does not exist, or has one already
		func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		})
}

// words are values that never change.
func words(all ...string) func() []string { return func() []string { return all } }

// completesTypes has the shell offer the types of the samples of the sender that was chosen.
func completesTypes(c *cobra.Command) {
	completes(c, "type", func() []string {
		e, ok := catalogue.ByName(c.Flag("provider").Value.String())
		if !ok {
			return nil
		}
		return typesOf(webhooktest.Samples(e.Sample()))
	})
}
