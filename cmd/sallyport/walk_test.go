package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// visitor is somebody who has opened the page that listen has printed.
type visitor struct {
	t      *testing.T
	client *http.Client
	page   string
}

func visit(t *testing.T, printed string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	v := &visitor{t: t, client: &http.Client{Jar: jar, Transport: transport}}
	address := regexp.MustCompile(`Page (\S+)`).FindStringSubmatch(printed)[1]
	v.page, _, _ = strings.Cut(address, "?")
	status, _ := v.ask(http.MethodGet, address, nil)
	require.Equal(t, 200, status)
	return v
}

func (v *visitor) ask(method, address string, form url.Values) (int, string) {
	v.t.Helper()
	var body io.Reader = http.NoBody
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, body)
	require.NoError(v.t, err)
	r.Header.Set("Accept", "application/json")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w, err := v.client.Do(r)
	require.NoError(v.t, err)
	text, err := io.ReadAll(w.Body)
	require.NoError(v.t, err)
	require.NoError(v.t, w.Body.Close())
	return w.StatusCode, string(text)
}

// rows is the list of the page.
func (v *visitor) rows() []event {
	v.t.Helper()
	_, text := v.ask(http.MethodGet, v.page, nil)
	var list struct{ Rows []event }
	require.NoError(v.t, json.Unmarshal([]byte(text), &list))
	return list.Rows
}

// appUnderTest serves the app of a newcomer, whose secret can be changed. It returns its address.
func appUnderTest(t *testing.T, provider string) (address string, secret func(string), ran *atomic.Int32) {
	t.Helper()
	_, p, err := (&program{}).provide(&choice{provider: provider})
	require.NoError(t, err)
	ran = &atomic.Int32{}
	var handler atomic.Value
	secret = func(text string) {
		g, err := core.New(core.Config{
			Endpoint: "app", Provider: p, Secrets: secrets.Static(text), Replay: memstore.New(),
			StoreFailure: core.RefuseDelivery, TrustedProxies: "127.0.0.1", Logger: slog.New(slog.DiscardHandler),
			PublicURL: "https://" + strings.TrimPrefix(address, "http://"),
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, g.Shutdown(context.WithoutCancel(t.Context()))) })
		signals := core.NewSignals()
		httpwebhook.On(signals, "*", func(*http.Request, core.Event) error {
			ran.Add(1)
			return nil
		})
		handler.Store(httpwebhook.Handler(g, signals))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	address = server.URL + "/hook"
	return address, secret, ran
}

// TestANewcomerBreaksTheSecretAndRunsTheEventAgain is what docs/command.md shows: an app refuses what listen hands on,
// the page says why, the secret is repaired, and a run from the page reaches the app, which verifies it.
func TestANewcomerBreaksTheSecretAndRunsTheEventAgain(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"stripe", "github", "slack", "discord", "twilio", "postmark"} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			cmd := newCommand(t)
			app, secret, ran := appUnderTest(t, provider)
			broken := newCommand(t).good("secret", "new", "--provider", provider)
			secret(strings.TrimSpace(broken))
			args := []string{"listen", "--provider", provider, "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0",
				"--forward", app}
			if provider == "twilio" { // its signature covers the URL
				args = append(args, "--public-url", "https://"+strings.TrimPrefix(app, "http://"))
			}
			out := cmd.background(args...)
			v := visit(t, out.waits(t, "Page "))
			sending := []string{"send", "--provider", provider}
			if provider == "twilio" {
				sending = append(sending, "--public-url", "https://"+strings.TrimPrefix(app, "http://"))
			}
			status, answer, _ := cmd.run(sending...)
			require.Equal(t, wrong, status)
			require.Contains(t, answer, "500 NOT accepted")
			out.waits(t, "--forward: the app answered 40") // 401, for Discord
			require.Contains(t, out.waits(t, ""),
				`Compare its secret with the one that listen has ("sallyport secret show --provider `+provider+`")`)

			rows := v.rows()
			require.Len(t, rows, 1)
			require.Equal(t, "open", rows[0].State)
			require.Contains(t, rows[0].Error, "Compare its secret")

			secret(strings.TrimSpace(cmd.good("secret", "show", "--provider", provider)))
			status, answer = v.ask(http.MethodPost, v.page+"event/"+rows[0].ID+"/redrive",
				url.Values{"revision": {strconv.FormatUint(rows[0].Revision, 10)}})
			require.Equal(t, 200, status)
			require.Contains(t, answer, `"result":"done"`)
			require.Equal(t, int32(1), ran.Load())
			require.Equal(t, "done", v.rows()[0].State)
			require.Contains(t, cmd.good(sending...), "200 accepted")
		})
	}
}

// TestAnEventIsOnThePageInLessThanASecond: the page hears of it, and shows it.
func TestAnEventIsOnThePageInLessThanASecond(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	v := visit(t, cmd.background("listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page",
		"127.0.0.1:0").waits(t, "Page "))
	best := time.Hour
	for n := range 3 { // the machine may be busy
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.page+"live", http.NoBody)
		require.NoError(t, err)
		live, err := v.client.Do(r)
		require.NoError(t, err)
		begin := time.Now()
		cmd.good("send", "--provider", "stripe", "--type", "invoice.paid")
		text, buffer := "", make([]byte, 1024)
		for !strings.Contains(text, "event: changed") {
			n, err := live.Body.Read(buffer)
			require.NoError(t, err)
			text += string(buffer[:n])
		}
		rows := v.rows()
		best = min(best, time.Since(begin))
		require.NoError(t, live.Body.Close())
		require.Len(t, rows, n+1, "each is an event of its own")
		require.Equal(t, "invoice.paid", rows[0].Type)
	}
	require.Less(t, best, time.Second)
}

func TestWhoeverHasNotOpenedThePageIsToldHow(t *testing.T) {
	t.Parallel()
	out := newCommand(t).background("listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0")
	v := visit(t, out.waits(t, "Page "))
	v.client.Jar = nil
	status, text := v.ask(http.MethodGet, v.page, nil)
	require.Equal(t, 403, status)
	require.Contains(t, text, "Open the URL that the program printed.")
}
