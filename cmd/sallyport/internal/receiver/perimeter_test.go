package receiver

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const perimeterEndpoint = `
trusted_proxies: [127.0.0.1]
endpoints:
  - path: /hooks/github
    provider: github
    secrets: [` + secret + `]
    sources: [198.51.100.0/24, "2001:db8::1"]
    rate_limit: {per_second: 0.001, burst: 3}
`

func TestSourcesAndRates(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, perimeterEndpoint))
		const path = "/hooks/github"
		send := func(n int, source string) int {
			m := github(path, fmt.Sprintf(`{"n":%d}`, n))
			m.header["X-Forwarded-Proto"], m.header["X-Forwarded-For"] = "https", source
			return r.send(m)
		}
		accepted := func(n int) string {
			return signalJSON(path, "github", "72d3162e", "push", "#1", fmt.Sprintf(`{"n":%d}`, n), "ok")
		}
		require.Equal(t, 400, send(0, "198.51.100.7, 203.0.113.66"))
		require.Equal(t, answeredJSON(path, "github", "source_not_allowed", 400), r.line())
		for n := range 3 {
			require.Equal(t, 200, send(n, "203.0.113.66, 198.51.100.7"))
			require.Equal(t, accepted(n), r.line())
		}
		require.Equal(t, 429, send(3, "198.51.100.7"))
		require.Equal(t, answeredJSON(path, "github", "rate_limited", 429), r.line())
		require.Equal(t, 200, send(4, "2001:db8::1"))
		require.Equal(t, accepted(4), r.line())
		require.Equal(t, 400, send(5, "2001:db8::2"), "a bare IPv6 address is one host")
		require.Equal(t, answeredJSON(path, "github", "source_not_allowed", 400), r.line())
		require.Equal(t, 0, r.end())
	})
}

func TestChecksThatOnlyReport(t *testing.T) {
	eachRouter(t, func(t *testing.T, router string) {
		r := start(t, file(router, perimeterEndpoint+"    report_only: [signature, sources, https]\n"))
		const path, body = "/hooks/github", `{"n":1}`
		m := github(path, body)
		m.header["X-Hub-Signature-256"] = "sha256=" + mac("another", body)
		require.Equal(t, 200, r.send(m))
		require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "", body, "ok"), r.line())
		require.Equal(t, 200, r.send(github(path, body)))
		require.Equal(t, signalJSON(path, "github", "72d3162e", "push", "#1", body, "ok"), r.line(),
			"the real one is no duplicate")
		require.Equal(t, 0, r.end())
		log := drained(r.stderr)
		require.Contains(t, log, "a check only reports")
		require.Contains(t, log, "would_refuse=\"https: plain_http")
		require.Contains(t, log, "; sources: source_not_allowed")
		require.Contains(t, log, "; signature: bad_signature")
	})
}
