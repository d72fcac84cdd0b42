package core_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sources"
)

const provider4, provider6 = "198.51.100.7", "2001:db8:7::7"

// TestProxies is what documented proxies send, and what becomes of it.
func TestProxies(t *testing.T) {
	t.Parallel()
	const nginx, lb, pod = "10.0.0.2", "10.0.9.9", "10.1.2.3"
	const cloudflare = "173.245.48.5"
	type headers = []string
	for _, row := range []struct {
		name, peer string
		proxies    core.Networks
		headers    headers
		want       reason.Reason
		source     string
	}{
		{"nginx as in the README", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https"}, reason.Accepted, provider4},
		{"nginx that appends what the sender wrote before", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", "203.0.113.1, " + provider4, "X-Forwarded-Proto", "https"}, reason.Accepted,
			provider4},
		{"nginx, and an unknown sender who writes an allowed address", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4 + ", 203.0.113.66", "X-Forwarded-Proto", "https"},
			reason.SourceNotAllowed, "203.0.113.66"},
		{"ingress-nginx", pod, core.PrivateNetworks,
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https", "X-Real-Ip", "203.0.113.66",
				"X-Forwarded-Scheme", "http", "X-Scheme", "http", "X-Forwarded-Host", "evil.example"}, reason.Accepted,
			provider4},
		{"ingress-nginx behind a load balancer, with use-forwarded-headers", pod, core.PrivateNetworks,
			headers{"X-Forwarded-For", provider4 + ", " + lb, "X-Forwarded-Proto", "https"}, reason.Accepted,
			provider4},
		{"ingress-nginx behind a load balancer, without", pod, core.PrivateNetworks,
			headers{"X-Forwarded-For", lb, "X-Forwarded-Proto", "http"}, reason.PlainHTTP, lb},
		{"ALB", lb, "10.0.0.0/16",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443",
				"X-Amzn-Trace-Id", "Root=1"}, reason.Accepted, provider4},
		{"ALB that keeps the client's port", lb, "10.0.0.0/16",
			headers{"X-Forwarded-For", provider4 + ":51000", "X-Forwarded-Proto", "https"}, reason.Accepted, provider4},
		{"ALB and IPv6", lb, "10.0.0.0/16", headers{"X-Forwarded-For", provider6, "X-Forwarded-Proto", "https"},
			reason.Accepted, provider6},
		{"ALB with an HTTP listener", lb, "10.0.0.0/16",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "http"}, reason.PlainHTTP, provider4},
		{"ALB whose networks are not trusted", lb, "10.7.0.0/16",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https"}, reason.PlainHTTP, lb},
		{"Cloudflare", cloudflare, "173.245.48.0/20",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https", "Cf-Connecting-Ip", "203.0.113.66",
				"True-Client-Ip", "203.0.113.66", "Cf-Visitor", `{"scheme":"http"}`}, reason.Accepted, provider4},
		{"Cloudflare before nginx, both trusted, nginx passing the scheme on", nginx, "10.0.0.2, 173.245.48.0/20",
			headers{"X-Forwarded-For", provider4 + ", " + cloudflare, "X-Forwarded-Proto", "https"}, reason.Accepted,
			provider4},
		{"Cloudflare before nginx, and only nginx trusted", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4 + ", " + cloudflare, "X-Forwarded-Proto", "https"},
			reason.SourceNotAllowed, cloudflare},
		{"an unknown sender who passes by Cloudflare", "203.0.113.66", "173.245.48.0/20",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https"}, reason.PlainHTTP, "203.0.113.66"},
		{"Istio's sidecar after its gateway", "127.0.0.6", core.PrivateNetworks,
			headers{"X-Forwarded-For", provider4 + ",10.1.0.4", "X-Forwarded-Proto", "https",
				"X-Envoy-External-Address", "203.0.113.66", "X-Request-Id", "x"}, reason.Accepted, provider4},
		{"Istio's gateway that was reached over HTTP", "127.0.0.6", core.PrivateNetworks,
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "http"}, reason.PlainHTTP, provider4},
		{"HAProxy, which adds a line of its own", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", "203.0.113.1", "X-Forwarded-For", provider4, "X-Forwarded-Proto", "https"},
			reason.Accepted, provider4},
		{"HAProxy, and an unknown sender with a line of theirs", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-For", "203.0.113.66", "X-Forwarded-Proto", "https"},
			reason.SourceNotAllowed, "203.0.113.66"},

		{"a proxy that speaks RFC 7239", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https;by=10.0.0.2"}, reason.Accepted, provider4},
		{"RFC 7239 and IPv6 with a port", nginx, "10.0.0.2",
			headers{"Forwarded", `for="[` + provider6 + `]:4711";proto=HTTPS`}, reason.Accepted, provider6},
		{"RFC 7239, http", nginx, "10.0.0.2", headers{"Forwarded", "for=" + provider4 + ";proto=http"},
			reason.PlainHTTP, provider4},
		{"RFC 7239, two proxies, the inner way plain", nginx, core.PrivateNetworks,
			headers{"Forwarded", "for=" + provider4 + ";proto=https, for=10.0.0.1;proto=http"}, reason.Accepted,
			provider4},
		{"RFC 7239, and an unknown sender's element before the proxy's", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https, for=203.0.113.66;proto=http"}, reason.PlainHTTP,
			"203.0.113.66"},
		{"RFC 7239, and an unknown sender who writes an allowed address", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https, for=203.0.113.66;proto=https"},
			reason.SourceNotAllowed, "203.0.113.66"},
		{"RFC 7239, an obfuscated sender", nginx, "10.0.0.2", headers{"Forwarded", "for=_hidden;proto=https"},
			reason.SourceNotAllowed, ""},
		{"RFC 7239, an unknown sender", nginx, "10.0.0.2", headers{"Forwarded", "for=unknown;proto=https"},
			reason.SourceNotAllowed, ""},
		{"RFC 7239, malformed", nginx, "10.0.0.2", headers{"Forwarded", "for=" + provider4 + "; proto=https"},
			reason.PlainHTTP, ""},
		{"both families, of one mind", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https", "X-Forwarded-For", provider4, "X-Forwarded-Proto",
				"https"}, reason.Accepted, provider4},
		{"both families, of two minds over the scheme", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https", "X-Forwarded-For", provider4, "X-Forwarded-Proto",
				"http"}, reason.PlainHTTP, provider4},
		{"both families, of two minds over the scheme, the other way round", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=http", "X-Forwarded-For", provider4, "X-Forwarded-Proto",
				"https"}, reason.PlainHTTP, provider4},
		{"both families, of two minds over the sender", nginx, "10.0.0.2",
			headers{"Forwarded", "for=" + provider4 + ";proto=https", "X-Forwarded-For", "203.0.113.66",
				"X-Forwarded-Proto", "https"}, reason.SourceNotAllowed, ""},
		{"both families, of two minds over the sender, the other way round", nginx, "10.0.0.2",
			headers{"Forwarded", "for=203.0.113.66;proto=https", "X-Forwarded-For", provider4, "X-Forwarded-Proto",
				"https"}, reason.SourceNotAllowed, ""},
		{"a malformed Forwarded next to good headers", nginx, "10.0.0.2",
			headers{"Forwarded", `for="`, "X-Forwarded-For", provider4, "X-Forwarded-Proto", "https"}, reason.PlainHTTP,
			""},
		{"Forwarded without a sender next to X-Forwarded-For", nginx, "10.0.0.2",
			headers{"Forwarded", "proto=https", "X-Forwarded-For", provider4}, reason.Accepted, provider4},

		{"garbage as the last hop", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4 + ", unknown", "X-Forwarded-Proto", "https"}, reason.SourceNotAllowed,
			""},
		{"an empty last hop", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4 + ",", "X-Forwarded-Proto", "https"}, reason.SourceNotAllowed, ""},
		{"an empty header", nginx, "10.0.0.2", headers{"X-Forwarded-For", "", "X-Forwarded-Proto", "https"},
			reason.SourceNotAllowed, ""},
		{"garbage behind a trusted hop", nginx, core.PrivateNetworks,
			headers{"X-Forwarded-For", "x, 10.0.0.1", "X-Forwarded-Proto", "https"}, reason.SourceNotAllowed, ""},
		{"two trusted hops behind the sender", nginx, core.PrivateNetworks,
			headers{"X-Forwarded-For", "203.0.113.1, " + provider4 + ", 10.0.0.1, 192.168.0.1", "X-Forwarded-Proto",
				"https"}, reason.Accepted, provider4},
		{"garbage that an unknown sender wrote before the proxy's word", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", "' OR 1, " + provider4, "X-Forwarded-Proto", "https"}, reason.Accepted,
			provider4},
		{"an octal form", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", "198.51.100.07", "X-Forwarded-Proto", "https"}, reason.SourceNotAllowed, ""},
		{"IPv4 written in IPv6", "::ffff:10.0.0.2", "10.0.0.2",
			headers{"X-Forwarded-For", "::ffff:" + provider4, "X-Forwarded-Proto", "https"}, reason.Accepted,
			provider4},
		{"a zone", nginx, "10.0.0.2", headers{"X-Forwarded-For", provider6 + "%eth0", "X-Forwarded-Proto", "https"},
			reason.Accepted, provider6},
		{"seventeen hops", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", strings.Repeat("10.0.0.2, ", 16) + provider4, "X-Forwarded-Proto", "https"},
			reason.SourceNotAllowed, ""},
		{"seventeen lines", nginx, "10.0.0.2",
			append(repeated(16, "X-Forwarded-For", "10.0.0.2"), "X-Forwarded-For", provider4, "X-Forwarded-Proto",
				"https"), reason.SourceNotAllowed, ""},
		{"every hop is ours", nginx, core.PrivateNetworks,
			headers{"X-Forwarded-For", "10.5.5.5, 10.0.0.1", "X-Forwarded-Proto", "https"}, reason.SourceNotAllowed,
			"10.5.5.5"},
		{"no hop at all", nginx, "10.0.0.2", headers{"X-Forwarded-Proto", "https"}, reason.SourceNotAllowed, nginx},
		{"a doubled scheme", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https", "X-Forwarded-Proto", "https"},
			reason.PlainHTTP, provider4},
		{"a listed scheme", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Proto", "https, https"}, reason.PlainHTTP, provider4},
		{"other headers that name a scheme", nginx, "10.0.0.2",
			headers{"X-Forwarded-For", provider4, "X-Forwarded-Ssl", "on", "Front-End-Https", "on", "X-Url-Scheme",
				"https", "X-Forwarded-Protocol", "https"}, reason.PlainHTTP, provider4},
		{"no proxy configured", provider4, "", headers{"X-Forwarded-Proto", "https"}, reason.PlainHTTP, provider4},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, row.proxies
			c.Sources = core.Networks(provider4 + ", " + provider6)
			g := mustNew(t, c)
			r := signed(event)
			for i := 0; i < len(row.headers); i += 2 {
				r.Header.Add(row.headers[i], row.headers[i+1])
			}
			r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(row.peer), 4711).String()
			w := run(g, r, ok)
			last := rec.last(t, g)
			require.Equal(t, row.want, last.Reason, last.Detail)
			if row.source == "" {
				require.False(t, last.Source.IsValid(), last.Source)
			} else {
				require.Equal(t, netip.MustParseAddr(row.source), last.Source)
			}
			require.Equal(t, map[bool]int{true: 200, false: 400}[row.want == reason.Accepted], w.Code)
			if last.Reason == reason.SourceNotAllowed {
				require.Regexp(t, "is not in Sources|is not known: .+", last.Detail, "it says what was seen")
			}
		})
	}
}

func repeated(n int, texts ...string) (out []string) {
	for range n {
		out = append(out, texts...)
	}
	return out
}

func TestTLSIsTrustedBeforeHeaders(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, peer string
		headers    []string
		target     string
		want       reason.Reason
	}{
		{"an unknown sender's word changes nothing", "203.0.113.1:1",
			[]string{"X-Forwarded-Proto", "http", "Forwarded", `for="`}, "", reason.Accepted},
		{"a proxy that says nothing", "10.0.0.2:1", nil, "", reason.Accepted},
		{"a proxy that says https", "10.0.0.2:1", []string{"X-Forwarded-Proto", "https"}, "", reason.Accepted},
		{"a proxy that was reached over plain HTTP", "10.0.0.2:1", []string{"X-Forwarded-Proto", "http"}, "",
			reason.PlainHTTP},
		{"a proxy that cannot tell", "10.0.0.2:1", []string{"X-Forwarded-Proto", "https, http"}, "", reason.PlainHTTP},
		{"an absolute target of the same scheme", "203.0.113.1:1", nil, "https://hooks.example.com/hooks",
			reason.Accepted},
		{"an absolute target of another scheme", "203.0.113.1:1", nil, "http://hooks.example.com/hooks",
			reason.PlainHTTP},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, "10.0.0.2"
			g := mustNew(t, c)
			r := signed(event)
			for i := 0; i < len(row.headers); i += 2 {
				r.Header.Add(row.headers[i], row.headers[i+1])
			}
			r.RemoteAddr, r.TLS = row.peer, &tls.ConnectionState{}
			if row.target != "" {
				r.RequestURI = row.target
			}
			run(g, r, ok)
			require.Equal(t, row.want, rec.last(t, g).Reason)
		})
	}
}

func TestAnAbsoluteTargetProvesNothingOverPlainTCP(t *testing.T) {
	t.Parallel()
	for _, peer := range []string{"203.0.113.1:1", "10.0.0.2:1"} {
		c, rec := config(timestamped())
		c.DangerouslyAllowHTTP, c.TrustedProxies = false, "10.0.0.2"
		g := mustNew(t, c)
		r := httptest.NewRequest(http.MethodPost, "https://hooks.example.com/hooks", strings.NewReader(event))
		r.TLS, r.RemoteAddr = nil, peer
		r.Header = signed(event).Header
		r.Header.Set("X-Forwarded-Proto", "https")
		run(g, r, never(t))
		require.Equal(t, reason.PlainHTTP, rec.last(t, g).Reason)
	}
}

func TestARewrittenRemoteAddrIsNobodys(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{provider4, provider6, "", "@", "hooks.example.com:80", "198.51.100.07:80",
		"198.51.100.7:80:80"} {
		c, rec := config(timestamped())
		c.Sources = core.Networks(provider4 + " " + provider6)
		g := mustNew(t, c)
		r := signed(event)
		r.RemoteAddr = addr
		run(g, r, never(t))
		last := rec.last(t, g)
		require.Equal(t, reason.SourceNotAllowed, last.Reason, addr)
		if addr == provider4 || addr == provider6 {
			require.Contains(t, last.Detail, "RealIP")
		}
	}
}

func TestSourceSets(t *testing.T) {
	t.Parallel()
	set, err := core.Networks("10.0.0.0/8, 10.1.0.0/16, 192.0.2.1, 192.0.2.2/31, 2001:db8::1, 2001:db8:1::/48, " +
		"::ffff:203.0.113.0/120").Sources(t.Context())
	require.NoError(t, err)
	for text, want := range map[string]bool{
		"10.0.0.0": true, "10.255.255.255": true, "11.0.0.0": false, "9.255.255.255": false, "192.0.2.0": false,
		"192.0.2.1": true,
		"192.0.2.3": true, "192.0.2.4": false, "2001:db8::1": true, "2001:db8::2": false, "2001:db8::": false,
		"2001:db8:1:ffff::": true,
		"2001:db8:2::":      false, "203.0.113.9": true, "::ffff:10.1.2.3": true, "::a00:1": false,
		"fe80::1%eth0": false, "255.255.255.255": false, "::": false,
	} {
		require.Equal(t, want, set.Contains(netip.MustParseAddr(text)), text)
	}
	require.False(t, set.Contains(netip.Addr{}))
	for _, list := range []core.Networks{"", "0.0.0.0/0", "::/0", "0.0.0.0/1 128.0.0.0/1",
		"::/1, 8000::/2, c000::/2, 192.0.2.1", "10.0.0.1/8", "x", "fe80::1%eth0", "::ffff:0.0.0.0/95"} {
		_, err := list.Sources(t.Context())
		require.Error(t, err, list)
		c, _ := config(timestamped())
		c.Sources = list
		_, err = core.New(c)
		require.Len(t, core.ConfigErrors(err), 1)
		require.Equal(t, "Sources", core.ConfigErrors(err)[0].Field)
	}
}

type sourceFunc func() (*sources.Set, error)

func (f sourceFunc) Sources(context.Context) (*sources.Set, error) { return f() }

func TestAListOfSourcesThatIsGoneIsOurTrouble(t *testing.T) {
	t.Parallel()
	set, err := core.Networks(provider4).Sources(t.Context())
	require.NoError(t, err)
	for _, gone := range []sourceFunc{
		func() (*sources.Set, error) { return nil, errors.New("gone") },
		func() (*sources.Set, error) { return nil, nil },
	} {
		current := sourceFunc(func() (*sources.Set, error) { return set, nil })
		c, rec := config(timestamped())
		c.Sources = sourceFunc(func() (*sources.Set, error) { return current() })
		g := mustNew(t, c)
		current = gone
		r := signed(event)
		r.RemoteAddr = provider4 + ":1"
		w := run(g, r, never(t))
		require.Equal(t, 503, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.Equal(t, reason.KeysUnavailable, rec.last(t, g).Reason)
		c.Sources = gone
		_, err := core.New(c)
		require.Error(t, err)
	}
}

// FuzzSources: nobody whose connection is not a proxy's is taken for somebody else, whatever they send.
func FuzzSources(f *testing.F) {
	f.Add("198.51.100.7", "for=198.51.100.7", "https", true)
	f.Add("198.51.100.7, 10.0.0.1", `for="[2001:db8:7::7]:1", for=10.0.0.1`, "https", true)
	f.Add(",,", `for="`, "x", false)
	c, _ := config(timestamped())
	c.TrustedProxies = "10.0.0.0/8"
	g := mustNew(f, c)
	f.Fuzz(func(t *testing.T, xff, forwarded, proto string, proxied bool) {
		r := post("")
		r.Header = http.Header{"X-Forwarded-For": {xff}, "Forwarded": {forwarded}, "X-Forwarded-Proto": {proto}}
		r.RemoteAddr = "203.0.113.66:1"
		if !proxied {
			source, _ := g.Trace(r)
			require.Equal(t, "203.0.113.66", source.String())
			return
		}
		// A proxy of ours adds the true sender to what the unknown sender wrote: it is that or nobody.
		r.RemoteAddr = "10.0.0.2:1"
		r.Header["X-Forwarded-For"][0] += ", 203.0.113.66"
		if source, _ := g.Trace(r); source.IsValid() && source.String() != "203.0.113.66" {
			t.Fatalf("%v is taken for %v", r.Header, source)
		}
	})
}

func TestTransport(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		proxies core.Networks
		peer    string
		proto   []string
		want    reason.Reason
		detail  string
	}{
		{"a trusted proxy's word counts", core.PrivateNetworks, "10.1.2.3:99", []string{"https"}, reason.Accepted, ""},
		{"case does not matter", core.PrivateNetworks, "10.1.2.3:99", []string{"HTTPS"}, reason.Accepted, ""},
		{"IPv4 in IPv6 is unmapped", core.PrivateNetworks, "[::ffff:10.1.2.3]:99", []string{"https"}, reason.Accepted,
			""},
		{"a bare address is one host", "192.0.2.7", "192.0.2.7:1", []string{"https"}, reason.Accepted, ""},
		{"no proxy configured", "", "10.1.2.3:99", []string{"https"}, reason.PlainHTTP, "no proxy configured"},
		{"a peer that is not trusted", core.PrivateNetworks, "203.0.113.9:99", []string{"https"}, reason.PlainHTTP,
			"peer 203.0.113.9 not trusted"},
		{"a peer without an address", core.PrivateNetworks, "@", []string{"https"}, reason.PlainHTTP, "not trusted"},
		{"the proxy said http", core.PrivateNetworks, "10.1.2.3:99", []string{"http"}, reason.PlainHTTP,
			"proxy said http"},
		{"the proxy said nothing", core.PrivateNetworks, "10.1.2.3:99", nil, reason.PlainHTTP, "no X-Forwarded-Proto"},
		{"a list", core.PrivateNetworks, "10.1.2.3:99", []string{"https, http"}, reason.PlainHTTP, "not append"},
		{"two headers", core.PrivateNetworks, "10.1.2.3:99", []string{"https", "https"}, reason.PlainHTTP,
			"more than once"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, row.proxies
			g := mustNew(t, c)
			r := signed(event)
			r.URL.Scheme = "https" // as an absolute-form request target would set it
			r.RemoteAddr = row.peer
			r.Header["X-Forwarded-Proto"] = row.proto
			run(g, r, ok)
			require.Equal(t, row.want, rec.last(t, g).Reason)
			require.Contains(t, rec.last(t, g).Detail, row.detail)
		})
	}
}

// TestPlainHTTPSaysWhatItSaw: each way to plain HTTP has its own words, with the setting to change, and none blames a
// proxy that may not exist.
func TestPlainHTTPSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	const loopback, private, public = "127.0.0.1:99", "10.1.2.3:99", "203.0.113.9:99"
	both := []string{"silent", "development", "TrustedProxies", "DangerouslyAllowHTTP", "X-Forwarded-Proto"}
	alone := []string{"is silent", "development", "X-Forwarded-Proto", "DangerouslyAllowHTTP"}
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	for _, row := range []struct {
		name    string
		proxies core.Networks
		peer    string
		header  http.Header
		says    []string
		not     []string
	}{
		{"no proxy configured, from this machine: a silent proxy or development", "", loopback, nil,
			append(both, "no proxy configured", "127.0.0.1"), []string{"not trusted", "proxy said"}},
		{"no proxy configured, from a private network: the same", "", private, nil,
			append(both, "no proxy configured", "10.1.2.3"), []string{"not trusted", "proxy said"}},
		{"no proxy configured, from IPv6 loopback: the same", "", "[::1]:99", nil,
			append(both, "no proxy configured", "::1"), []string{"not trusted"}},
		{"no proxy configured, and a proxy speaks: its address is to be trusted", "", private,
			header("X-Forwarded-Proto", "https"),
			[]string{"no proxy configured", "TrustedProxies", "10.1.2.3"},
			[]string{"development", "DangerouslyAllowHTTP", "silent"}},
		{"no proxy configured, and the sender's address is forwarded: the same", "", loopback,
			header("X-Forwarded-For", "198.51.100.7"),
			[]string{"no proxy configured", "TrustedProxies", "127.0.0.1"}, []string{"development", "silent"}},
		{"no proxy configured, from the internet: TLS or a proxy", "", public, nil,
			[]string{"no proxy configured", "serve TLS", "TrustedProxies"}, []string{"silent", "DangerouslyAllowHTTP"}},
		{"a private peer outside TrustedProxies without a forwarding header: both causes", "192.0.2.0/24", private, nil,
			append(both, "not trusted", "10.1.2.3"), []string{"no proxy configured", "proxy said"}},
		{"a peer outside TrustedProxies that forwards: trust it", "192.0.2.0/24", private,
			header("Forwarded", "proto=https"),
			[]string{"not trusted", "TrustedProxies", "10.1.2.3"},
			[]string{"no proxy configured", "development", "silent"}},
		{"a public peer outside TrustedProxies", core.PrivateNetworks, public, nil,
			[]string{"peer 203.0.113.9 not trusted", "TrustedProxies"}, []string{"no proxy configured", "development"}},
		{"a trusted loopback peer without any forwarding header: both causes", core.PrivateNetworks, loopback, nil,
			append(alone, "127.0.0.1"), []string{"not trusted", "no proxy configured", "proxy said"}},
		{"a trusted private peer without any forwarding header: both causes", core.PrivateNetworks, private, nil,
			append(alone, "10.1.2.3"), []string{"not trusted", "no proxy configured", "proxy said"}},
		{"a trusted public peer without any forwarding header: a proxy", "203.0.113.9", public, nil,
			[]string{"no X-Forwarded-Proto"}, []string{"development", "not trusted"}},
		{"a trusted proxy that forwards the address alone", core.PrivateNetworks, loopback,
			header("X-Forwarded-For", "198.51.100.7"),
			[]string{"no X-Forwarded-Proto"}, []string{"development", "DangerouslyAllowHTTP"}},
		{"a trusted proxy that says http", core.PrivateNetworks, loopback, header("X-Forwarded-Proto", "http"),
			[]string{"the proxy said http"}, []string{"development", "not trusted", "silent"}},
		{"a Unix socket", core.PrivateNetworks, "@", nil, []string{"not trusted", "no address"},
			[]string{"development"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.DangerouslyAllowHTTP, c.TrustedProxies = false, row.proxies
			g := mustNew(t, c)
			r := signed(event)
			r.RemoteAddr = row.peer
			for name, values := range row.header {
				r.Header[name] = values
			}
			run(g, r, ok)
			got := rec.last(t, g)
			require.Equal(t, reason.PlainHTTP, got.Reason)
			for _, text := range row.says {
				require.Contains(t, got.Detail, text)
			}
			for _, text := range row.not {
				require.NotContains(t, got.Detail, text)
			}
		})
	}
}
