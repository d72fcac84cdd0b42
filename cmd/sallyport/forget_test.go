//go:build full

package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
)

// remembersIn is a configuration of serve with one endpoint, which remembers in a SQLite file.
func remembersIn(t *testing.T, file string) string {
	t.Helper()
	return written(t, "receiver.yaml", "listen: 127.0.0.1:0\nendpoints:\n  - {path: /hooks, provider: stripe, "+
		"secrets: [whsec_made-up-for-tests-0123456789], dangerously_allow_http: true, "+
		"replay: {store: sqlite, namespace: receiver, url: \""+file+"\"}}\n")
}

// An event that a process works on would run twice at once.
func TestForgetLeavesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "replay.db")
	place := database.Place{Kind: database.SQLite, URL: file, Namespace: "receiver"}
	store, closing, err := drivers.Store(t.Context(), place, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closing()) })
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	id := core.Identity{1, 2, 3}
	_, err = store.Claim(t.Context(), []replay.Item{{Key: replay.Key(id)}}, time.Minute)
	require.NoError(t, err)
	cmd := newCommand(t)
	config := remembersIn(t, file)

	status, out, problem := cmd.run("forget", "--config", config, id.String())
	require.Equal(t, wrong, status, problem)
	require.Empty(t, problem, "what a guard says at its start is about deliveries")
	require.Regexp(t, `^in flight, and not forgotten by /hooks: `+id.String()+`: its lease expires in (1m0|59)s; call `+
		`it again when its run has ended, or see --dangerously-forget-in-flight\n$`, out)
	status, out, _ = cmd.run("forget", "-o", "json", "--config", config, id.String())
	require.Equal(t, wrong, status)
	require.Regexp(t, `^{"in_flight":{"endpoint":"/hooks","id":"`+id.String()+
		`","lease_expires_in":"(1m0|5\d)s"}}\n$`, out)
	results, err := store.Claim(t.Context(), []replay.Item{{Key: replay.Key(id)}}, time.Minute)
	require.NoError(t, err)
	require.Equal(t, replay.InFlight, results[0].State, "its holder has lost nothing")

	out = cmd.good("forget", "--config", config, "--dangerously-forget-in-flight", id.String())
	require.Equal(t, "forgotten, although in flight, by /hooks: "+id.String()+"\n", out)
	results, err = store.Claim(t.Context(), []replay.Item{{Key: replay.Key(id)}}, time.Minute)
	require.NoError(t, err)
	require.Equal(t, replay.Claimed, results[0].State)
}

// Of every command for operators: 1 is for what it found, and 2 for what could not be done.
func TestWhatCannotBeDoneIsStatus2(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.db")
	noStore := remembersIn(t, missing)
	mistaken := written(t, "receiver.yaml", "endpoints:\n  - {path: /hooks, provider: githup}\n")
	byDatabase := [][]string{{"events"}, {"show", "00ff"}, {"dismiss", "00ff"}, {"rotation"}}
	byPage := append([][]string{{"redrive"}, {"redrive", "00ff"}}, byDatabase...)
	forget := [][]string{{"forget", "evt_1"}, {"forget", "-o", "json", "evt_1"}}
	all := append(append([][]string{}, forget...), byDatabase...)
	for _, row := range []struct {
		says     string
		commands [][]string
		args     []string
		want     string
	}{
		{"a store whose file is missing", all, []string{"--config", noStore}, "it does not exist"},
		{"a configuration with a mistake", all, []string{"--config", mistaken}, ":2: endpoints[0].provider: "},
		{"a configuration that is missing", all, []string{"--config", "none.yaml"}, "open none.yaml: "},
		{"a database whose file is missing", byDatabase, []string{"--database", missing, "--namespace", "a"},
			"--database: unable to open"},
		{"a page that nobody serves", byPage, nil,
			"sallyport: the page at http://127.0.0.1:1/ cannot be reached: dial tcp 127.0.0.1:1: connect: " +
				"connection refused"},
	} {
		for _, command := range row.commands {
			cmd := newCommand(t)
			if row.args == nil {
				cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = "http://127.0.0.1:1", "ops:password"
			}
			says := row.says + ": " + strings.Join(command, " ")
			status, out, problem := cmd.run(append(append([]string{}, command...), row.args...)...)
			require.Equal(t, usage, status, says)
			require.Empty(t, out, says)
			require.Contains(t, problem, row.want, says)
			require.Equal(t, 1, strings.Count(problem, "\n"), problem)
		}
	}
	require.NoFileExists(t, missing)
}
