package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// eachRouter runs a test on every router.
func eachRouter(t *testing.T, test func(t *testing.T, router string)) {
	for _, router := range Routers() {
		t.Run(router, func(t *testing.T) { test(t, router) })
	}
}

func file(router, rest string) string {
	return fmt.Sprintf("listen: 127.0.0.1:0\nrouter: %s\n%s", router, rest)
}

const githubEndpoint = `
endpoints:
  - path: /hooks/github
    provider: github
    secrets: [` + secret + `]
    dangerously_allow_http: true
`

func TestLinesOfTheContract(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, githubEndpoint))
		const path = "/hooks/github"
		genuine := github(path, `{"ref":"refs/heads/main"}`)
		forged := github(path, `{"ref":"refs/heads/main"}`)
		forged.body = `{"ref":"refs/heads/evil"}`

		require.Equal(t, 200, r.send(genuine))
		require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", genuine.body, "ok"), r.line())
		require.Equal(t, 200, r.send(genuine))
		require.Equal(t, answeredJSON(path, "github", "duplicate", 200), r.line())
		require.Equal(t, 400, r.send(forged))
		require.Equal(t, answeredJSON(path, "github", "bad_signature", 400), r.line())
		require.Equal(t, 400, r.send(message{path: path, body: "{}"}))
		require.Equal(t, answeredJSON(path, "github", "missing_signature", 400), r.line())

		require.Equal(t, 404, r.send(github("/hooks/other", "{}")))
		require.Equal(t, 404, r.send(github(path+"/", "{}")), "no redirect either: no provider follows one")
		require.Equal(t, 0, r.end())
	})
}

func TestEveryMethodReachesTheGuard(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, githubEndpoint))
		resp, err := http.Get(r.url + "/hooks/github")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 405, resp.StatusCode)
		require.Equal(t, answeredJSON("/hooks/github", "github", "method", 405), r.line())
		http.DefaultClient.CloseIdleConnections()
		require.Equal(t, 0, r.end())
	})
}

func TestSimulatedFailuresAreRetried(t *testing.T) {
	const rest = githubEndpoint + "    simulate: {delay: 1ms, fail_first: 1, panic_first: 1}\n"
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, rest))
		m := github("/hooks/github", "{}")
		for _, want := range []struct {
			status  int
			attempt string
		}{{500, "error"}, {500, "panic"}, {200, "ok"}} {
			require.Equal(t, want.status, r.send(m))
			require.Equal(t, signalJSON(m.path, "github", "72d3162e", "push", "#1", m.body, want.attempt), r.line())
		}
		require.Equal(t, 200, r.send(m))
		require.Equal(t, answeredJSON(m.path, "github", "duplicate", 200), r.line())
		require.Equal(t, 0, r.end())
	})
}

func TestWithoutAStoreEveryDeliveryRuns(t *testing.T) {
	r := start(t, file("chi", githubEndpoint+"    replay: {store: none}\n"))
	m := github("/hooks/github", "{}")
	for range 2 {
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON(m.path, "github", "72d3162e", "push", "#1", m.body, "ok"), r.line())
	}
	require.Equal(t, 0, r.end())
}

func TestRecordedDeliveryUnderItsOwnClock(t *testing.T) {
	data, err := os.ReadFile("testdata/stripe.json")
	require.NoError(t, err)
	var recorded []struct {
		Headers map[string]string
		Now     int64
		Secret  string
		Body    []byte `json:"body_b64"`
	}
	require.NoError(t, json.Unmarshal(data, &recorded))
	require.Len(t, recorded, 1)
	d := recorded[0]
	rest := `
endpoints:
  - path: /hooks/stripe
    provider: stripe
    secrets: [{value: ` + d.Secret + `, label: recorded}]
    dangerously_allow_http: true
    dangerously_allow_weak_secrets: true
`
	m := message{"/hooks/stripe", string(d.Body), d.Headers}
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, "clock: "+time.Unix(d.Now, 0).UTC().Format(time.RFC3339)+rest))
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON(m.path, "stripe", "evt_123", "invoiceitem.created", "recorded", m.body, "ok"),
			r.line())
		require.Equal(t, 0, r.end())

		r = start(t, file(router, rest))
		require.Equal(t, 400, r.send(m))
		require.Equal(t, answeredJSON(m.path, "stripe", "stale", 400), r.line())
		require.Equal(t, 0, r.end())
	})
}

func TestPlainHTTPNeedsLeave(t *testing.T) {
	const path = "/hooks/github"
	rest := strings.Replace(githubEndpoint, "    dangerously_allow_http: true\n", "", 1)
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, rest))
		require.Equal(t, 400, r.send(github(path, "{}")))
		require.Equal(t, answeredJSON(path, "github", "plain_http", 400), r.line())
		spoofed := github(path, "{}")
		spoofed.header["X-Forwarded-Proto"] = "https"
		require.Equal(t, 400, r.send(spoofed))
		require.Equal(t, answeredJSON(path, "github", "plain_http", 400), r.line())
		require.Equal(t, 0, r.end())

		r = start(t, file(router, "trusted_proxies: [127.0.0.1/32]\n"+rest))
		require.Equal(t, 200, r.send(spoofed))
		require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", "{}", "ok"), r.line())
		require.Equal(t, 0, r.end())
	})
}

func TestOneEndpointByFlags(t *testing.T) {
	t.Setenv("RECEIVER_TEST_SECRET", secret)
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, "", "--provider", "github", "--secret-env", "RECEIVER_TEST_SECRET,RECEIVER_TEST_UNSET", "--path",
			"/in", "--router", router, "--listen", "127.0.0.1:0", "--allow-http")
		require.Equal(t, 200, r.send(github("/in", "{}")))
		require.Equal(t, signalJSON("/in", "github", "72d3162e", "push", "RECEIVER_TEST_SECRET", "{}", "ok"), r.line())
		require.Equal(t, 0, r.end())
	})
}

// Many deliveries at once, of which each prints one line, whole.
func TestLinesAreWholeUnderLoad(t *testing.T) {
	const senders = 64
	r := start(t, file("gin", githubEndpoint))
	sent := make(chan error, senders)
	want := make([]string, 0, senders)
	for i := range senders {
		m := github("/hooks/github", fmt.Sprintf(`{"n":%d}`, i))
		if i%2 == 0 {
			want = append(want, signalJSON(m.path, "github", "72d3162e", "push", "#1", m.body, "ok"))
		} else {
			m.body += " "
			want = append(want, answeredJSON(m.path, "github", "bad_signature", 400))
		}
		go func() {
			_, err := r.try(m)
			sent <- err
		}()
	}
	var got []string
	for range senders {
		require.NoError(t, <-sent)
		got = append(got, r.line())
	}
	require.ElementsMatch(t, want, got)
	require.Equal(t, 0, r.end())
}
