package receiver

import (
	"log/slog"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

// sample is a good file; each row of the test below breaks one line of it.
const sample = `listen: 127.0.0.1:0
router: chi
clock: 2026-01-01T00:00:00Z
trusted_proxies: [127.0.0.1/32]
endpoints:
  - path: /hooks/stripe
    provider: stripe
    secrets: [made-up-for-tests-0123456789abcdef]
    credentials: {header: {name: X-Token, values: [made-up-for-tests-0123456789abcdef]}}
    tolerance: 5m
    max_body: 1048576
    public_url: https://hooks.example.com/hooks/stripe
    replay: {store: memory, lease: 1m, retention: 120h}
    dangerously_allow_http: true
    dangerously_allow_weak_secrets: false
    sources: [127.0.0.1, 2001:db8::/32]
    rate_limit: {per_second: 0.5, burst: 10}
    simulate: {delay: 0s, fail_first: 0, panic_first: 0}
`

func TestTheSamplesAreGood(t *testing.T) {
	for _, name := range []string{"GITHUB_SECRET", "STRIPE_SECRET", "META_APP_SECRET", "META_VERIFY_TOKEN"} {
		t.Setenv(name, secret+name)
	}
	t.Setenv("POSTMARK_LOGIN", "user:"+secret)
	r := start(t, sample)
	require.Contains(t, drained(r.stderr), "the clock is frozen")
	require.Equal(t, 0, r.end())
	require.Equal(t, 0, start(t, `{listen: "localhost:0", endpoints: [{path: /, provider: github, secrets: [&s `+secret+
		`]}, {path: /2, provider: github, secrets: [*s]}]}`).end())

	var m mistakes
	require.Len(t, load("receiver.yaml", &m).build(trialStore, &output{}, slog.New(slog.DiscardHandler),
		&m), 8)
	require.NoError(t, m.err())
}

func trialStore(e *endpointConfig) (replay.Store, error) {
	return newStores(slog.New(slog.DiscardHandler), nil).trial(e), nil
}

func TestMistakesNameFileLineAndKey(t *testing.T) {
	for _, row := range []struct{ what, line, broken, want string }{
		{"a listen without a port", "listen: 127.0.0.1:0", "listen: 127.0.0.1",
			`:1: listen: must be an address and a port`},
		{"a port beyond the last", "listen: 127.0.0.1:0", "listen: 127.0.0.1:65536",
			`:1: listen: must be an address and a port`},
		{"an unknown router", "router: chi", "router: fiber",
			`:2: router: must be one of ` + strings.Join(Routers(), ", ") + `, not "fiber"`},
		{"a router that is a list", "router: chi", "router: [chi]", `:2: router: must be text`},
		{"an unknown key", "router: chi", "rooter: chi",
			`:2: rooter: unknown key; known here are clock, endpoints, listen, router, trusted_proxies`},
		{"a key that comes twice", "router: chi", "listen: 127.0.0.1:1",
			`:2: listen: this key stands twice, first in line 1`},
		{"a clock without a time", "clock: 2026-01-01T00:00:00Z", "clock: 2026-01-01",
			`:3: clock: must be a time such as`},
		{"a clock beyond loopback", "listen: 127.0.0.1:0", "listen: 0.0.0.0:0",
			`:3: clock: a frozen clock is for replaying on this machine`},
		{"simulated failures beyond loopback", "listen: 127.0.0.1:0", `listen: ":0"`,
			`:18: endpoints[0].simulate: signals that fail on purpose are for this machine`},
		{"a proxy that is none", "trusted_proxies: [127.0.0.1/32]", "trusted_proxies: [proxy]",
			`:4: trusted_proxies: "proxy" is neither an address nor a prefix`},
		{"the whole internet as a proxy", "trusted_proxies: [127.0.0.1/32]", "trusted_proxies: [0.0.0.0/0]",
			`:4: trusted_proxies: "0.0.0.0/0": it trusts the whole internet`},
		{"an empty list", "trusted_proxies: [127.0.0.1/32]", "trusted_proxies: []",
			`:4: trusted_proxies: must be a list with at least one item`},

		{"a path that is relative", "- path: /hooks/stripe", "- path: hooks",
			`:6: endpoints[0].path: must begin with "/", and "hooks" does not`},
		{"a path that is a pattern", "- path: /hooks/stripe", "- path: /hooks/:name",
			`:6: endpoints[0].path: must hold letters`},
		{"a path that climbs", "- path: /hooks/stripe", "- path: /hooks/../stripe",
			`:6: endpoints[0].path: must not hold empty segments`},
		{"a path of two slashes", "- path: /hooks/stripe", "- path: //",
			`:6: endpoints[0].path: must not hold empty segments`},
		{"no path", "- path: /hooks/stripe", "- max_body: 1", `:6: endpoints[0].path: is missing`},
		{"a provider that nobody knows", "provider: stripe", "provider: strip",
			`:7: endpoints[0].provider: no provider is called "strip"; did you mean stripe?`},
		{"no provider", "provider: stripe", "", `:6: endpoints[0].provider: is missing`},

		{"a secret that is a number", "secrets: [" + secret + "]", "secrets: [123]",
			`:8: endpoints[0].secrets[0]: must be text; if it is, put it in quotes`},
		{"an empty secret", "secrets: [" + secret + "]", `secrets: [""]`, `:8: endpoints[0].secrets[0]: is empty`},
		{"a short secret", "secrets: [" + secret + "]", "secrets: [" + secret + ", short]",
			`:8: endpoints[0].secrets[1]: the secret has 5 bytes after decoding and needs at least 16`},
		{"secrets that are no list", "secrets: [" + secret + "]", "secrets: " + secret,
			`:8: endpoints[0].secrets: must be a list with at least one item`},
		{"a secret from nowhere", "secrets: [" + secret + "]", "secrets: [{label: old}]",
			`:8: endpoints[0].secrets[0]: must have one of value, env and file`},
		{"a secret from two places", "secrets: [" + secret + "]", "secrets: [{value: a, env: B}]",
			`:8: endpoints[0].secrets[0]: must have one of value, env and file`},
		{"a secret with an unknown key", "secrets: [" + secret + "]", "secrets: [{valu: a}]",
			`:8: endpoints[0].secrets[0].valu: unknown key; known here are env, file, label, not_after, not_before, value`},
		{"a variable that is not set", "secrets: [" + secret + "]", "secrets: [{env: RECEIVER_TEST_UNSET}]",
			`:8: endpoints[0].secrets[0].env: the environment variable RECEIVER_TEST_UNSET is not set`},
		{"a variable that is empty", "secrets: [" + secret + "]", "secrets: [{env: RECEIVER_TEST_EMPTY}]",
			`:8: endpoints[0].secrets[0].env: the environment variable RECEIVER_TEST_EMPTY is empty`},
		{"a file of secrets that is not there", "secrets: [" + secret + "]", "secrets_file: testdata/none",
			`:8: endpoints[0].secrets_file: stat testdata/none: `},
		{"a file of secrets that holds none", "secrets: [" + secret + "]", "secrets_file: main_test.go",
			`:8: endpoints[0].secrets_file: `},
		{"a file of secrets beside secrets", "secrets: [" + secret + "]", "secrets: [" + secret +
			"]\n    secrets_file: testdata/none",
			`:9: endpoints[0].secrets_file: goes without secrets; give one of the two`},
		{"a file for a secret beside a secret", "secrets: [" + secret + "]", "secrets: [" + secret +
			"]\n    secret_sink_file: none",
			`:9: endpoints[0].secret_sink_file: goes without secrets; give one of the two`},
		{"a file for a secret beside a file of secrets", "secrets: [" + secret + "]",
			"secrets_file: testdata/none\n    secret_sink_file: none",
			`:9: endpoints[0].secret_sink_file: goes without secrets_file; give one of the two`},
		{"a file for a secret that is awaited from elsewhere", "secrets: [" + secret + "]",
			"await_secret: true\n    secret_sink_file: none",
			`:9: endpoints[0].secret_sink_file: goes without await_secret; give one of the two`},
		{"a file for a secret that nobody hands over", "secrets: [" + secret + "]", "secret_sink_file: none",
			`:8: endpoints[0].secret_sink_file: stripe hands no secret over`},
		{"a file for a secret that is empty", "secrets: [" + secret + "]", `secret_sink_file: ""`,
			`:8: endpoints[0].secret_sink_file: is empty`},
		{"a secret that is awaited and there", "secrets: [" + secret + "]", "secrets: [" + secret +
			"]\n    await_secret: true", `:9: endpoints[0].await_secret: goes without secrets; give one of the two`},
		{"a secret that is awaited by a word", "secrets: [" + secret + "]", "await_secret: please",
			`:8: endpoints[0].await_secret: must be true or false, not "please"`},
		{"a tenant without tenants", "secrets: [" + secret + "]", "tenant: {path: tenant}",
			`:8: endpoints[0].tenant: goes with tenants`},
		{"tenants without a tenant", "secrets: [" + secret + "]", "tenants: {acme: [" + secret + "]}",
			`:8: endpoints[0].tenants: go with tenant`},
		{"a tenant in two places", "secrets: [" + secret + "]", "tenants: {acme: [" + secret +
			"]}\n    tenant: {path: a, header: X-B}", `:9: endpoints[0].tenant: must have one of path and header`},
		{"a tenant in a pattern", "secrets: [" + secret + "]", "tenants: {acme: [" + secret +
			"]}\n    tenant: {path: ':a'}", `:9: endpoints[0].tenant.path: must be the name of a parameter`},
		{"a tenant in no header", "secrets: [" + secret + "]", "tenants: {acme: [" + secret +
			"]}\n    tenant: {header: 'X Y'}", `:9: endpoints[0].tenant: "\"X Y\"": it names no parameter`},
		{"tenants beside secrets", "secrets: [" + secret + "]", "secrets: [" + secret + "]\n    tenant: {path: a}\n  " +
			"  tenants: {acme: [" + secret + "]}", `:10: endpoints[0].tenants: goes without secrets`},
		{"a tenant with a short secret", "secrets: [" + secret + "]", "tenant: {path: a}\n    tenants: {acme: [" +
			secret + "], globex: [" + secret + ", short]}",
			`:9: endpoints[0].tenants.globex[1]: the secret has 5 bytes`},
		{"a tenant with no secrets", "secrets: [" + secret + "]", "tenant: {path: a}\n    tenants: {acme: []}",
			`:9: endpoints[0].tenants.acme: must be a list`},
		{"a tenant twice", "secrets: [" + secret + "]", "tenant: {path: a}\n    tenants: {acme: [" + secret +
			"], acme: [" + secret + "]}", `:9: endpoints[0].tenants.acme: this tenant stands twice`},
		{"a tenant that no request can name", "secrets: [" + secret + "]", "tenant: {path: a}\n    tenants: {a/b: [" +
			secret + "]}", `:9: endpoints[0].tenants.a/b: no request can name this tenant`},
		{"a tenant with an unknown key", "secrets: [" + secret + "]",
			"tenant: {path: a}\n    tenants: {acme: {secret_file: x}}",
			`:9: endpoints[0].tenants.acme.secret_file: unknown key; known here are secrets_file`},
		{"a secret's file that is not there", "secrets: [" + secret + "]", "secrets: [{file: testdata/none}]",
			`:8: endpoints[0].secrets[0].file: open testdata/none: `},
		{"a validity that is no time", "secrets: [" + secret + "]", "secrets: [{value: a, not_after: soon}]",
			`:8: endpoints[0].secrets[0].not_after: must be a time such as 2026-01-01T00:00:00Z, not "soon"`},
		{"a validity that ends before it begins", "secrets: [" + secret + "]", "secrets: [{value: " + secret +
			", not_before: 2026-01-02T00:00:00Z, not_after: 2026-01-01T00:00:00Z}]",
			`:8: endpoints[0].secrets[0]: its validity ends before it begins`},
		{"no secrets", "secrets: [" + secret + "]", "",
			`:6: endpoints[0].secrets: no secret is configured; copy it from`},

		{"a credential of an unknown kind", "{header: {name: X-Token, values: [" + secret + "]}}", "{cookie: [a]}",
			`:9: endpoints[0].credentials.cookie: unknown key; known here are basic, bearer, header, query`},
		{"no credential", "{header: {name: X-Token, values: [" + secret + "]}}", "{}",
			`:9: endpoints[0].credentials: must have one of basic, bearer, header and query`},
		{"a login that is no pair", "{header: {name: X-Token, values: [" + secret + "]}}", "{basic: [user]}",
			`:9: endpoints[0].credentials.basic[0]: the credential is not a pair "user:password"`},
		{"a header's name that is none", "name: X-Token", `name: "X Token"`,
			`:9: endpoints[0].credentials.header.name: "\"X Token\"": not the name of a header`},
		{"a header without values", ", values: [" + secret + "]}}", "}}",
			`:9: endpoints[0].credentials.header.values: is missing`},
		{"a header's value that is short", "values: [" + secret + "]", "values: [short]",
			`:9: endpoints[0].credentials.header.values[0]: the secret has 5 bytes`},

		{"a tolerance without a unit", "tolerance: 5m", "tolerance: 300",
			`:10: endpoints[0].tolerance: must be a duration such as 90s or 5m, of at least 1s, not "300"`},
		{"a tolerance of nothing", "tolerance: 5m", "tolerance: 0s", `:10: endpoints[0].tolerance: must be a duration`},
		{"a tolerance of days", "tolerance: 5m", "tolerance: 48h",
			`:10: endpoints[0].tolerance: "48h0m0s": it must be between 1s and 24h`},
		{"a limit that is no number", "max_body: 1048576", "max_body: 1MB",
			`:11: endpoints[0].max_body: must be a whole number of at least 1, not "1MB"`},
		{"a limit of nothing", "max_body: 1048576", "max_body: 0",
			`:11: endpoints[0].max_body: must be a whole number of at least 1, not "0"`},
		{"a limit of a gigabyte", "max_body: 1048576", "max_body: 1073741824",
			`:11: endpoints[0].max_body: "1073741824": it must be between 1 and`},
		{"a public URL that is relative", "https://hooks.example.com/hooks/stripe", "/hooks/stripe",
			`:12: endpoints[0].public_url: it must be the absolute https URL`},
		{"an unknown store", "store: memory", "store: disk",
			`:13: endpoints[0].replay.store: must be memory, none, redis, sqlite, postgres or mysql, not "disk"`},
		{"a database without a place", "store: memory", "store: postgres",
			`:13: endpoints[0].replay.url: is missing: where the postgres database is`},
		{"a database without a namespace", "store: memory", "store: sqlite, url: x",
			`:13: endpoints[0].replay.namespace: is missing: whose memory it is`},
		{"a namespace that is none", "store: memory", "store: sqlite, url: x, namespace: A b",
			`:13: endpoints[0].replay.namespace: the namespace "A b" is not valid`},
		{"a namespace for the memory", "store: memory", "namespace: a",
			`:13: endpoints[0].replay.namespace: the store "memory" is shared with nobody`},
		{"a URL in a variable that is not set", "store: memory", "store: postgres, url: {env: NO_SUCH_URL}",
			`the environment variable NO_SUCH_URL is not set`},
		{"a URL for the memory", "store: memory", "url: x",
			`:13: endpoints[0].replay.url: the store "memory" has no URL`},
		{"a retention of nothing stored", "store: memory", "store: none",
			`:13: endpoints[0].replay.retention: with no store nothing is remembered`},
		{"a retention that forgets too early", "retention: 120h", "retention: 1m",
			`:13: endpoints[0].replay.retention: "1m0s": `},
		{"a lease of nothing", "lease: 1m", "lease: 0s", `:13: endpoints[0].replay.lease: must be a duration`},
		{"a yes that is a word", "dangerously_allow_http: true", "dangerously_allow_http: yes",
			`:14: endpoints[0].dangerously_allow_http: must be true or false, not "yes"`},
		{"a yes that is nothing", "dangerously_allow_weak_secrets: false", "dangerously_allow_weak_secrets:",
			`:15: endpoints[0].dangerously_allow_weak_secrets: must be true or false, and nothing is given`},
		{"a check that nobody makes", "dangerously_allow_http: true", "report_only: [https, all]",
			`:14: endpoints[0].report_only[1]: "all": there is no such check; known are https, sources`},
		{"checks that are no list", "dangerously_allow_http: true", "report_only: https",
			`:14: endpoints[0].report_only: must be a list with at least one item`},
		{"a delay that is negative", "delay: 0s", "delay: -1s", `:18: endpoints[0].simulate.delay: must be a duration`},
		{"failures that are negative", "fail_first: 0", "fail_first: -1",
			`:18: endpoints[0].simulate.fail_first: must be a whole number of at least 0, not "-1"`},
		{"a simulation that is nothing", "simulate: {delay: 0s, fail_first: 0, panic_first: 0}", "simulate:",
			`:18: endpoints[0].simulate: must be a mapping with the keys delay, fail_first, panic_first`},

		{"a source that is none", "sources: [127.0.0.1, ", "sources: [stripe.com, ",
			`:16: endpoints[0].sources: "stripe.com, 2001:db8::/32": "stripe.com" is neither an address nor a prefix`},
		{"a source with stray bits", "sources: [127.0.0.1, ", "sources: [127.0.0.1/8, ", `:16: endpoints[0].sources: `},
		{"a source that is a number", "sources: [127.0.0.1, ", "sources: [127, ",
			`:16: endpoints[0].sources[0]: must be text`},
		{"the whole internet as a source", "sources: [127.0.0.1, ", "sources: [0.0.0.0/0, ",
			`:16: endpoints[0].sources: "0.0.0.0/0, 2001:db8::/32": the list holds the whole internet`},
		{"sources of nothing", "sources: [127.0.0.1, 2001:db8::/32]", "sources: []",
			`:16: endpoints[0].sources: must be a list with at least one item`},
		{"a rate of nothing", "per_second: 0.5", "per_second: 0",
			`:17: endpoints[0].rate_limit.per_second: must be a number above 0, not "0"`},
		{"a rate that is a word", "per_second: 0.5", "per_second: many",
			`:17: endpoints[0].rate_limit.per_second: must be a number above 0, not "many"`},
		{"a rate that is no number", "per_second: 0.5", "per_second: .nan",
			`:17: endpoints[0].rate_limit.per_second: must be a number above 0, not ".nan"`},
		{"a rate beyond all", "per_second: 0.5", "per_second: 1e9",
			`:17: endpoints[0].rate_limit.per_second: "1e+09": it must be between`},
		{"a burst of nothing", "burst: 10", "burst: 0",
			`:17: endpoints[0].rate_limit.burst: must be a whole number of at least 1, not "0"`},
		{"a burst beyond all", "burst: 10", "burst: 99999999999",
			`:17: endpoints[0].rate_limit.burst: "99999999999": it must be between`},
		{"a burst without a rate", "per_second: 0.5, ", "", `:17: endpoints[0].rate_limit.per_second: is missing`},
		{"an unknown key of the rate", "burst: 10", "bursts: 10",
			`:17: endpoints[0].rate_limit.bursts: unknown key; known here are burst, per_second`},

		{"two endpoints at one path", "    simulate: {", "  - {path: /hooks/stripe, provider: github, secrets: [" +
			secret + "]}\n#", `:18: endpoints[1].path: the path is the endpoint's name, and endpoints[0].path has it already, in line 6`},
		{"what is not YAML", "    provider: stripe", "   provider: [", `: not YAML: `},
		{"a second document", "    simulate: {", "---\nx: 1\n#", `:18: a second document begins here`},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Setenv("RECEIVER_TEST_EMPTY", "")
			require.Contains(t, sample, row.line, "the row breaks a line of the sample")
			name := write(t, "bad.yaml", strings.Replace(sample, row.line, row.broken, 1))
			code, stderr := fails(t, "--config", name)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, row.want)
			for line := range strings.Lines(stderr) {
				require.Regexp(t, "^"+regexp.QuoteMeta(name)+`:[0-9]+: `, line)
			}
			require.NotContains(t, stderr, secret, "an error must not hold a secret")
		})
	}
}

func TestMistakesAreReportedTogetherAndOnce(t *testing.T) {
	name := write(t, "bad.yaml", `listen: 127.0.0.1:0
router: fiber
trusted_proxies: [10.0.0.1/8]
endpoints:
  - path: /a
    provider: github
    secrets: [{env: RECEIVER_TEST_UNSET}, short]
    max_body: 0
  - path: /b
    provider: github
    secrets: [short]
    tolerance: 5m
`)
	code, stderr := fails(t, "--config", name)
	require.Equal(t, 1, code)
	var keys []string
	for line := range strings.Lines(stderr) {
		place, _, _ := strings.Cut(strings.TrimPrefix(line, name), ": ")
		_, text, _ := strings.Cut(line, ": ")
		key, _, _ := strings.Cut(text, ": ")
		keys = append(keys, place+" "+key)
	}
	require.Equal(t, []string{":2 router", ":3 trusted_proxies", ":7 endpoints[0].secrets[0].env",
		":8 endpoints[0].max_body", ":11 endpoints[1].secrets[0]", ":12 endpoints[1].tolerance"}, keys)
}

func TestAnEmptyFileAndNone(t *testing.T) {
	name := write(t, "empty.yaml", "# nothing\n")
	code, stderr := fails(t, "--config", name)
	require.Equal(t, 1, code)
	require.Equal(t, name+":1: endpoints: the file is empty\n", stderr)

	name = write(t, "few.yaml", "router: chi\n")
	_, stderr = fails(t, "--config", name)
	require.Equal(t, name+":1: endpoints: is missing: a list of at least one endpoint, with its path and provider\n",
		stderr)

	code, stderr = fails(t, "--config", "testdata/none.yaml")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "--config: open testdata/none.yaml: ")
}

func TestWrongFlags(t *testing.T) {
	t.Setenv("RECEIVER_TEST_SHORT", "short")
	for _, row := range []struct {
		what, args string
		code       int
		want       string
	}{
		{"nothing", "", 2, "--config is missing; or give --provider and --secret-env"},
		{"a flag that is none", "--rooter chi", 2, "unknown flag: --rooter"},
		{"a file beside flags", "--config x --router chi", 2, "--config goes without --router: the file says it"},
		{"a parameter without a value", "--provider meta --param x=", 2, `--param "x=" is not name=value`},
		{"no secret", "--provider github", 1, "--secret-env: is missing"},
		{"a variable that is not set", "--provider github --secret-env RECEIVER_TEST_UNSET", 1,
			"--secret-env: the environment variable RECEIVER_TEST_UNSET is not set"},
		{"a short secret", "--provider github --secret-env RECEIVER_TEST_SHORT", 1,
			"--secret-env: the secret has 5 bytes"},
		{"an unknown provider", "--provider x --secret-env RECEIVER_TEST_SHORT", 1,
			`--provider: no provider is called "x"`},
		{"an unknown router", "--provider github --router x --secret-env RECEIVER_TEST_SHORT", 1,
			`--router: must be one of`},
		{"a relative path", "--provider github --path x --secret-env RECEIVER_TEST_SHORT", 1,
			`--path: must begin with "/"`},
		{"a proxy that is none", "--provider github --trusted-proxies x --secret-env RECEIVER_TEST_SHORT", 1,
			`--trusted-proxies: "x" is neither`},
	} {
		code, stderr := fails(t, strings.Fields(row.args)...)
		require.Equal(t, row.code, code, row.what)
		require.Contains(t, stderr, row.want, row.what)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	name := write(t, "receiver.yaml", strings.Replace(sample, "127.0.0.1:0", ln.Addr().String(), 1))
	code, stderr := fails(t, "--config", name)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, ln.Addr().String())
}
