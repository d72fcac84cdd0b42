package core_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sources"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/hostile"
)

const (
	headerCanary = "a-canary-in-a-header-5c1f"
	bodyCanary   = "a-canary-in-the-body-5c1f"
)

// everything collects all that can be seen of a guard: its log at every level, what its observer gets, what its
// store is given and what it answers.
type everything struct {
	mu   sync.Mutex
	text bytes.Buffer
	seen map[reason.Reason]bool
}

func (e *everything) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(p)
}

func (e *everything) Observe(_ context.Context, r core.Record) {
	fmt.Fprintf(e, "%v\n%+v\n%#v\n%v\n%s\n", r, r, r, r.Err, r.Stack)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen[r.Reason] = true
}

// watch makes a guard tell everything.
func (e *everything) watch(c *core.Config) {
	level := &slog.HandlerOptions{Level: slog.LevelDebug - 8, AddSource: true}
	c.Logger = slog.New(slog.NewMultiHandler(slog.NewJSONHandler(e, level), slog.NewTextHandler(e, level)))
	c.Observers = []core.Observer{e}
	c.Replay = &tellingStore{c.Replay, e}
}

// tellingStore shows what a store is given.
type tellingStore struct {
	replay.Store
	to io.Writer
}

func (s *tellingStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	for _, item := range items {
		fmt.Fprintf(s.to, "%v %s %s %x", item, item.Key, item.Digest, item)
	}
	return s.Store.Claim(ctx, items, lease)
}

func (s *tellingStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	for _, st := range settlements {
		fmt.Fprintf(s.to, "%v %s %v", st, st.Key, st.Token)
	}
	return s.Store.Settle(ctx, settlements)
}

// send sends a request with canaries in its headers, and keeps the answer.
func (e *everything) send(t *testing.T, h http.Handler, r *http.Request) {
	t.Helper()
	r.Header.Set("X-Canary", headerCanary)
	r.Header.Set("Cookie", "session="+headerCanary)
	r.Header.Set("User-Agent", headerCanary)
	r.Header.Set("X-Github-Encoded-Secret", headerCanary)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Fprintln(e, w.Code, w.Header(), w.Body)
}

// requireNone looks for texts, as they are and as they would be encoded.
func (e *everything) requireNone(t *testing.T, canaries ...string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	text := e.text.String()
	for _, c := range canaries {
		if c == "" {
			continue
		}
		for _, encoded := range []string{c, hex.EncodeToString([]byte(c)), base64.StdEncoding.EncodeToString([]byte(c)),
			base64.RawURLEncoding.EncodeToString([]byte(c)), fmt.Sprintf("%v", []byte(c))} {
			if at := strings.Index(text, encoded); at >= 0 {
				require.Failf(t, "a canary shows", "%q in ...%s", encoded,
					text[max(0, at-200):min(len(text), at+len(encoded)+50)])
			}
		}
	}
}

// TestNothingShowsWhatItMustNot sends every hostile request, and then what the table cannot, and looks for secrets,
// credentials, right signatures, bodies and headers in everything that can be seen.
func TestNothingShowsWhatItMustNot(t *testing.T) {
	t.Parallel()
	seen := map[reason.Reason]bool{}
	cases, err := hostile.Load("testdata/hostile")
	require.NoError(t, err)
	endpoints := hostile.Endpoints()
	for _, c := range cases {
		end, err := c.At(endpoints)
		require.NoError(t, err)
		e := &everything{seen: seen}
		var handler http.Handler
		made, err := end.New(e.watch)
		require.NoError(t, err)
		handler = httpwebhook.Verify(made.Guard)(signal(ok))
		canaries := []string{headerCanary, bodyCanary, end.Secret, end.Old, end.Key, hostile.Pair,
			strings.TrimPrefix(hostile.Pair, "hooks:"), hostile.Token, "a-guess-of-enough-bytes", "a-verify-token-1"}
		if strings.HasPrefix(end.Secret, "whpk_") || c.Endpoint == "discord" || c.Endpoint == "ecdsa" {
			canaries = canaries[:2] // public keys are public
		}
		for _, want := range c.Requests() {
			if want.Reason == "" {
				continue
			}
			if strings.HasPrefix(want.Body, "{") && !strings.HasPrefix(want.Body, "{{") {
				want.Body = `{"canary":"` + bodyCanary + `",` + strings.TrimPrefix(want.Body, "{")
			}
			wire, err := want.Wire(end)
			require.NoError(t, err)
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
			require.NoError(t, err)
			if r.RemoteAddr = want.Peer; want.Peer == "" {
				r.RemoteAddr = "192.0.2.1:4711"
			}
			_, body, _ := strings.Cut(string(wire), "\r\n\r\n")
			for _, sig := range []string{hex.EncodeToString(hmac256(end.Secret, body)),
				base64.StdEncoding.EncodeToString(hmac256(end.Secret, body)),
				hex.EncodeToString(hmac256(end.Secret, "1772366400."+body))} {
				if end.Secret != "" {
					canaries = append(canaries, sig)
				}
			}
			e.send(t, handler, r)
		}
		require.NoError(t, made.Guard.Flush(t.Context()))
		e.requireNone(t, canaries...)
	}

	e := &everything{seen: seen}
	for _, row := range unusual() {
		c, _ := config(timestamped())
		c.Replay = memstore.New()
		row.change(&c)
		e.watch(&c)
		g := mustNew(t, c)
		body := `{"id":"evt_1","type":"invoice.paid","canary":"` + bodyCanary + `"}`
		r := signed(body)
		if row.spoil != nil {
			row.spoil(r)
		}
		fn := row.fn
		if fn == nil {
			fn = ok
		}
		signals := core.NewSignals()
		signals.On("invoice.*", fn)
		if row.unhandled {
			signals = core.NewSignals()
			signals.On("other", fn)
		}
		h := httpwebhook.Verify(g)(httpwebhook.Dispatch(signals))
		if row.paused {
			g.Pause()
		}
		inner := g
		if row.twice {
			inner = mustNew(t, c)
			h = httpwebhook.Verify(g)(httpwebhook.Verify(inner)(httpwebhook.Dispatch(signals)))
		}
		if row.busy { // it comes while another delivery runs
			require.Equal(t, 200, run(g, signed(event1(0)), func(context.Context, core.Event) error {
				e.send(t, h, r)
				return nil
			}).Code)
		} else {
			e.send(t, h, r)
		}
		require.NoError(t, g.Flush(t.Context()))
		require.NoError(t, inner.Flush(t.Context()))
		require.True(t, seen[row.want], "%s did not come about", row.want)
	}
	e.requireNone(t, headerCanary, bodyCanary, testSecret, hostile.Pair)

	for _, why := range reason.All() {
		if !seen[why] && why != reason.NotVerified && why != reason.WrongRecipient {
			// The first of the two is reported without a guard, and is below; no entry gives the second here.
			t.Errorf("no request came to %s", why)
		}
	}
}

type unusualCase struct {
	want      reason.Reason
	change    func(*core.Config)
	spoil     func(*http.Request)
	fn        core.Receiver
	unhandled bool
	twice     bool
	paused    bool
	busy      bool
}

// unusual are the outcomes that no request alone can bring about.
func unusual() []unusualCase {
	nothing := func(*core.Config) {}
	busy := func(err error, state replay.State) func(*core.Config) {
		return func(c *core.Config) { c.Replay = &sayingStore{Store: memstore.New(), err: err, state: state} }
	}
	return []unusualCase{
		{want: reason.SignalFailed, change: nothing,
			fn: func(context.Context, core.Event) error { return errors.New("the app's own words") }},
		{want: reason.SignalPanicked, change: nothing,
			fn: func(context.Context, core.Event) error { panic("the app's own words") }},
		{want: reason.Permanent, change: nothing, fn: func(context.Context, core.Event) error {
			return core.Permanent(errors.New("the app's own words"))
		}},
		{want: reason.Undecodable, change: nothing, fn: func(context.Context, core.Event) error {
			return core.Undecodable(errors.New("the app's own words"))
		}},
		{want: reason.Unhandled, change: nothing, unhandled: true},
		{want: reason.StoreUnavailable, change: busy(errors.New("down"), 0)},
		{want: reason.StoreFull, change: busy(replay.ErrFull, 0)},
		{want: reason.InFlight, change: busy(nil, replay.InFlight)},
		{want: reason.NoActiveSecret, change: func(c *core.Config) {
			c.Secrets = secrets.Labeled(secrets.New("gone", testSecret).ValidUntil(testTime.Add(-time.Second)))
		}},
		{want: reason.KeysUnavailable, change: func(c *core.Config) { c.Sources = &unsteady{} }},
		{want: reason.BodyAlreadyRead, change: nothing,
			spoil: func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); r.Body = http.NoBody }},
		{want: reason.GuardConflict, change: nothing, twice: true},
		{want: reason.Paused, change: nothing, paused: true},
		{want: reason.Busy, change: func(c *core.Config) { c.Limits.MaxRunning = 1 }, busy: true},
		{want: reason.MissingCredential, change: func(c *core.Config) {
			c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(hostile.Pair))}
		}},
		{want: reason.BadCredential, change: func(c *core.Config) {
			c.Provider, c.Secrets = provider.Token("X-Canary"), secrets.Static(testSecret)
		}},
	}
}

// sayingStore answers every claim alike.
type sayingStore struct {
	replay.Store
	err   error
	state replay.State
}

func (s *sayingStore) Claim(_ context.Context, items []replay.Item, _ time.Duration) ([]replay.Result, error) {
	if s.err != nil {
		return nil, s.err
	}
	out := make([]replay.Result, len(items))
	for i := range out {
		out[i].State = s.state
	}
	return out, nil
}

// unsteady knows its list when the guard is made, and then no more.
type unsteady struct{ asked int }

func (u *unsteady) Sources(ctx context.Context) (*sources.Set, error) {
	if u.asked++; u.asked > 1 {
		return nil, errors.New("the list is gone")
	}
	return core.PrivateNetworks.Sources(ctx)
}

// TestSendersMakeNoLabels: whatever methods, types, ids and addresses senders make up, what Record promises to be of
// closed sets has no more values than before.
func TestSendersMakeNoLabels(t *testing.T) {
	t.Parallel()
	type labels struct {
		endpoint, provider, route string
		reason                    reason.Reason
		status                    int
		secret, replay            string
	}
	var mu sync.Mutex
	seen := map[labels]bool{}
	c, _ := config(timestamped())
	c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
	c.Observers = []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
		mu.Lock()
		defer mu.Unlock()
		seen[labels{r.Endpoint, r.Provider, r.Route, r.Reason, r.Status, r.Secret, string(r.Replay)}] = true
	})}
	g := mustNew(t, c)
	h := httpwebhook.Verify(g)(signal(ok))
	send := func(n int) {
		body := fmt.Sprintf(`{"id":"evt_%d","type":"type.%d"}`, n, n)
		r := signed(body)
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x::1]:1", n%65536)
		r.Header.Set("X-Request-Id", fmt.Sprint(n))
		switch n % 4 {
		case 0:
			r.Method = fmt.Sprintf("M%d", n)
		case 1:
			r.Header.Set("Acme-Signature", fmt.Sprintf("t=%d,v%d=00", n, n))
		case 2:
			r.URL.Path = fmt.Sprintf("/%d", n)
			r.Header.Set("Acme-Signature", pairs(fmt.Sprint(n), testTime, body))
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if n%500 == 0 { // so that nothing is dropped
			require.NoError(t, g.Flush(t.Context()))
		}
	}
	count := func(from, to int) int {
		for n := from; n < to; n++ {
			send(n)
		}
		require.NoError(t, g.Flush(t.Context()))
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
	few := count(0, 100)
	require.Equal(t, few, count(100, 10_000))
	require.Equal(t, 5, few)
}
