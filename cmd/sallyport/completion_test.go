package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a flag takes is offered by the shell, and no file where it takes none.
func TestTheShellCompletesWhatAFlagTakes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args []string
		want []string
	}{
		{[]string{"send", "--provider", ""}, []string{"stripe", "github"}},
		{[]string{"sign", "--provider", ""}, []string{"stripe"}},
		{[]string{"check", "--provider", ""}, []string{"stripe"}},
		{[]string{"listen", "--provider", ""}, []string{"stripe"}},
		{[]string{"serve", "--provider", ""}, []string{"stripe"}},
		{[]string{"doctor", "--provider", ""}, []string{"stripe"}},
		{[]string{"secret", "new", "--provider", ""}, []string{"stripe"}},
		{[]string{"secret", "check", "--provider", ""}, []string{"stripe"}},
		{[]string{"secret", "show", "--provider", ""}, []string{"stripe"}},
		{[]string{"providers", "--output", ""}, []string{"text", "json"}},
		{[]string{"events", "--state", ""}, []string{"open", "parked", "done", "dismissed", "refused"}},
		{[]string{"redrive", "--state", ""}, []string{"open", "parked"}},
		{[]string{"serve", "--router", ""}, []string{"gin", "echo", "echo5", "chi"}},
		{[]string{"send", "--provider", "stripe", "--type", ""}, []string{"checkout.session.completed"}},
		{[]string{"sign", "--provider", "github", "--type", ""}, []string{"push"}},
	} {
		out := newCommand(t).good(append([]string{"__complete"}, row.args...)...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for _, want := range row.want {
			require.Contains(t, lines, want, "%q", row.args)
		}
		require.Equal(t, ":4", lines[len(lines)-1], "%q: no file", row.args)
	}
	// Without a sender there is no type to offer, and nothing fails.
	require.Equal(t, ":4", strings.TrimSpace(newCommand(t).good("__complete", "send", "--type", "")))
}
