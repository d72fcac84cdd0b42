package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// keptFiles are the files of pages that run.
func (c *command) keptFiles() []string {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.env["XDG_STATE_HOME"], "sallyport", "page-*"))
	require.NoError(c.t, err)
	return files
}

// listens runs listen, and returns the address of its page, as it is printed.
func (c *command) listens(args ...string) string {
	c.t.Helper()
	out := c.background(append([]string{"listen", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"}, args...)...)
	return regexp.MustCompile(`Page (\S+)`).FindStringSubmatch(out.waits(c.t, "Page "))[1]
}

// TestTheCommandsForOperatorsFindThePageOfListen works on it without an address, a login, or the token, which stays
// good for a browser.
func TestTheCommandsForOperatorsFindThePageOfListen(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	app, secret, ran := appUnderTest(t, "stripe")
	secret(strings.TrimSpace(newCommand(t).good("secret", "new", "--provider", "stripe")))
	t.Run("while it runs", func(t *testing.T) {
		cmd := &command{t: t, env: cmd.env}
		address := cmd.listens("--provider", "stripe", "--forward", app)
		status, _, _ := cmd.run("send", "--provider", "stripe", "--type", "invoice.paid")
		require.Equal(t, wrong, status, "the app has another secret")
		require.Contains(t, cmd.good("events"), "invoice.paid")
		id, _, _ := strings.Cut(cmd.good("events", "--state", "open"), " ")
		require.Contains(t, cmd.good("show", id), "Compare its secret")
		secret(strings.TrimSpace(cmd.good("secret", "show", "--provider", "stripe")))
		require.Contains(t, cmd.good("redrive", id), "1 redriven: 1 done")
		require.EqualValues(t, 1, ran.Load())

		files := cmd.keptFiles()
		require.Len(t, files, 1)
		info, err := os.Stat(files[0])
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "no other user opens the page")
		visit(t, "Page "+address) // the token was not used

		second := cmd.listens("--provider", "github")
		status, _, err1 := cmd.run("events")
		require.Equal(t, usage, status)
		require.Contains(t, err1, "several pages run here: set SALLYPORT_PAGE to one of http://127.0.0.1:")
		other := &command{t: t, env: map[string]string{"XDG_STATE_HOME": cmd.env["XDG_STATE_HOME"]}}
		other.env["SALLYPORT_PAGE"] = second // as it was printed, or as people write it
		require.NotContains(t, other.good("events"), "invoice.paid")
		host, _, _ := strings.Cut(address, "/?")
		other.env["SALLYPORT_PAGE"] = strings.Replace(host, "127.0.0.1", "localhost", 1)
		require.Contains(t, other.good("events"), "invoice.paid")
		other.env["SALLYPORT_PAGE"] = "http://127.0.0.1:1"
		_, _, err1 = other.run("events")
		require.Contains(t, err1, "SALLYPORT_LOGIN is not set", "what opens one page goes to no other")
	})
	require.Empty(t, cmd.keptFiles())
	status, _, err := cmd.run("events")
	require.Equal(t, usage, status)
	require.Contains(t, err, "SALLYPORT_PAGE is not set")
}

func TestTheCommandsForOperatorsFindThePageOfServe(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	config := written(t, "receiver.yaml", "listen: 127.0.0.1:0\n"+oneEndpoint)
	t.Run("while it runs", func(t *testing.T) {
		cmd := &command{t: t, env: cmd.env}
		cmd.background("serve", "--config", config, "--page", "127.0.0.1:0").waits(t, `"listening"`)
		require.Empty(t, cmd.good("events"))
		require.Contains(t, cmd.good("rotation"), "never matched")
	})
	require.Empty(t, cmd.keptFiles())
}

// A program that was killed leaves its files. They lead nowhere, and are no reason to ask which of two pages is meant.
func TestWhatAKilledProgramHasLeftIsForgotten(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--provider", "stripe", "--keep")
	folder := filepath.Join(cmd.env["XDG_STATE_HOME"], "sallyport")
	page, place := filepath.Join(folder, "page-1.json"), filepath.Join(folder, "stripe.url")
	leave := func() {
		require.NoError(t, os.WriteFile(page, []byte(`{"host":"127.0.0.1:1","cookie":"a=b"}`), 0o600))
		require.NoError(t, os.WriteFile(place, []byte("http://127.0.0.1:1/\n"), 0o600))
	}
	leave()
	status, _, problem := cmd.run("events")
	require.Equal(t, usage, status)
	require.Contains(t, problem, "SALLYPORT_PAGE is not set")
	require.NoFileExists(t, page)
	status, _, problem = cmd.run("send", "--provider", "stripe")
	require.Equal(t, usage, status)
	require.Equal(t, "sallyport: nothing listens at http://127.0.0.1:1/ any more: run \"sallyport listen\", or give "+
		"the URL of the endpoint\n", problem)
	require.NoFileExists(t, place)
	t.Run("next to one that runs", func(t *testing.T) {
		cmd := &command{t: t, env: cmd.env}
		leave()
		cmd.listens("--provider", "github")
		require.Empty(t, cmd.good("events"))
	})
}

func TestAWordThatIsNoCommandIsAskedFor(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"evnts":   `unknown command "evnts" for "sallyport"; did you mean events?`,
		"nothing": `unknown command "nothing" for "sallyport"`,
	} {
		status, _, problem := newCommand(t).run(word)
		require.Equal(t, usage, status)
		require.Equal(t, "sallyport: "+want+"\n", problem)
	}
	_, _, problem := newCommand(t).run("secret", "nwe")
	require.Equal(t, "sallyport: unknown command \"nwe\" for \"sallyport secret\"; did you mean new?\n", problem)
}
