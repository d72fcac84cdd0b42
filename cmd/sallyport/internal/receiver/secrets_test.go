package receiver

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCredentials(t *testing.T) {
	const rest = `
endpoints:
  - path: /postmark
    provider: postmark
    credentials: {basic: [{value: "hook:` + secret + `", label: login}]}
    dangerously_allow_http: true
  - path: /login
    provider: basic
    secrets: ["hook:` + secret + `"]
    dangerously_allow_http: true
  - path: /query
    provider: github
    secrets: [` + secret + `]
    credentials: {query: {name: token, values: [{value: ` + secret + `-q, label: query}]}, header: {name: X-Token, values: [` + secret + `-h]}}
    dangerously_allow_http: true
`
	basic := func(path, password string) message {
		return message{path, `{"RecordType":"Bounce","ID":42}`, map[string]string{
			"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("hook:"+password)),
		}}
	}
	token := func(query, header string) message {
		m := github("/query"+query, "{}")
		m.header["X-Token"] = header
		return m
	}
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, rest))
		m := basic("/postmark", secret)
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON("/postmark", "postmark", "42", "Bounce", "login", m.body, "ok"), r.line())
		for _, row := range []struct {
			what, endpoint, provider, reason string
			message
		}{
			{"a wrong password", "/postmark", "postmark", "bad_credential", basic("/postmark", "wrong")},
			{"no password", "/postmark", "postmark", "missing_credential", message{path: "/postmark", body: "{}"}},
			{"a wrong password of a plain endpoint", "/login", "basic", "bad_credential", basic("/login", "wrong")},
			{"a wrong token in the query", "/query", "github", "bad_credential", token("?token=wrong", secret+"-h")},
			{"no token in the query", "/query", "github", "missing_credential", token("", secret+"-h")},
			{"a wrong token in the header", "/query", "github", "bad_credential",
				token("?token="+secret+"-q", "wrong")},
		} {
			require.Equal(t, 400, r.send(row.message), row.what)
			require.Equal(t, answeredJSON(row.endpoint, row.provider, row.reason, 400), r.line(), row.what)
		}
		m = token("?token="+secret+"-q", secret+"-h")
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON("/query", "github", "72d3162e", "push", "#1", m.body, "ok"), r.line(),
			"the signing secret's label stands before a credential's")
		require.Equal(t, 0, r.end())
	})
}

func TestSecretsOfEveryForm(t *testing.T) {
	t.Setenv("RECEIVER_TEST_SECRET", secret+"-env")
	onDisk := write(t, "secret", secret+"-file\n")
	r := start(t, file("chi", `
clock: 2026-01-01T00:00:00Z
endpoints:
  - path: /hooks
    provider: github
    secrets:
      - `+secret+`
      - {env: RECEIVER_TEST_SECRET}
      - {file: '`+onDisk+`', label: disk}
      - {value: `+secret+`-ended, label: ended, not_after: 2025-12-31T00:00:00Z}
      - {value: `+secret+`-ahead, label: ahead, not_before: 2026-01-02T00:00:00Z}
      - {value: `+secret+`-valid, label: valid, not_before: 2025-12-31T00:00:00Z, not_after: 2026-02-01T00:00:00Z}
    dangerously_allow_http: true
`))
	for suffix, label := range map[string]string{"": "#1", "-env": "RECEIVER_TEST_SECRET", "-file": "disk",
		"-valid": "valid"} {
		m := github("/hooks", `"`+suffix+`"`)
		m.header["X-Hub-Signature-256"] = "sha256=" + mac(secret+suffix, m.body)
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON("/hooks", "github", "72d3162e", "push", label, m.body, "ok"), r.line())
	}
	for _, suffix := range []string{"-ended", "-ahead", "-file\n"} {
		m := github("/hooks", "{}")
		m.header["X-Hub-Signature-256"] = "sha256=" + mac(secret+suffix, m.body)
		require.Equal(t, 400, r.send(m))
		require.Equal(t, answeredJSON("/hooks", "github", "bad_signature", 400), r.line())
	}
	require.Equal(t, 0, r.end())
}
