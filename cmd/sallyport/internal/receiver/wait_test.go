package receiver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/adapter"
)

// handedOver is a secret as Notion makes them up.
const handedOver = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"

func notion(path, body string) message {
	return message{path, body, map[string]string{"X-Notion-Signature": "sha256=" + mac(handedOver, body)}}
}

// ask sends a request that need be no delivery.
func (r *receiver) ask(method, path, contentType, body string, headers ...string) (*http.Response, error) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Close = true
	req.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = res.Body.Close()
	}
	return res, err
}

func TestASecretThatIsHandedOverIsInForceAtOnce(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		kept := filepath.Join(t.TempDir(), "notion.secret")
		configuration := file(router, `
endpoints:
  - path: /hooks
    provider: notion
    secret_sink_file: '`+kept+`'
    dangerously_allow_http: true
  - path: /github
    provider: github
    secrets: [`+secret+`]
    dangerously_allow_http: true
`)
		r := start(t, configuration)
		require.Equal(t, 503, r.send(notion("/hooks", `{"id":"1"}`)))
		require.Equal(t, answeredJSON("/hooks", "notion", "no_active_secret", 503), r.line())
		require.NoFileExists(t, kept)

		first := `{"verification_token":"` + handedOver + `"}`
		require.Equal(t, 200, r.send(message{path: "/hooks", body: first}))
		require.Equal(t, answeredJSON("/hooks", "notion", "handshake", 200), r.line())
		info, err := os.Stat(kept)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.Equal(t, handedOver+"\n", read(t, kept))

		// The next delivery is proved by it, and nobody hands another over.
		require.Equal(t, 200, r.send(notion("/hooks", `{"id":"1","type":"page.created"}`)))
		require.Equal(t, signalJSON("/hooks", "notion", "1", "page.created", "notion.secret",
			`{"id":"1","type":"page.created"}`, "ok"), r.line())
		require.Equal(t, 200, r.send(notion("/hooks", `{"id":"1","type":"page.created"}`)))
		require.Equal(t, answeredJSON("/hooks", "notion", "duplicate", 200), r.line())
		require.Equal(t, 400, r.send(message{path: "/hooks", body: strings.Replace(first, "secret_t", "secret_u", 1)}))
		require.Equal(t, answeredJSON("/hooks", "notion", "missing_signature", 400), r.line())
		require.Equal(t, handedOver+"\n", read(t, kept))
		require.Equal(t, 200, r.send(github("/github", "{}")), "the endpoint beside it")
		require.Contains(t, r.line(), `{"signal":{"endpoint":"/github"`)
		require.Equal(t, 0, r.end())
		require.Equal(t, []string{"notion.secret"}, names(t, filepath.Dir(kept)), "nothing else is left")
		log := drained(r.stderr)
		require.Contains(t, log, "a secret was handed over and is in force")
		require.NotContains(t, log, handedOver)

		// The same configuration starts with the file, and follows it.
		r = start(t, configuration)
		require.Equal(t, 400, r.send(message{path: "/hooks", body: first}))
		require.Equal(t, answeredJSON("/hooks", "notion", "missing_signature", 400), r.line())
		require.Equal(t, 200, r.send(notion("/hooks", `{"id":"2"}`)))
		require.Equal(t, signalJSON("/hooks", "notion", "2", "", "notion.secret", `{"id":"2"}`, "ok"), r.line())
		require.Equal(t, 0, r.end())
	})
}

func TestAsanaGetsItsSecretBack(t *testing.T) {
	t.Parallel()
	kept := filepath.Join(t.TempDir(), "asana")
	r := start(t, file("chi", "endpoints: [{path: /hooks, provider: asana, secret_sink_file: '"+kept+
		"', dangerously_allow_http: true}]"))
	res, err := r.ask(http.MethodPost, "/hooks", "application/json", "{}", "X-Hook-Secret",
		"b537207f20cbfa02357cf448134da559")
	require.NoError(t, err)
	require.Equal(t, []string{"b537207f20cbfa02357cf448134da559"}, res.Header.Values("X-Hook-Secret"))
	require.Contains(t, r.line(), `"handshake"`)
	body := `{"events":[{"resource":{"resource_type":"task"},"action":"added"}]}`
	require.Equal(t, 200,
		r.send(message{"/hooks", body,
			map[string]string{"X-Hook-Signature": mac("b537207f20cbfa02357cf448134da559", body)}}))
	require.Equal(t, signalJSON("/hooks", "asana", "", "task", "asana", body, "ok"), r.line())
	require.Equal(t, 0, r.end())
}

func TestAnAwaitedSecretAnswersHandshakesOnly(t *testing.T) {
	t.Parallel()
	later := filepath.Join(t.TempDir(), "mandrill")
	r := start(t, file("gin", `
endpoints:
  - path: /restart
    provider: mandrill
    public_url: https://hooks.example.com/restart
    await_secret: true
    dangerously_allow_http: true
  - path: /file
    provider: github
    await_secret: true
    secrets_file: '`+later+`'
    dangerously_allow_http: true
`))
	const form = "application/x-www-form-urlencoded"
	for _, row := range []struct {
		method, body string
		status       int
		reason       string
	}{
		{"HEAD", "", 200, "handshake"},
		{"POST", "mandrill_events=%5B%5D", 200, "handshake"},
		{"POST", "mandrill_events=%5B%7B%22event%22%3A%22send%22%7D%5D", 503, "no_active_secret"},
	} {
		res, err := r.ask(row.method, "/restart", form, row.body)
		require.NoError(t, err)
		require.Equal(t, row.status, res.StatusCode, row.body)
		require.Equal(t, answeredJSON("/restart", "mandrill", row.reason, row.status), r.line())
	}

	require.Equal(t, 503, r.send(github("/file", "{}")))
	require.Equal(t, answeredJSON("/file", "github", "no_active_secret", 503), r.line())
	require.NoError(t, os.WriteFile(later, []byte("short\n"), 0o600))
	for !strings.Contains(<-r.stderr, "does not hold up") {
	}
	require.Equal(t, 503, r.send(github("/file", "{}")))
	require.Equal(t, answeredJSON("/file", "github", "no_active_secret", 503), r.line())
	replace(t, later, secret+"\n")
	for !strings.Contains(<-r.stderr, "the secret is there") {
	}
	require.Equal(t, 200, r.send(github("/file", "{}")))
	require.Equal(t, signalJSON("/file", "github", "72d3162e", "push", "mandrill", "{}", "ok"), r.line())
	require.Equal(t, 0, r.end())
}

func TestWhereNoSecretCouldBeWrittenNothingStarts(t *testing.T) {
	t.Parallel()
	at := func(kept string) string {
		return write(t, "receiver.yaml",
			"listen: 127.0.0.1:0\nendpoints: [{path: /hooks, provider: notion, secret_sink_file: '"+kept+"'}]")
	}
	code, text := fails(t, "--config", at(filepath.Join(t.TempDir(), "none", "notion")))
	require.Equal(t, 1, code)
	require.Contains(t, text, "secret_sink_file of /hooks: ")
	// What is there ends the wait, whatever it is.
	for name, content := range map[string]string{"empty": "", "short": "short\n"} {
		code, text = fails(t, "--config", at(write(t, name, content)))
		require.Equal(t, 1, code, name)
		require.Contains(t, text, ":2: endpoints[0].secret_sink_file: ", name)
	}
	kept := filepath.Join(t.TempDir(), "one")
	endpoint := fmt.Sprintf(", provider: notion, secret_sink_file: '%s'}", kept)
	code, text = fails(t, "--config",
		write(t, "receiver.yaml", "endpoints:\n  - {path: /a"+endpoint+"\n  - {path: /b"+endpoint))
	require.Equal(t, 1, code)
	require.Contains(t, text, ":3: endpoints[1].secret_sink_file: each endpoint has a secret of its own, and "+
		"endpoints[0].secret_sink_file has this file already, in line 2")
}

// TestAFileThatIsThereIsNotReplaced: another process may have written it in the meantime.
func TestAFileThatIsThereIsNotReplaced(t *testing.T) {
	t.Parallel()
	kept := filepath.Join(t.TempDir(), "notion")
	r := start(t, file("echo", "endpoints: [{path: /hooks, provider: notion, secret_sink_file: '"+kept+
		"', dangerously_allow_http: true}]"))
	require.NoError(t, os.WriteFile(kept, []byte("half a sec"), 0o600)) // does not hold up, so that the wait goes on
	require.Equal(t, 503, r.send(message{path: "/hooks", body: `{"verification_token":"` + handedOver + `"}`}))
	require.Equal(t, answeredJSON("/hooks", "notion", "no_active_secret", 503), r.line())
	require.Equal(t, "half a sec", read(t, kept))
	require.Equal(t, 0, r.end())
}

// TestCheckingSavedDeliveriesTakesNoSecret: a doctor's patient may be the first request.
func TestCheckingSavedDeliveriesTakesNoSecret(t *testing.T) {
	t.Parallel()
	kept := filepath.Join(t.TempDir(), "notion")
	judges, err := Judges(&Options{File: write(t, "receiver.yaml",
		"endpoints: [{path: /hooks, provider: notion, secret_sink_file: '"+kept+"', dangerously_allow_http: true}]")}, time.Time{})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(`{"verification_token":"`+handedOver+`"}`))
	_, reply := judges[0].Guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	require.Equal(t, 503, reply.Status)
	require.Contains(t, reply.Rejection.Error()+fmt.Sprint(reply.Rejection.Reason), "no_active_secret")
	require.Empty(t, names(t, filepath.Dir(kept)))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
