package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// flaws are what a handler of one's own gets wrong. The zero value is a handler without a known flaw.
type flaws struct {
	nothingVerified, repeatedRuns, parsedBody, noTime, oneSidedTime, firstHeader, lastHeader, prefixCompared,
	missingPasses,
	anyMethod, anyLength, plainHTTP, runsRefused bool
}

// handler verifies deliveries of Stripe as people write it by hand, with flaws.
func (f flaws) handler(secret string) func(http.ResponseWriter, *http.Request) bool {
	var mu sync.Mutex
	seen := map[string]bool{}
	return func(w http.ResponseWriter, r *http.Request) bool {
		body, err := f.read(w, r)
		if err != nil || !f.verifies(r, body, secret) {
			w.WriteHeader(http.StatusBadRequest)
			return f.runsRefused
		}
		var e struct{ ID string }
		_ = json.Unmarshal(body, &e)
		mu.Lock()
		defer mu.Unlock()
		again := seen[e.ID] && !f.repeatedRuns
		seen[e.ID] = true
		return !again
	}
}

func (f flaws) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if !f.anyMethod && r.Method != http.MethodPost || !f.plainHTTP && r.Header.Get("X-Forwarded-Proto") != "https" {
		return nil, http.ErrNotSupported
	}
	if !f.anyLength {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	}
	body, err := io.ReadAll(r.Body)
	if err == nil && f.parsedBody {
		var b bytes.Buffer
		if err = json.Compact(&b, body); err == nil {
			body = b.Bytes()
		}
	}
	return body, err
}

func (f flaws) verifies(r *http.Request, body []byte, secret string) bool {
	if f.nothingVerified {
		return true
	}
	all := r.Header.Values("Stripe-Signature")
	if len(all) == 0 || len(all) == 1 && all[0] == "" {
		return f.missingPasses
	}
	if len(all) > 1 && !f.firstHeader && !f.lastHeader {
		return false
	}
	header := all[0]
	if f.lastHeader {
		header = all[len(all)-1]
	}
	at, given := "", ""
	for pair := range strings.SplitSeq(header, ",") {
		if v, ok := strings.CutPrefix(pair, "t="); ok {
			at = v
		}
		if v, ok := strings.CutPrefix(pair, "v1="); ok {
			given = v
		}
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	want := hex.EncodeToString(mac.Sum(nil))
	if f.prefixCompared && len(given) > 8 {
		want = want[:len(given)]
	}
	seconds, _ := strconv.ParseInt(at, 10, 64)
	age := time.Since(time.Unix(seconds, 0))
	fresh := f.noTime || age < 5*time.Minute && (f.oneSidedTime || age > -5*time.Minute)
	return hmac.Equal([]byte(given), []byte(want)) && fresh
}

func TestEachFlawOfAHandlerIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flaws flaws
		finds []string // the cases that are wrong
	}{
		"without a flaw": {},
		"nothing is verified": {flaws{nothingVerified: true}, []string{
			"signed with another secret", "changed body", "body with a space more", "header left out", "header empty",
			"header without its end", "a forged one before it", "a forged one behind it", "stale", "early",
		}},
		"a repeated delivery runs again":         {flaws{repeatedRuns: true}, []string{"repeated"}},
		"the body is parsed before it is signed": {flaws{parsedBody: true}, []string{"body with a space more"}},
		"the time is not checked":                {flaws{noTime: true}, []string{"stale", "early"}},
		"the time is checked on one side":        {flaws{oneSidedTime: true}, []string{"early"}},
		"the first of two headers counts":        {flaws{firstHeader: true}, []string{"a forged one behind it"}},
		"the last of two headers counts":         {flaws{lastHeader: true}, []string{"a forged one before it"}},
		"the beginning of a signature suffices":  {flaws{prefixCompared: true}, []string{"header without its end"}},
		"without a signature it passes": {flaws{missingPasses: true},
			[]string{"header left out", "header empty"}},
		"any method is taken": {flaws{anyMethod: true}, []string{"another method"}},
		"the body has no limit": {flaws{anyLength: true, parsedBody: true}, []string{
			"body with a space more", "a body that is too large",
		}},
		"plain HTTP is taken": {flaws{plainHTTP: true}, []string{"plain HTTP"}},
		"what is refused runs all the same": {flaws{runsRefused: true}, []string{
			"signed with another secret", "changed body", "body with a space more", "header left out", "header empty",
			"header without its end", "a forged one before it", "a forged one behind it", "stale", "early",
			"a body that is too large", "another method", "plain HTTP",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const secret = "whsec_0123456789abcdef0123456789abcdef"
			e := serve(t, 2*time.Second, c.flaws.handler(secret))
			cmd := newCommand(t)
			cmd.env["STRIPE_SECRET"] = secret
			status, out, errors := cmd.run("check", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--output",
				"json",
				"--runs", e.URL+"/runs", e.URL+"/hook")
			require.Empty(t, errors)
			require.Equal(t, len(c.finds) > 0, status == wrong, out)
			var report struct {
				Checks []result
				Wrong  int
			}
			require.NoError(t, json.Unmarshal([]byte(out), &report))
			var found []string
			for _, one := range report.Checks {
				if !one.Right && one.Unchecked == "" {
					found = append(found, one.Case)
					require.NotEmpty(t, one.Says, one.Case)
				}
			}
			require.Equal(t, c.finds, found, out)
		})
	}
}

func TestABodyThatTricklesInForEverIsFound(t *testing.T) {
	t.Parallel()
	const secret = "whsec_0123456789abcdef0123456789abcdef"
	e := serve(t, 0, flaws{}.handler(secret))
	cmd := newCommand(t)
	cmd.env["STRIPE_SECRET"] = secret
	status, out, _ := cmd.run("check", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--slow", "1s", e.URL+
		"/hook")
	require.Equal(t, wrong, status)
	require.Contains(t, out, "WRONG: the endpoint waited for it for 1s: set http.Server.ReadTimeout")
	require.Contains(t, out, "not checked: whether it ran twice is seen with --runs only")
	require.Contains(t, out, "16 checks, 1 wrong")
}

// TestAnAppWithoutAReceiverForTheTypeIsTold: its guard is right, and it works no event of the sample's type.
func TestAnAppWithoutAReceiverForTheTypeIsTold(t *testing.T) {
	t.Parallel()
	const secret = "whsec_0123456789abcdef0123456789abcdef"
	genuine := flaws{}.handler(secret)
	e := serve(t, 2*time.Second, func(w http.ResponseWriter, r *http.Request) bool {
		genuine(w, r)
		return false
	})
	cmd := newCommand(t)
	cmd.env["STRIPE_SECRET"] = secret
	status, out, _ := cmd.run("check", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--slow", "0",
		"--runs", e.URL+"/runs", e.URL+"/hook")
	require.Equal(t, wrong, status)
	require.Contains(t, out,
		"WRONG: no event reached the app's code: does it have a receiver for this type? --type names another\n")
	require.Contains(t, out, "15 checks, 1 wrong")
}

// TestAGuardPassesTheCheckOfEverySender runs it against a guard of every sender: an alarm would be a false one. Most of
// its time a server waits for the rest of a large body, so that many run at once.
func TestAGuardPassesTheCheckOfEverySender(t *testing.T) {
	t.Parallel()
	slow := []string{"stripe", "discord", "twilio"} // a body that trickles in takes two seconds
	var problems sync.Map
	var waiting sync.WaitGroup
	room := make(chan struct{}, 16)
	for _, e := range catalogue.All() {
		room <- struct{}{}
		waiting.Go(func() {
			defer func() { <-room }()
			if problem := checkGuardOf(t, e.Name, slices.Contains(slow, e.Name)); problem != "" {
				problems.Store(e.Name, problem)
			}
		})
	}
	waiting.Wait()
	problems.Range(func(name, problem any) bool {
		t.Errorf("%s: %s", name, problem)
		return true
	})
}

// checkGuardOf checks a guard of a sender, and returns what is wrong.
func checkGuardOf(t *testing.T, name string, slow bool) string {
	t.Helper()
	cmd := newCommand(t)
	_, secret, problem := cmd.run("secret", "new", "--keep", "--provider", name)
	_, p, err := (&program{}).provide(&choice{provider: name})
	if err != nil || problem != "" {
		return fmt.Sprint(err, problem)
	}
	timeout, wait := 30*time.Second, "0"
	if slow {
		timeout, wait = 2*time.Second, "20s"
	}
	mux := http.NewServeMux()
	e := serve(t, timeout, func(w http.ResponseWriter, r *http.Request) bool {
		mux.ServeHTTP(w, r)
		return false
	})
	g, err := core.New(core.Config{
		Endpoint: name, Provider: p, Secrets: secrets.Static(strings.TrimSpace(secret)), Replay: memstore.New(),
		StoreFailure: core.RefuseDelivery, TrustedProxies: "127.0.0.1",
		PublicURL: strings.Replace(e.URL, "http:", "https:", 1) + "/hook",
		Setup:     core.Setup{VerifyTokens: secrets.Static("webhooktest-verify-token")},
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err.Error()
	}
	defer func() { _ = g.Shutdown(context.WithoutCancel(t.Context())) }()
	signals := core.NewSignals()
	httpwebhook.On(signals, "*", func(*http.Request, core.Event) error {
		e.worked.Add(1)
		return nil
	})
	mux.Handle("/hook", httpwebhook.Handler(g, signals))
	status, out, problem := cmd.run("check", "--provider", name, "--runs", e.URL+"/runs", "--slow", wait, e.URL+"/hook")
	for _, line := range []string{`(?m)^genuine +20\d  ok$`, `(?m)^signed with another secret +\d+  ok$`} {
		if !regexp.MustCompile(line).MatchString(out) {
			return "there is no line " + line + "\n" + out
		}
	}
	if status != good {
		return out + problem
	}
	return ""
}
