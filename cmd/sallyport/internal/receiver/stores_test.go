package receiver

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
	"github.com/stretchr/testify/require"
)

// stripe signs as Stripe does, by its documentation and not by this module.
func stripe(path, body, at string) message {
	return message{path, body, map[string]string{"Stripe-Signature": "t=" + at + ",v1=" + mac(secret, at+"."+body)}}
}

const (
	frozen  = "1767225600" // clock: of remembering
	paid    = `{"id":"evt_1","type":"invoice.paid","data":{"object":{}}}`
	stripes = "/hooks/stripe"
)

// remembering is an endpoint whose memory is in a SQLite file.
func remembering(file string) string {
	return `
listen: 127.0.0.1:0
router: chi
clock: 2026-01-01T00:00:00Z
endpoints:
  - path: /hooks/stripe
    provider: stripe
    secrets: [` + secret + `]
    dangerously_allow_http: true
    replay: {store: sqlite, namespace: receiver, url: "` + file + `"}
  - path: /hooks/other
    provider: github
    secrets: [` + secret + `]
    dangerously_allow_http: true
    replay: {store: sqlite, namespace: receiver, url: "` + file + `"}
`
}

func TestAProcessedEventIsRememberedAcrossRestarts(t *testing.T) {
	configuration := remembering(filepath.Join(t.TempDir(), "replay.db"))
	delivery := stripe(stripes, paid, frozen)

	first := start(t, configuration)
	require.Equal(t, 200, first.send(delivery))
	require.Contains(t, first.line(), `"attempt":"ok"`)
	require.Equal(t, 0, first.end())

	second := start(t, configuration)
	require.Equal(t, 200, second.send(delivery))
	require.Equal(t, answeredJSON(stripes, "stripe", "duplicate", 200), second.line())

	// The operator makes it forgotten while the receiver runs.
	require.Equal(t, `{"forgotten":{"endpoint":"/hooks/stripe","id":"evt_1"}}`+"\n",
		command(t, 0, configuration, "-endpoint", stripes, "-forget", "evt_1"))
	require.Equal(t, 200, second.send(delivery))
	require.Contains(t, second.line(), `"attempt":"ok"`)
	require.Equal(t, 0, second.end())
}

func TestForgettingNeedsToKnowWhat(t *testing.T) {
	configuration := remembering(filepath.Join(t.TempDir(), "replay.db"))
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"which endpoint, of several", []string{"-forget", "evt_1"}, "say by -endpoint whose event is meant"},
		{"an endpoint that exists", []string{"-forget", "evt_1", "-endpoint", "/x"}, `there is no endpoint \"/x\"`},
		{"an identity where there is no id", []string{"-forget", "push-1", "-endpoint", "/hooks/other"},
			"take the identity, 64 hexadecimal digits"},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Contains(t, command(t, 1, configuration, row.args...), row.want)
		})
	}
	require.Contains(t, command(t, 1, file("chi", githubEndpoint), "-forget", "x"), "in the memory of the process")
}

func TestAStoreThatCannotBeOpenedIsNamed(t *testing.T) {
	for _, row := range []struct{ name, replay, want string }{
		{"a Redis that is not there", `{store: redis, url: "redis://127.0.0.1:1/0"}`, "cannot be reached"},
		{"a Redis URL that is none", `{store: redis, url: "http://u:pass-word@127.0.0.1"}`,
			"must be a URL such as redis://"},
		{"a PostgreSQL that is not there", `{store: postgres, url: "postgres://u:pass-word@127.0.0.1:1/db"}`,
			"sqlstore"},
		{"a MySQL that is not there", `{store: mysql, url: "mysql://u:pass-word@127.0.0.1:1/db"}`, "sqlstore"},
		{"a MySQL URL that is none", `{store: mysql, url: "u:pass-word@@@"}`, "must be a URL such as mysql://"},
		{"a SQLite file in no folder", `{store: sqlite, url: "/no/such/folder/x.db"}`, "sqlstore"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := strings.Replace(row.replay, "url:", "namespace: receiver, url:", 1)
			name := write(t, "bad.yaml", file("chi", githubEndpoint+"    replay: "+store+"\n"))
			var stdout, stderr bytes.Buffer
			require.Equal(t, 1, run(context.Background(), []string{"-config", name}, drivers.Store, &stdout, &stderr))
			require.Contains(t, stderr.String(), ":9: endpoints[0].replay.url")
			require.Contains(t, stderr.String(), row.want)
			require.NotContains(t, stderr.String(), "pass-word")
			require.Empty(t, stdout.String())
		})
	}
}

// command runs the receiver to its end, and returns what it has printed.
func command(t *testing.T, code int, configuration string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"-config", write(t, "receiver.yaml", configuration)}, args...)
	got := run(context.Background(), args, drivers.Store, &stdout, &stderr)
	require.Equal(t, code, got, stderr.String())
	if code == 0 {
		return stdout.String()
	}
	return stderr.String()
}
