package receiver

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// under is GitHub's delivery under another secret.
func under(key, path, body string) message {
	m := github(path, body)
	m.header["X-Hub-Signature-256"] = "sha256=" + mac(key, body)
	return m
}

// replace puts a file in the place of another, as an operator's editor or Kubernetes does. It is as old as one that
// nobody is writing to.
func replace(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
	old := time.Now().Add(-time.Minute)
	require.NoError(t, os.Chtimes(path+".new", old, old))
	require.NoError(t, os.Rename(path+".new", path))
}

func TestAFileOfSecretsIsFollowed(t *testing.T) {
	t.Parallel()
	path := write(t, "github", "# the first\n"+secret+"\n")
	r := start(t, file("chi", `
endpoints:
  - path: /hooks
    provider: github
    secrets_file: '`+path+`'
    dangerously_allow_http: true
`))
	require.Equal(t, 200, r.send(under(secret, "/hooks", "1")))
	require.Equal(t, signalJSON("/hooks", "github", "72d3162e", "push", "github", "1", "ok"), r.line())
	require.Equal(t, 400, r.send(under(secret+"-new", "/hooks", "2")))
	r.line()
	replace(t, path, `[{"label": "new", "value": "`+secret+`-new"}, {"label": "old", "value": "`+secret+`"}]`)
	for begun := time.Now(); r.send(under(secret+"-new", "/hooks", "2")) != 200; time.Sleep(50 * time.Millisecond) {
		require.Less(t, time.Since(begun), patience, "the file was not read again")
		r.line()
	}
	require.Equal(t, signalJSON("/hooks", "github", "72d3162e", "push", "new", "2", "ok"), r.line())
	require.Equal(t, 200, r.send(under(secret, "/hooks", "3")))
	require.Equal(t, signalJSON("/hooks", "github", "72d3162e", "push", "old", "3", "ok"), r.line())
	require.Equal(t, 0, r.end())
}

func TestTenantsInThePathAndInAHeader(t *testing.T) {
	globex := write(t, "globex", secret+"-globex")
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, `
endpoints:
  - path: /shops
    provider: github
    tenant: {path: tenant}
    tenants: &tenants
      acme: [{value: `+secret+`-acme, label: a}]
      globex: {secrets_file: '`+globex+`'}
    dangerously_allow_http: true
  - path: /header
    provider: github
    tenant: {header: X-Tenant}
    tenants: *tenants
    dangerously_allow_http: true
`))
		header := func(tenant, key string) message {
			m := under(key, "/header", "{}")
			m.header["X-Tenant"] = tenant
			return m
		}
		for _, row := range []struct {
			message
			want string
		}{
			{under(secret+"-acme", "/shops/acme", "{}"),
				`{"signal":{"endpoint":"/shops","provider":"github","tenant":"acme",`},
			{under(secret+"-globex", "/shops/globex", "{}"),
				`{"signal":{"endpoint":"/shops","provider":"github","tenant":"globex",`},
			{under(secret+"-acme", "/shops/globex", "{}"),
				`{"answered":{"endpoint":"/shops","provider":"github","tenant":"globex","reason":"bad_signature"`},
			{under(secret+"-acme", "/shops/initech", "{}"),
				`{"answered":{"endpoint":"/shops","provider":"github","reason":"bad_signature"`},
			{header("acme", secret+"-acme"), `{"signal":{"endpoint":"/header","provider":"github","tenant":"acme",`},
			{header("initech", secret+"-acme"),
				`{"answered":{"endpoint":"/header","provider":"github","reason":"bad_signature"`},
		} {
			r.send(row.message)
			require.Contains(t, r.line(), row.want)
		}
		require.Equal(t, 0, r.end())
	})
}
