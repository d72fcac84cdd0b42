package receiver

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a sender named stands in the lines, which people read in a terminal.
func TestALineSteersNoTerminal(t *testing.T) {
	t.Parallel()
	r := start(t, file("chi", githubEndpoint))
	const path, hostile = "/hooks/github", "a\u009b2J\u202eb"
	m := github(path, "{}")
	m.header["X-GitHub-Event"], m.header["X-GitHub-Delivery"] = hostile, hostile
	require.Equal(t, 200, r.send(m))
	line := r.line()
	require.NotRegexp(t, "[\x00-\x1f\x7f-\u009f\u202a-\u202e\u2066-\u2069]", line)
	var said struct{ Signal struct{ ID, Type string } }
	require.NoError(t, json.Unmarshal([]byte(line), &said))
	require.NotEmpty(t, said.Signal.ID)
	require.Equal(t, 0, r.end())
}

// disk is a standard output that has room while full is not set.
type disk struct {
	lines
	full atomic.Bool
}

func (d *disk) Write(b []byte) (int, error) {
	if d.full.Load() {
		return 0, errors.New("no space left on device")
	}
	return d.lines.Write(b)
}

// The line is what this program does with an event. An event without its line is not done: the sender has to send it
// again.
func TestAnEventWhoseLineCannotBeWrittenIsNotDone(t *testing.T) {
	t.Parallel()
	out := &disk{lines: make(lines, 100)}
	stderr := make(lines, 1000)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	code := make(chan int, 1)
	name := write(t, "receiver.yaml", file("chi", githubEndpoint))
	go func() { code <- run(ctx, []string{"--config", name}, out, stderr) }()
	r := &receiver{t: t, stdout: out.lines, stderr: stderr, stop: stop, code: code}
	var first struct{ Listening string }
	require.NoError(t, json.Unmarshal([]byte(r.line()), &first))
	r.url = "http://" + first.Listening
	const path = "/hooks/github"
	out.full.Store(true)
	require.Equal(t, 500, r.send(github(path, "{}")))
	out.full.Store(false)
	require.Equal(t, 200, r.send(github(path, "{}")), "the sender's retry")
	require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", "{}", "ok"), r.line())
	require.Equal(t, 0, r.end())
	require.Contains(t, drained(stderr), "no space left on device")
}

func TestServeEndsWhereNobodyReadsItsFirstLine(t *testing.T) {
	t.Parallel()
	out := &disk{lines: make(lines, 100)}
	out.full.Store(true)
	var stderr strings.Builder
	name := write(t, "receiver.yaml", file("chi", githubEndpoint))
	require.Equal(t, 1, run(t.Context(), []string{"--config", name}, out, &stderr))
	require.Contains(t, stderr.String(), "no space left on device")
}

// A device, or a log, in the place of a configuration does not fill the memory.
func TestAConfigurationIsBounded(t *testing.T) {
	t.Parallel()
	_, stderr := fails(t, "--config", write(t, "receiver.yaml", strings.Repeat("# a log\n", maxConfig/8)+"x"))
	require.Contains(t, stderr, "--config: ")
	require.Contains(t, stderr, "is longer than")
}

func TestAMistakeIsOneLine(t *testing.T) {
	t.Parallel()
	name := write(t, "receiver.yaml",
		"\"\\e[2J\\nx.yaml:1: all is well\": 1\nendpoints:\n- {path: /a, provider: github}\n")
	code, stderr := fails(t, "--config", name)
	require.Equal(t, 1, code)
	require.NotContains(t, stderr, "\x1b")
	for _, line := range strings.Split(strings.TrimSuffix(stderr, "\n"), "\n") {
		require.True(t, strings.HasPrefix(line, name+":"), "%q", line)
	}
	for _, text := range []string{"null\n", "[]\n", "x\n"} { // the document itself has a line too
		name := write(t, "receiver.yaml", text)
		_, stderr := fails(t, "--config", name)
		require.Regexp(t, `^[^\n]*receiver.yaml:1: must be a mapping`, stderr)
	}
}
