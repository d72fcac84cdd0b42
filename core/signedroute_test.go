package core_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// urlAndBody is an entry that signs the URL and the body with nothing between them.
func urlAndBody() entry.Entry {
	e := plain()
	e.Scheme.Signed = []entry.Part{entry.URL(), entry.Body()}
	return e
}

func TestAPublicURLHoldsTheTenantAsThePathHasIt(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, public, path, tenant, signed string
		want                               reason.Reason
	}{
		{"the key", "https://a.example/{tenant}/hooks", "/in/acme/x", "acme", "https://a.example/acme/hooks",
			reason.Accepted},
		{"another tenant's URL", "https://a.example/{tenant}/hooks", "/in/acme/x", "acme",
			"https://a.example/globex/hooks", reason.BadSignature},
		{"an unknown tenant", "https://a.example/{tenant}/hooks", "/in/initech/x", "initech",
			"https://a.example/initech/hooks", reason.BadSignature},
		{"escaped as the path has it", "https://a.example/{tenant}", "/in/acm%65", "acme", "https://a.example/acm%65",
			reason.Accepted},
		{"as the path has it, unescaped", "https://a.example/{tenant}", "/in/acme", "acme", "https://a.example/acm%65",
			reason.BadSignature},
		{"in the host", "https://{tenant}.example/hooks", "/in", "acme", "https://acme.example/hooks",
			reason.Accepted},
		{"in the query", "https://a.example/hooks?t={tenant}", "/in", "acme", "https://a.example/hooks?t=acme",
			reason.Accepted},
	}
	for _, row := range rows {
		for _, from := range []core.TenantKey{core.TenantFromPath("t"), core.TenantFromHeader("X-Tenant")} {
			if strings.Contains(row.signed, "%") && from == core.TenantFromHeader("X-Tenant") {
				continue
			}
			c, rec := tenantConfig(urlAndBody())
			c.PublicURL, c.Tenant = row.public, from
			g := mustNew(t, c)
			r := post("{}", "X-Tenant", row.tenant, "X-Hub-Signature-256", "sha256="+mac(acmeSecret, row.signed, "{}"))
			r.RequestURI = row.path
			u, err := url.ParseRequestURI(row.path)
			require.NoError(t, err)
			r.URL = u
			r.SetPathValue("t", row.tenant)
			run(g, r, ok)
			require.Equal(t, row.want, rec.last(t, g).Reason, row.name)
		}
	}
	// A URL that ends with the tenant's key is no fixed one: the body still has to be JSON.
	c, rec := tenantConfig(urlAndBody())
	c.PublicURL = "https://a.example/{tenant}"
	g := mustNew(t, c)
	moved := "sha256=" + mac(acmeSecret, "https://a.example/acmex{}")
	run(g, post("x{}", "X-Tenant", "acme", "X-Hub-Signature-256", moved), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)

	plainConfig, _ := config(urlAndBody())
	plainConfig.PublicURL = "https://a.example/{tenant}"
	_, err := core.New(plainConfig)
	require.Len(t, core.ConfigErrors(err), 1)
	require.Equal(t, "PublicURL", core.ConfigErrors(err)[0].Field)
	c.PublicURL = "https://a.example/{tenant}#x"
	_, err = core.New(c)
	require.Equal(t, "PublicURL", core.ConfigErrors(err)[0].Field)
}

func TestARecordSaysWhichURLWasSigned(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]core.URLSource{"": core.URLRebuilt,
		"https://a.example/x": core.URLConfigured} {
		c, rec := config(urlAndBody())
		c.PublicURL = public
		g := mustNew(t, c)
		signed := public
		if signed == "" {
			signed = "http://example.com/hooks"
		}
		run(g, post("{}", "X-Hub-Signature-256", "sha256="+mac(testSecret, signed, "{}")), ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
		require.Equal(t, want, rec.last(t, g).SignedURL)
		run(g, post("{}", "X-Hub-Signature-256", "sha256="+mac("x", signed, "{}")), never(t))
		require.Contains(t, rec.last(t, g).Detail, signed+" was used ("+string(want)+")")
		require.Equal(t, want, rec.last(t, g).SignedURL)
	}
	c, rec := config(plain())
	g := mustNew(t, c)
	run(g, post("{}", "X-Hub-Signature-256", "sha256="+mac(testSecret, "{}")), ok)
	require.Empty(t, rec.last(t, g).SignedURL)
}

func TestACheckedTokenJoinsTheConfiguredURL(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]reason.Reason{
		"/in?token=" + token:          reason.Accepted,
		"/in?token=" + token + "&x=1": reason.BadSignature,
		"/in?x=1&token=" + token:      reason.BadSignature,
		"/in?%74oken=" + token:        reason.BadSignature,
	} {
		c, rec := config(urlAndBody())
		c.PublicURL = "https://a.example/hooks"
		c.Credentials = []core.Credential{core.QueryToken("token", secrets.Static(token))}
		g := mustNew(t, c)
		signed := "https://a.example/hooks?token=" + token
		r := post("{}", "X-Hub-Signature-256", "sha256="+mac(testSecret, signed, "{}"))
		r.RequestURI = target
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		run(g, r, ok)
		require.Equal(t, want, rec.last(t, g).Reason, target)
		require.NotContains(t, rec.last(t, g).Detail, token)
	}
}

// TestBytesOfTheBodyDoNotHideInARealTarget sends, over both versions of HTTP, what a server's parser makes of brackets,
// blanks and number signs in a target.
func TestBytesOfTheBodyDoNotHideInARealTarget(t *testing.T) {
	t.Parallel()
	c, rec := config(urlAndBody())
	c.DangerouslyAllowHTTP = false
	g := mustNew(t, c)
	srv := httptest.NewUnstartedServer(httpwebhook.Verify(g)(signal(ok)))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	const body = `{"a": "x y", "b": {"c": {}}, "d": [ {"e": 1} ] }`
	send := func(target, rest string) reason.Reason {
		for _, hash := range []string{"?src=", "/", "#"} {
			signature := "sha256=" + mac(testSecret, srv.URL, "/hooks"+hash, target+rest)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader(rest))
			require.NoError(t, err)
			r.URL = &url.URL{Scheme: "https", Host: r.URL.Host, Opaque: "/hooks" + hash + target}
			r.Header.Set("X-Hub-Signature-256", signature)
			resp, err := srv.Client().Do(r)
			if err != nil {
				continue // no such target can be sent
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, 2, resp.ProtoMajor)
			if resp.StatusCode == http.StatusOK {
				return reason.Accepted
			}
		}
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, send("", body))
	for at := 1; at <= len(body); at++ {
		require.NotEqual(t, reason.Accepted, send(body[:at], body[at:]), body[at:])
	}
}

func TestAnAbsoluteTargetIsSignedAsItsHostAndPath(t *testing.T) {
	t.Parallel()
	c, rec := config(urlAndBody())
	c.DangerouslyAllowHTTP = false
	g := mustNew(t, c)
	deliver := func(target, body string) reason.Reason {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + target +
			" HTTP/1.1\r\nHost: other.example\r\nContent-Length: " + strconv.Itoa(len(body)) +
			"\r\nX-Hub-Signature-256: sha256=" +
			mac(testSecret, `https://a.example/hooks?x={"a":{}}`) + "\r\n\r\n" + body)))
		require.NoError(t, err)
		r.RemoteAddr = "192.0.2.1:1"
		run(g, overTLS(r), ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, deliver("https://a.example/hooks?x=", `{"a":{}}`))
	require.Equal(t, reason.BadSignature, deliver(`https://a.example/hooks?x={"a":`, `{}}`))
	require.Equal(t, reason.BadSignature, deliver(`https://a.example/hooks?x={"a":{}}`, ``))
	require.Equal(t, reason.BadSignature, deliver("https://a.example/hooks", `?x={"a":{}}`))
}
