//go:build unix

package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// onTerminal runs a command whose output is a terminal, and returns what was written to it.
func (c *command) onTerminal(args ...string) string {
	c.t.Helper()
	screen, terminal, err := pty.Open()
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, screen.Close()) }()
	run(c.t.Context(), args, streams{strings.NewReader(c.in), terminal, io.Discard},
		func(name string) string { return c.env[name] })
	require.NoError(c.t, terminal.Close())
	text, _ := io.ReadAll(screen) // Linux reports the closed side as an error
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestAVerdictHasItsColourOnATerminalAlone(t *testing.T) {
	t.Parallel()
	const accepted, short = "A guard accepts it.", "whsec_c2hvcnQ="
	check := []string{"secret", "check", "--provider", "standard-webhooks"}
	tests := []struct {
		name, secret string
		env          map[string]string
		args         []string
		begins, ends string
	}{
		{
			name: "good is green", secret: "whsec_" + strings.Repeat("QUJD", 11),
			begins: "\x1b[32m" + accepted, ends: "\x1b[0m\n",
		},
		{name: "bad is red", secret: short, begins: "\x1b[1;31m", ends: "\x1b[0m\n"},
		{name: "NO_COLOR asks for none", secret: short, env: map[string]string{"NO_COLOR": "1"}, ends: "\n"},
		{name: "a dumb terminal shows none", secret: short, env: map[string]string{"TERM": "dumb"}, ends: "\n"},
		{name: "JSON has none", secret: short, args: []string{"--output", "json"}, begins: "{", ends: "}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCommand(t)
			c.in = tt.secret
			for name, value := range tt.env {
				c.env[name] = value
			}
			text := c.onTerminal(slices.Concat(check, tt.args)...)
			require.True(t, strings.HasPrefix(text, tt.begins) && strings.HasSuffix(text, tt.ends), "%q", text)
			require.Equal(t, strings.HasPrefix(tt.begins, "\x1b"), strings.Contains(text, "\x1b"), "%q", text)
		})
	}
	c := newCommand(t)
	c.in = short
	_, out, _ := c.run(check...)
	require.NotContains(t, out, "\x1b", "a pipe")
}

// TestWhatASenderWritesPaintsNothing: only our own colours reach the terminal.
func TestWhatASenderWritesPaintsNothing(t *testing.T) {
	t.Parallel()
	c := newCommand(t)
	app := serve(t, 0, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		_, err := w.Write([]byte("\x1b[32maccepted\x1b[0m"))
		require.NoError(t, err)
		return false
	})
	c.good("secret", "new", "--provider", "stripe", "--keep")
	text := c.onTerminal("send", "--provider", "stripe", app.URL+"/hook")
	require.True(t, strings.HasPrefix(text, "\x1b[1;31m418 NOT accepted"), "%q", text)
	require.Equal(t, 2, strings.Count(text, "\x1b"), "%q", text)
}
