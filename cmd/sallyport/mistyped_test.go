package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// An id is a part of the page's URL. One that leads elsewhere in it would run everything that is parked.
func TestAnIDNamesOneEventAndNoOtherPage(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	a := operate(t, cmd)
	a.fail.Store(true)
	for _, id := range []string{"evt_1", "evt_2"} {
		a.sender.Send(a.mux, "/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"` + id + `","type":"a.b"}`)})
	}
	a.fail.Store(false)
	for _, id := range []string{"..", ".", "", "../redrive", "%2e%2e", "a/b", "?outcome=parked", "a b", "\x1b[2J"} {
		for _, name := range []string{"redrive", "show", "dismiss"} {
			status, out, problem := cmd.run(name, id)
			require.Equal(t, usage, status, "%s %q: %s", name, id, out)
			require.Contains(t, problem, `is not the id of an event: "sallyport events" lists them`, "%s %q", name, id)
			require.Regexp(t, `^[^\n\x1b]+\n$`, problem)
		}
	}
	require.Equal(t, 2, strings.Count(cmd.good("events", "--state", "parked"), "a.b"))
}

func TestAStateThatDoesNotExistIsNamed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	operate(t, cmd)
	for _, args := range [][]string{
		{"events", "--state", "parkd"}, {"redrive", "--state", "parkd"}, {"redrive", "--state", "done"},
		{"redrive", "--state", ""},
	} {
		status, out, problem := cmd.run(args...)
		require.Equal(t, usage, status, "%q: %s", args, out)
		require.Contains(t, problem, "--state "+`"`+args[2]+`" is not one of `, "%q", args)
	}
}

func TestARateIsANumberOfEventsASecond(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	var got atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	t.Cleanup(app.Close)
	for _, rate := range []string{"NaN", "0", "-1", "1e-300", "+Inf", "1001"} {
		status, _, problem := cmd.run("send", "--provider", "stripe", "--count", "3", "--rate", rate, app.URL)
		require.Equal(t, usage, status, rate)
		require.Contains(t, problem, "--rate ", rate)
	}
	require.Zero(t, got.Load())
}

func TestASetNumberKeepsItsDigits(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	out := cmd.good("sign", "--provider", "stripe", "--curl", "--set", "id=9007199254740993",
		"--set", "data.object.amount_total=12345678901234567890", "--set", "data.object.rate=1.10",
		"--set", "data.object.metadata=[1] [2]")
	for _, want := range []string{
		`"id":9007199254740993`, `"amount_total":12345678901234567890`, `"rate":1.10`, `"metadata":"[1] [2]"`,
	} {
		require.Contains(t, out, want)
	}
}

func TestShowPrintsNumbersAsTheyAre(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	answer := `{"endpoint":"stripe","state":"parked","length":26214400,"revision":9007199254740993}`
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(page.Close)
	cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = page.URL, "ops:password"
	require.Contains(t, cmd.good("show", "x"), "length    26214400\n")
	require.JSONEq(t, answer, cmd.good("show", "x", "-o", "json"))
	require.Contains(t, cmd.good("show", "x", "-o", "json"), "9007199254740993")
}

// A header of the sender that is shorter than what is cut off.
func TestAShortCredentialIsChecked(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(app.Close)
	cmd := newCommand(t)
	for _, secret := range []string{"a", "abc", "abcd"} {
		cmd.env["TOKEN"] = secret
		status, out, _ := cmd.run("check", "--provider", "telegram", "--secret-env", "TOKEN", "--slow", "0", app.URL)
		require.Equal(t, wrong, status, secret)
		require.Contains(t, out, "header without its end", secret)
	}
}

func TestTheAddressOfListenIsOneThatSendReaches(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		cmd := newCommand(t)
		out := cmd.background("listen", "--provider", "stripe", "--addr", address, "--page", "127.0.0.1:0")
		out.waits(t, "Page ")
		require.Contains(t, cmd.good("send", "--provider", "stripe"), "200 accepted", address)
	}
}

func TestAnUnencryptedPageElsewhereIsNamed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = "http://192.0.2.1/inspector", "ops:hunter2"
	status, _, problem := cmd.run("events")
	require.Equal(t, usage, status)
	require.Contains(t, problem, "SALLYPORT_PAGE")
	require.Contains(t, problem, "https://")
	require.NotContains(t, problem, "--allow-remote", "events has no such flag")
	require.NotContains(t, problem, "hunter2")
}

func TestASecretParameterStandsInAVariable(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	key := "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	args := []string{"sign", "--provider", "dingtalk", "--param"}
	cmd.good("secret", "new", "--keep", "--provider", "dingtalk")
	status, _, problem := cmd.run(append(args, "encoding_aes_keys="+key)...)
	require.Equal(t, usage, status)
	require.Contains(t, problem, "--param encoding_aes_keys: ")
	require.NotContains(t, problem, key)
	cmd.env["AES_KEY"] = key
	cmd.good(append(args, "encoding_aes_keys=AES_KEY")...)
	// What has no effect on what is sent is an error as well: it has a flag of its own, or belongs to serve.
	for param, says := range map[string]string{
		"meta verify_token=x": "--param verify_token: ", "square public_url=https://a.example/": "--public-url",
	} {
		name, value, _ := strings.Cut(param, " ")
		cmd.good("secret", "new", "--keep", "--provider", name)
		status, _, problem := cmd.run("sign", "--provider", name, "--param", value)
		require.Equal(t, usage, status, param)
		require.Contains(t, problem, says)
	}
}

func TestAWrongHeaderIsNamed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	for _, header := range []string{"X: a\nb", "X: \x00", "Bad Name: a", "no colon", ": a", "Ä: a"} {
		status, _, problem := cmd.run("sign", "--provider", "stripe", "--header", header)
		require.Equal(t, usage, status, "%q", header)
		require.Contains(t, problem, "sallyport: --header ", "%q", header)
		require.Equal(t, 1, strings.Count(problem, "\n"))
	}
}

func TestASecretInThePlaceOfAVariableIsNotPrinted(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	const secret = "whsec_made-up-for-tests-0123456789"
	config := written(t, "receiver.yaml", "endpoints:\n  - {path: /a, provider: stripe, secrets: [{env: "+secret+"}]}\n")
	for _, args := range [][]string{
		{"send", "--provider", "stripe", "--secret-env", secret},
		{"secret", "check", "--provider", "stripe", "--secret-env", secret},
		{"listen", "--provider", "stripe", "--resign", secret, "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"},
		{"serve", "--provider", "stripe", "--secret-env", secret}, {"serve", "--config", config},
		{"doctor", "--provider", "stripe", "--secret-env", secret, config},
		{"events", "--database", "a.db", "--namespace", "a", "--key-env", secret},
	} {
		status, out, problem := cmd.run(args...)
		require.NotEqual(t, good, status, "%q", args)
		require.NotContains(t, out+problem, secret, "%q", args)
		if args[0] != "doctor" {
			require.Contains(t, problem, "not the secret", "%q", args)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"show"}, "give the ID of an event"}, {[]string{"show", "a", "b"}, "give the ID of an event"},
		{[]string{"dismiss"}, "give the ID of an event"}, {[]string{"redrive", "a", "b"}, "give one ID, or none"},
		{[]string{"check"}, "give the URL of the endpoint"}, {[]string{"send", "a", "b"}, "give one URL, or none"},
		{[]string{"sign", "a", "b"}, "give one URL, or none"}, {[]string{"forget"}, "give the IDs of the events"},
		{[]string{"providers", "a", "b"}, "give one name, or none"}, {[]string{"doctor", "a", "b"}, "give the file"},
	} {
		status, out, problem := newCommand(t).run(row.args...)
		require.Equal(t, usage, status)
		require.Empty(t, out)
		require.Contains(t, problem, "sallyport: "+row.want, "%q", row.args)
	}
}

// Tools of senders hand deliveries on over plain HTTP, on the same machine and without a proxy.
func TestListenTakesPlainHTTPWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	plain := func(t *testing.T, args ...string) (int, *lines) {
		t.Helper()
		out := cmd.background(append([]string{"listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page",
			"127.0.0.1:0"}, args...)...)
		place := regexp.MustCompile(`Receive (\S+)`).FindStringSubmatch(out.waits(t, "Page "))[1]
		target, err := parseTarget(place)
		require.NoError(t, err)
		p := &program{getenv: func(name string) string { return cmd.env[name] }}
		s, _, err := p.sender(&choice{provider: "stripe"}, false)
		require.NoError(t, err)
		r, err := s.sign(target, "", webhooktest.Samples(s.provider)[0], time.Now())
		require.NoError(t, err)
		r.Header.Del("X-Forwarded-Proto")
		a, err := send(t.Context(), client(false), r)
		require.NoError(t, err)
		return a.Status, out
	}
	status, out := plain(t)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, out.waits(t, "plain_http"), "--allow-http")
	status, _ = plain(t, "--allow-http")
	require.Equal(t, http.StatusOK, status)
}

// curl leaves out a header without a value, and shortens a path, which some senders sign.
func TestTheCurlCommandKeepsPathsAndEmptyHeaders(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--provider", "github", "--keep")
	line := cmd.good("sign", "--provider", "github", "--curl", "--header", "X-Empty:", "http://127.0.0.1:1/a/../b")
	require.Contains(t, line, `--header 'X-Empty;'`)
	require.Contains(t, line, `--path-as-is`)
	require.Contains(t, line, `'http://127.0.0.1:1/a/../b'`)
}

// Where listen has ended, somebody else may listen: nothing is sent there by default.
func TestSendGoesNowhereOnceListenHasEnded(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	begin := func() (end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		out, ended := &lines{}, make(chan int, 1)
		go func() {
			args := []string{"listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"}
			ended <- run(ctx, args, streams{strings.NewReader(""), out, out},
				func(name string) string { return cmd.env[name] })
		}()
		out.waits(t, "Page ")
		return func() {
			cancel()
			require.Equal(t, good, <-ended)
		}
	}
	first := begin()
	second := begin() // the newest is the default
	first()
	cmd.good("send", "--provider", "stripe")
	second()
	status, _, problem := cmd.run("send", "--provider", "stripe")
	require.Equal(t, usage, status)
	require.Contains(t, problem, `give the URL of the endpoint, or run "sallyport listen" first`)
}

func TestThePageOfAProgramIsForThisMachine(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	config := written(t, "receiver.yaml", "listen: 127.0.0.1:0\n"+oneEndpoint)
	for _, args := range [][]string{
		{"listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page"}, {"serve", "--config", config, "--page"},
	} {
		for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:80", "4401", "127.0.0.1"} {
			status, out, problem := cmd.run(append(args, address)...)
			require.NotEqual(t, good, status)
			require.Empty(t, out)
			require.Contains(t, problem, "--page: ", address)
			require.Contains(t, problem, "is not an address of this machine such as 127.0.0.1:4401", address)
			require.NotContains(t, problem, "ListenLocal", "nobody calls a function here")
		}
		cmd.background(append(args, "localhost:0")...).waits(t, "Page http://127.0.0.1:")
	}
}

// --curl sends nothing, and the set-up is not a sample that could be changed.
func TestASetUpGoesWithoutWhatChangesASample(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "github")
	var got atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	t.Cleanup(app.Close)
	for _, flags := range [][]string{
		{"--curl"}, {"--repeat"}, {"--stale"}, {"--forge"}, {"--count", "2"}, {"--body", "-"}, {"--set", "a=1"},
		{"--type", "push"}, {"--header", "A: b"},
	} {
		args := append([]string{"send", "--provider", "github", "--setup", app.URL}, flags...)
		status, out, problem := cmd.run(args...)
		require.Equal(t, usage, status, "%q", flags)
		require.Empty(t, out)
		require.Equal(t, "sallyport: --setup goes without "+flags[0]+"\n", problem)
	}
	require.Zero(t, got.Load())
}
