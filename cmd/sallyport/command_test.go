package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/inspector"
)

func TestWhatIsSentArrivesAtListen(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	out := cmd.background("listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0")
	begin := out.waits(t, "Page http://127.0.0.1:")
	require.Contains(t, begin, "Secret  whsec_")
	require.Contains(t, cmd.good("send", "--provider", "stripe", "--type", "invoice.paid", "--set",
		"data.object.amount_paid=1000"),
		"200 accepted in")
	require.Contains(t, out.waits(t, "invoice.paid"), "200 accepted")
	require.Contains(t, cmd.good("send", "--provider", "stripe", "--forge"), "400 refused in")
	out.waits(t, "bad_signature")
	require.Contains(t, cmd.good("send", "--provider", "stripe", "--stale"), "400 refused in")
	cmd.good("secret", "new", "--provider", "github", "--keep")
	status, _, problem := cmd.run("send", "--provider", "github", "--stale", "http://127.0.0.1:1/")
	require.Equal(t, usage, status, "no endpoint can refuse it")
	require.Equal(t, "sallyport: --stale: github signs no time, so nothing distinguishes an old delivery from a new "+
		"one\n", problem)
	require.Contains(t, cmd.good("send", "--provider", "stripe", "--repeat"), "the second time")
	out.waits(t, "duplicate")
	require.Equal(t, 3, strings.Count(cmd.good("send", "--provider", "stripe", "--count", "3", "--rate", "100"),
		"200 accepted"))
	cmd.in = `{"id":"evt_own","type":"mine"}`
	cmd.good("send", "--provider", "stripe", "--body", "-")
	out.waits(t, "mine evt_own")
	cmd.in = `{"id":"evt_own","type":"mine"}`
	three := cmd.good("send", "--provider", "stripe", "--body", "-", "--count", "3", "--rate", "100")
	require.Equal(t, 3, strings.Count(three, "200 accepted"))
	require.Eventually(t, func() bool { return strings.Count(out.waits(t, ""), "mine evt_") == 4 }, 20*time.Second,
		5*time.Millisecond, "standard input is read once, and sent three times")

	file := filepath.Join(cmd.env["XDG_STATE_HOME"], "sallyport", "stripe.json")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else reads the secret")
}

func TestSetUpRequestsArriveAtListen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"slack", "discord", "zoom", "github"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := newCommand(t)
			cmd.background("listen", "--provider", name, "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0").waits(t,
				"Page ")
			require.NotContains(t, cmd.good("send", "--provider", name, "--setup"), "expects")
		})
	}
}

func TestListenHandsOnWhatItVerified(t *testing.T) {
	t.Parallel()
	for _, signed := range []string{"as it came", "signed again"} {
		t.Run(signed, func(t *testing.T) {
			t.Parallel()
			cmd := newCommand(t)
			sender := webhooktest.NewSender(provider.Stripe())
			c := core.Config{
				Endpoint: "app", Provider: provider.Stripe(), Secrets: secrets.Static(sender.Secret()),
				Replay:         memstore.New(),
				TrustedProxies: "127.0.0.1", Logger: slog.New(slog.DiscardHandler),
			}
			args := []string{"listen", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--addr", "127.0.0.1:0",
				"--page", "127.0.0.1:0"}
			cmd.env["STRIPE_SECRET"] = sender.Secret()
			if signed == "signed again" {
				c.Provider = provider.StandardWebhooks()
				again := webhooktest.NewSender(c.Provider).Secret()
				c.Secrets = secrets.Static(again)
				cmd.env["OWN_SECRET"] = again
				args = append(args, "--resign", "OWN_SECRET")
			}
			guard, err := core.New(c)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, guard.Shutdown(context.WithoutCancel(t.Context()))) })
			var got atomic.Value
			signals := core.NewSignals()
			httpwebhook.On(signals, "*", func(_ *http.Request, e core.Event) error {
				got.Store(string(e.Payload))
				return nil
			})
			app := httptest.NewServer(httpwebhook.Handler(guard, signals))
			t.Cleanup(app.Close)
			begin := cmd.background(append(args, "--forward", app.URL+"/hook")...).waits(t, "Page ")
			place := regexp.MustCompile(`Receive (\S+)`).FindStringSubmatch(begin)[1]
			body := `{"id":"evt_1","type":"invoice.paid","text":"ä <é> 1.50"}`
			cmd.in = body
			cmd.good("send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", "-", place)
			require.Equal(t, body, got.Load())
		})
	}
}

// operated is a running app with its page, whose receiver fails while fail is set.
type operated struct {
	fail   atomic.Bool
	sender *webhooktest.Sender
	guard  *core.Guard
	mux    *http.ServeMux
}

func operate(t *testing.T, cmd *command) *operated {
	t.Helper()
	a := &operated{sender: webhooktest.NewSender(provider.Stripe()), mux: http.NewServeMux()}
	kept, err := journal.InMemory(journal.Config{})
	require.NoError(t, err)
	a.guard, err = core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Secrets: secrets.Static(a.sender.Secret()),
		Replay:  memstore.New(),
		Journal: kept, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.guard.Shutdown(context.WithoutCancel(t.Context()))) })
	signals := core.NewSignals()
	httpwebhook.On(signals, "*", func(*http.Request, core.Event) error {
		if a.fail.Load() {
			return core.Permanent(errors.New("column \"currency\" does not exist \x1b[31m"))
		}
		return nil
	})
	a.mux.Handle("/webhooks/stripe", httpwebhook.Handler(a.guard, signals))
	server := httptest.NewServer(a.mux)
	t.Cleanup(server.Close)
	login := secrets.GeneratePair()
	page, err := inspector.New(inspector.Config{
		Journal: kept, Redriver: &core.Redriver{App: a.mux, Guards: []*core.Guard{a.guard}}, Prefix: "/inspector",
		Hosts:     []string{server.Listener.Addr().String()},
		Authorize: inspector.BasicAuth(secrets.Static(login), inspector.Access{Redrive: true, Dismiss: true}),
		Logger:    slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	a.mux.Handle("/inspector/", page)
	cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = server.URL+"/inspector", login
	return a
}

func TestAnOperatorFindsWhatFailedAndRunsItAgain(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	a := operate(t, cmd)
	a.fail.Store(true)
	for range 10 {
		body := `{"id":"evt_` + secrets.Generate() + `","type":"invoice.paid"}`
		require.Equal(t, 200, a.sender.Send(a.mux, "/webhooks/stripe", webhooktest.Sample{Body: []byte(body)}).Code)
	}
	list := cmd.good("events", "--state", "parked")
	require.Equal(t, 10, strings.Count(list, "invoice.paid"))
	require.Contains(t, list, `column "currency" does not exist`)
	require.NotContains(t, list, "\x1b", "an error text steers no terminal")

	status, out, _ := cmd.run("redrive", "--state", "parked")
	require.Equal(t, wrong, status)
	require.Contains(t, out, "3 redriven: 0 done\nIt ended after three failures in a row.\n")
	a.fail.Store(false)
	id := strings.Fields(list)[0]
	require.Contains(t, cmd.good("show", id), "invoice.paid")
	require.Contains(t, cmd.good("redrive", id), "1 redriven: 1 done")
	require.Contains(t, cmd.good("redrive", "--state", "parked"), "9 redriven: 9 done")
	require.Empty(t, cmd.good("events", "--state", "parked"))
	require.Contains(t, cmd.good("rotation"), "in_use")

	cmd.env["SALLYPORT_LOGIN"] = "ops:wrong"
	status, _, problem := cmd.run("events")
	require.Equal(t, usage, status)
	require.Equal(t, "sallyport: the page answered 401: A login is required\n", problem)
}

func TestADismissedEventIsClosed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	a := operate(t, cmd)
	a.fail.Store(true)
	a.sender.Send(a.mux, "/webhooks/stripe", webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)})
	var all []event
	require.NoError(t, json.Unmarshal([]byte(cmd.good("events", "--output", "json")), &all))
	require.Len(t, all, 1)
	cmd.good("dismiss", all[0].ID)
	require.Len(t, strings.Split(strings.TrimSpace(cmd.good("events", "--state", "dismissed")), "\n"), 1)
}

func TestASecretIsMadeAndChecked(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	for _, name := range []string{"stripe", "github", "postmark", "standard-webhooks", "discord"} {
		cmd.in = cmd.good("secret", "new", "--provider", name)
		require.Equal(t, "A guard accepts it.\n", cmd.good("secret", "check", "--provider", name), name)
	}
	cmd.in = "hunter2-hunter2"
	status, out, _ := cmd.run("secret", "check", "--provider", "github")
	require.Equal(t, wrong, status)
	require.Contains(t, out, "needs at least 16")
	require.NotContains(t, out, "hunter2")
}

func TestASignedBodyIsACommandForAShell(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["HOOK_SECRET"] = "0123456789abcdef0123456789abcdef"
	cmd.in = `{"text":"it's $HOME"}`
	out := cmd.good("sign", "--provider", "github", "--secret-env", "HOOK_SECRET", "--body", "-", "--curl",
		"http://127.0.0.1:8080/hook")
	require.Contains(t, out, `--data-raw '{"text":"it'\''s $HOME"}'`)
	require.Contains(t, out, "X-Hub-Signature-256: sha256=")
	require.NotContains(t, out, cmd.env["HOOK_SECRET"])
	require.Contains(t, cmd.good("sign", "--provider", "github", "--secret-env", "HOOK_SECRET", "--body", "-"),
		"X-Hub-Signature-256: sha256=")
}

func TestProvidersAreFoundByAnyName(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	require.Contains(t, cmd.good("providers"), "stripe")
	require.Contains(t, cmd.good("providers", "stripe"), "provider.Stripe()")
	require.Contains(t, cmd.good("providers", "mail"), "mailgun")
	for asked, says := range map[string]string{
		"no-such-sender": "no provider is called \"no-such-sender\"; \"sallyport providers\" lists the names\n",
		"strpe":          "no provider is called \"strpe\"; did you mean stripe?\n",
	} {
		status, out, problem := cmd.run("providers", asked)
		require.Equal(t, wrong, status)
		require.Equal(t, says, out)
		require.Empty(t, problem)
		status, out, _ = cmd.run("providers", asked, "--output", "json")
		require.Equal(t, wrong, status)
		require.Equal(t, "[]\n", out)
	}
}

// Each error is one line on standard error that names what to change.
func TestAnErrorIsOneLineThatNamesTheFlag(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"--provider is missing":       {"send"},
		"no provider is called \"x\"": {"send", "--provider", "x"},
		"did you mean stripe?":        {"send", "--provider", "strpe"},
		"STRIPE_SECRET is not set":    {"send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET"},
		"there is no secret":          {"check", "--provider", "stripe", "http://127.0.0.1:1/"},
		"--output \"xml\"":            {"providers", "--output", "xml"},
		"unknown flag: --nothing":     {"send", "--nothing"},
		"unknown command \"nothing\"": {"nothing"},
		"SALLYPORT_PAGE is not set":   {"events"},
		"--param \"x\"":               {"secret", "new", "--provider", "stripe", "--param", "x"},
	} {
		status, out, problem := newCommand(t).run(args...)
		require.Equal(t, usage, status, says)
		require.Empty(t, out, says)
		require.Contains(t, problem, says)
		require.Equal(t, 1, strings.Count(problem, "\n"), problem)
	}
}

func TestOnlyThisMachineIsSentToUnlessAllowed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	for target, says := range map[string]string{
		"http://192.0.2.1/hook":                   "192.0.2.1 is not this machine: add --allow-remote",
		"https://user:password@example.com/":      "holds a password",
		"127.0.0.1:8080/hook":                     "begin it with http:// or https://",
		"ftp://127.0.0.1/":                        "begins with http:// or https://",
		"http://169.254.169.254/latest/meta-data": "gives out a cloud's credentials",
		"http://[::ffff:169.254.169.254]/":        "gives out a cloud's credentials",
	} {
		status, _, problem := cmd.run("send", "--provider", "stripe", target)
		require.Equal(t, usage, status, target)
		require.Contains(t, problem, says)
		require.NotContains(t, problem, "password@")
	}
	for _, target := range []string{
		"http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://168.63.129.16/",
		"http://[64:ff9b::a9fe:a9fe]/",
	} {
		status, _, problem := cmd.run("send", "--provider", "stripe", "--allow-remote", target)
		require.Equal(t, usage, status, target)
		require.Contains(t, problem, "gives out a cloud's credentials", target)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	server := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/", http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	status, out, _ := cmd.run("send", "--provider", "stripe", server.URL)
	require.Equal(t, wrong, status)
	require.Contains(t, out, "307 NOT accepted")
}

// The receiver chooses the token that some senders present while the URL is saved.
func TestTheVerifyTokenIsTheUsersOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"meta", "strava", "feishu"} {
		cmd := newCommand(t)
		listen := []string{"listen", "--provider", name, "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"}
		cmd.background(listen...).waits(t, "Page ")
		cmd.good("send", "--provider", name, "--setup") // both have the token of tests
		cmd.env["VERIFY_TOKEN"] = "a-token-of-the-users-own"
		cmd.background(append(listen, "--verify-token-env", "VERIFY_TOKEN")...).waits(t, "Page ")
		status, out, _ := cmd.run("send", "--provider", name, "--setup")
		require.Equal(t, wrong, status)
		require.Contains(t, out, "--verify-token-env")
		cmd.good("send", "--provider", name, "--setup", "--verify-token-env", "VERIFY_TOKEN")
	}
	cmd := newCommand(t)
	cmd.env["VERIFY_TOKEN"] = "a-token-of-the-users-own"
	cmd.good("secret", "new", "--keep", "--provider", "stripe")
	status, _, problem := cmd.run("send", "--provider", "stripe", "--verify-token-env", "VERIFY_TOKEN",
		"http://127.0.0.1:1/")
	require.Equal(t, usage, status)
	require.Equal(t, "sallyport: --verify-token-env: stripe asks for no token\n", problem)
}
