package receiver

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
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
	gone, text, err := forgets(t, configuration, Forgetting{Endpoint: stripes, IDs: []string{"evt_1"}})
	require.NoError(t, err, text)
	require.Equal(t, []Forgotten{{Endpoint: stripes, ID: "evt_1"}}, gone)
	require.Equal(t, 200, second.send(delivery))
	require.Contains(t, second.line(), `"attempt":"ok"`)
	require.Equal(t, 0, second.end())
}

func TestForgettingNeedsToKnowWhat(t *testing.T) {
	configuration := remembering(filepath.Join(t.TempDir(), "replay.db"))
	_, text, err := forgets(t, configuration, Forgetting{IDs: []string{"evt_1"}, Endpoint: stripes})
	require.ErrorIs(t, err, ErrFailed)
	require.Contains(t, text, "unable to open the SQLite file: it does not exist")
	require.Equal(t, 0, start(t, configuration).end()) // makes it
	for _, row := range []struct {
		name string
		what Forgetting
		want string
	}{
		{"which endpoint, of several", Forgetting{IDs: []string{"evt_1"}}, "--endpoint is missing"},
		{"an endpoint that exists", Forgetting{IDs: []string{"evt_1"}, Endpoint: "/x"}, `there is no endpoint "/x"`},
		{"an identity where there is no id", Forgetting{IDs: []string{"push-1"}, Endpoint: "/hooks/other"},
			"take the identity, 64 hexadecimal digits"},
		{"an event", Forgetting{IDs: []string{""}, Endpoint: stripes}, "the id of an event is empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := forgets(t, configuration, row.what)
			require.ErrorContains(t, err, row.want)
		})
	}
	_, _, err = forgets(t, file("chi", githubEndpoint), Forgetting{IDs: []string{"x"}})
	require.ErrorContains(t, err, "in the memory of the process")
	_, text, err = forgets(t, "router: chi\n", Forgetting{IDs: []string{"x"}})
	require.ErrorIs(t, err, ErrFailed)
	require.Contains(t, text, ":1: endpoints: is missing")
}

func TestABuildWithoutDriversSaysHowToGetThem(t *testing.T) {
	name := write(t, "receiver.yaml", remembering(filepath.Join(t.TempDir(), "replay.db")))
	var stdout, stderr bytes.Buffer
	err := Serve(t.Context(), &Options{File: name}, nil, Streams{&stdout, &stderr})
	require.ErrorIs(t, err, ErrFailed)
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), name+":10: endpoints[0].replay.store: this build of sallyport links no "+
		"database: go install -tags full github.com/sallyport-go/sallyport/cmd/sallyport@latest\n")
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
			require.Equal(t, 1, run(context.Background(), []string{"--config", name}, &stdout, &stderr))
			require.Contains(t, stderr.String(), ":9: endpoints[0].replay.url")
			require.Contains(t, stderr.String(), row.want)
			require.NotContains(t, stderr.String(), "pass-word")
			require.Empty(t, stdout.String())
		})
	}
}

// forgets makes events forgotten, and returns them and what was printed of mistakes.
func forgets(t *testing.T, configuration string, what Forgetting) ([]Forgotten, string, error) {
	t.Helper()
	what.File = write(t, "receiver.yaml", configuration)
	var gone []Forgotten
	var stdout, stderr bytes.Buffer
	err := Forget(t.Context(), &what, drivers.Store, Streams{&stdout, &stderr}, func(f Forgotten) error {
		gone = append(gone, f)
		return nil
	})
	require.Empty(t, stdout.String())
	return gone, stderr.String(), err
}
