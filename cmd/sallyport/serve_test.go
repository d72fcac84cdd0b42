package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// written writes a file of a test.
func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

const (
	githubSecret = "made-up-for-tests-0123456789abcdef"
	oneEndpoint  = "endpoints:\n  - {path: /hooks, provider: github, secrets: [" + githubSecret + "]}\n"
)

// The lines are those of the receiver's own tests. Here is what the command adds: flags, exit status, and no line of
// its own on standard output.
func TestServePrintsALineForEachEvent(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["GITHUB_SECRET"] = githubSecret
	out := cmd.background("serve", "--config", written(t, "receiver.yaml", `
listen: 127.0.0.1:0
trusted_proxies: [127.0.0.1/32]
endpoints:
  - {path: /hooks, provider: github, secrets: [`+githubSecret+`]}
`))
	first := strings.SplitAfter(out.waits(t, `{"listening":`), "\n")
	var listening struct{ Listening string }
	for _, line := range first { // the log may come before it
		if strings.HasPrefix(line, `{"listening"`) {
			require.NoError(t, json.Unmarshal([]byte(line), &listening))
		}
	}
	url := "http://" + listening.Listening + "/hooks"
	cmd.good("send", "--provider", "github", "--secret-env", "GITHUB_SECRET", url)
	out.waits(t, `{"signal":{"endpoint":"/hooks","provider":"github",`)
	cmd.good("send", "--provider", "github", "--secret-env", "GITHUB_SECRET", "--forge", url)
	out.waits(t, `{"answered":{"endpoint":"/hooks","provider":"github","reason":"bad_signature","status":400}}`+"\n")
}

func TestServeNamesFlagFileAndLine(t *testing.T) {
	t.Parallel()
	file := written(t, "receiver.yaml",
		"listen: 127.0.0.1:0\nendpoints:\n  - path: /hooks\n    provider: githup\n    max_body: 0\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	busy := written(t, "busy.yaml", "listen: "+taken.Addr().String()+`
endpoints:
  - {path: /hooks, provider: github, secrets: [`+githubSecret+`]}
`)
	for _, row := range []struct {
		says   string
		args   []string
		status int
		want   []string
	}{
		{"two mistakes in the file", []string{"--config", file}, wrong,
			[]string{file + ":4: endpoints[0].provider: no provider is called", file + ":5: endpoints[0].max_body: "}},
		{"no such file", []string{"--config", "none.yaml"}, wrong, []string{"--config: open none.yaml: "}},
		{"an address that is taken", []string{"--config", busy}, wrong, []string{taken.Addr().String()}},
		{"no configuration", nil, usage, []string{"sallyport: --config is missing"}},
		{"flags next to a file", []string{"--config", file, "--router", "chi"}, usage,
			[]string{"sallyport: --config goes without --router"}},
		{"an argument", []string{"receiver.yaml"}, usage, []string{`sallyport: unknown command "receiver.yaml"`}},
		{"a variable that is not set", []string{"--provider", "github", "--secret-env", "SALLYPORT_TEST_UNSET"}, wrong,
			[]string{"--secret-env: the environment variable SALLYPORT_TEST_UNSET is not set"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			status, out, problem := newCommand(t).run(append([]string{"serve"}, row.args...)...)
			require.Equal(t, row.status, status, problem)
			require.Empty(t, out)
			for _, want := range row.want {
				require.Contains(t, problem, want)
			}
			require.NotContains(t, problem, githubSecret)
			if row.status == usage {
				require.Equal(t, 1, strings.Count(problem, "\n"), problem)
			}
		})
	}
}

func TestTheSampleHasEverySetting(t *testing.T) {
	t.Parallel()
	require.Contains(t, newCommand(t).good("serve", "--sample"), "dangerously_allow_weak_secrets:")
}

func TestForgetNeedsAConfigurationAndAnID(t *testing.T) {
	t.Parallel()
	file := written(t, "receiver.yaml", oneEndpoint)
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"evt_1"}, "--config is missing"},
		{[]string{"--config", file}, "give the IDs of the events to forget"},
		{[]string{"--config", file, "evt_1"}, "--config: the endpoint /hooks remembers in the memory"},
		{[]string{"--config", file, "--endpoint", "/x", "evt_1"}, `--endpoint: there is no endpoint "/x"`},
	} {
		status, out, problem := newCommand(t).run(append([]string{"forget"}, row.args...)...)
		require.Equal(t, usage, status)
		require.Empty(t, out)
		require.Contains(t, problem, row.want)
	}
}

// request is a saved delivery.
const request = "POST /hooks HTTP/1.1\nHost: hooks.example.com\nX-Hub-Signature-256: sha256=00\n\n{}\n"

func TestDoctorAnswersAPersonAndAScript(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	config := written(t, "receiver.yaml", oneEndpoint)
	saved := written(t, "refused.http", request)
	status, out, problem := cmd.run("doctor", "--config", config, saved)
	require.Equal(t, wrong, status, problem)
	require.Contains(t, out, "It would be refused.\n")
	status, out, _ = cmd.run("doctor", "--config", config, "--output", "json", saved)
	require.Equal(t, wrong, status)
	var said struct {
		Accepted bool
		Wrong    []struct{ Reason string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	require.NotEmpty(t, said.Wrong)

	cmd.in = request
	status, out, _ = cmd.run("doctor", "-")
	require.Equal(t, wrong, status, "who sent this? Several sign with this header")
	require.Contains(t, out, "It looks like one of github, ")

	kept := written(t, "entry.json",
		`{"id":"00ff","type":"x\u001b[2J","endpoint":"\u202e","state":"parked","error":"a\nIt is done"}`)
	_, out, _ = cmd.run("doctor", kept)
	require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f-\u009f\u202a-\u202e]", out)
	require.NotContains(t, out, "\nIt is done")
	require.Contains(t, out, "sallyport dismiss 00ff\n")
}

func TestDoctorFindsTheSecretOfListen(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"github", "discord"} { // a shared secret, and a key pair
		cmd := newCommand(t)
		cmd.good("secret", "new", "--provider", provider, "--keep")
		cmd.in = `{"type":1}`
		headers := cmd.good("sign", "--provider", provider, "--body", "-")
		saved := written(t, "saved.http", "POST /hooks HTTP/1.1\n"+headers+"\n"+cmd.in)
		out := cmd.good("doctor", "--provider", provider, saved)
		require.Contains(t, out, "It would be accepted", provider)
		require.Contains(t, cmd.good("doctor", saved), "It was sent by ", provider)
		status, _, problem := newCommand(t).run("doctor", "--provider", provider, saved)
		require.Equal(t, usage, status)
		require.Equal(t, "--secret-env: is missing: the environment variable that holds the secret\n", problem)
	}
}

func TestDoctorSaysWhatItCannotExamine(t *testing.T) {
	t.Parallel()
	config := written(t, "receiver.yaml", "endpoints:\n  - {path: /hooks, provider: githup}\n  - {path: x}\n")
	saved := written(t, "refused.http", request)
	for _, row := range []struct {
		args []string
		want string
	}{
		{nil, "sallyport: give the file with the saved request"},
		{[]string{"none.http"}, "sallyport: open none.http: "},
		{[]string{"--at", "soon", saved}, `sallyport: invalid argument "soon" for "--at" flag: it is neither`},
		{[]string{"--tls", saved}, "sallyport: --tls goes with --peer"},
		{[]string{"--config", config, "--provider", "github", saved}, "sallyport: --config goes without --provider"},
		{[]string{"--config", config, saved}, config + ":2: endpoints[0].provider: no provider is called"},
		{[]string{written(t, "x", "hello")}, "sallyport: there is no request line"},
		{[]string{"--body", "-", "-"}, "sallyport: --body: standard input holds the request already"},
		{[]string{"--peer", "10.0.0.7.8", saved}, `sallyport: --peer "10.0.0.7.8" is not an address`},
		{[]string{"--peer", "proxy.internal:80", saved}, `sallyport: --peer "proxy.internal:80" is not an address`},
		{[]string{written(t, "k.json", `{"id":"x; rm -rf ~","endpoint":"a","state":"parked","runnable":true}`)},
			"sallyport: the HAR file holds no request"},
	} {
		status, out, problem := newCommand(t).run(append([]string{"doctor"}, row.args...)...)
		require.Equal(t, usage, status)
		require.Empty(t, out)
		require.Contains(t, problem, row.want)
		for line := range strings.Lines(problem) {
			require.Regexp(t, `^(sallyport: |.*\.yaml:\d+: )`, line)
		}
	}
}
