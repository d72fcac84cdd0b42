package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

func TestNoDefaultAnswerDisablesAnEndpoint(t *testing.T) {
	t.Parallel()
	seen := map[reason.Reason]bool{}
	for _, r := range reason.All() {
		require.False(t, seen[r], r)
		seen[r] = true
		require.NotContains(t, []int{404, 406, 410, 501}, r.Status(), r)
		if r.Class() == reason.ClassState && r != reason.RateLimited {
			require.Equal(t, 503, r.Status(), r)
		}
		if r.Class() == reason.ClassAuthentication {
			require.Equal(t, 400, r.Status(), r)
		}
	}
	require.Equal(t, reason.ClassMisconfiguration, reason.Reason("made up").Class())
	require.Equal(t, 500, reason.Reason("made up").Status())
}

func TestEveryFailedAuthenticationLooksTheSame(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 401, 403, 503} {
		var first string
		for name, r := range map[string]*http.Request{
			"nothing":      post(event),
			"forged":       post(event, "Acme-Signature", pairs(oldSecret, testTime, event)),
			"malformed":    post(event, "Acme-Signature", "x"),
			"stale":        post(event, "Acme-Signature", pairs(testSecret, testTime.Add(-time.Hour), event)),
			"early":        post(event, "Acme-Signature", pairs(testSecret, testTime.Add(time.Hour), event)),
			"no timestamp": post(event, "Acme-Signature", "v1="+mac(testSecret, event)),
			"twice":        post(event, "Acme-Signature", "a", "Acme-Signature", "b"),
			"long":         post(event, "Acme-Signature", strings.Repeat("x", 10000)),
		} {
			c, _ := config(timestamped())
			c.Answers.AuthenticationStatus = status
			w := run(mustNew(t, c), r, never(t))
			got := fmt.Sprint(w.Code, w.Header(), w.Body.String())
			if first == "" {
				first = got
			}
			require.Equal(t, first, got, name)
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			require.Equal(t, status == 401, w.Header().Get("WWW-Authenticate") != "")
		}
	}
}

func TestRequestsThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 2000)
	rows := []struct {
		name   string
		make   func() *http.Request
		reason reason.Reason
		status int
		header string
	}{
		{"another method", func() *http.Request { return httptest.NewRequest(http.MethodPut, "/", nil) }, reason.Method,
			405, "Allow"},
		{"GET where nothing is handshaken by GET",
			func() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }, reason.Method, 405, "Allow"},
		{"a declared length beyond the limit", func() *http.Request { return signed(big) }, reason.BodyTooLarge, 413,
			"Connection"},
		{"a chunked body beyond the limit", func() *http.Request { return chunked(signed(big), big) },
			reason.BodyTooLarge, 413, "Connection"},
		{"a limit set before the guard", func() *http.Request {
			r := signed(event)
			r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 3)
			return r
		}, reason.BodyTooLarge, 413, "Connection"},
		{"a compressed body", func() *http.Request { return with(signed(event), "Content-Encoding", "gzip") },
			reason.Encoding, 415, ""},
		{"a charset nobody signs in",
			func() *http.Request { return with(signed(event), "Content-Type", "application/json; charset=utf-16") },
			reason.ContentType, 415, ""},
		{"a charset nobody signs in, in a type nobody can parse", func() *http.Request {
			return with(signed(event), "Content-Type", "application/json; charset=utf-7; charset=utf-8")
		}, reason.ContentType, 415, ""},
		{"two content types", func() *http.Request {
			r := signed(event)
			r.Header["Content-Type"] = []string{"text/plain", "application/json"}
			return r
		}, reason.ContentType, 415, ""},
		{"a body that breaks off", func() *http.Request {
			r := signed(event)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
			return r
		}, reason.BodyIncomplete, 400, ""},
		{"a body that was read before", func() *http.Request {
			r := signed(event)
			_, _ = io.ReadAll(r.Body)
			return r
		}, reason.BodyAlreadyRead, 500, ""},
		{"a body that was read in part", func() *http.Request {
			r := signed(event)
			_, _ = io.CopyN(io.Discard, r.Body, 3)
			return r
		}, reason.BodyAlreadyRead, 500, ""},
		{"a body that was replaced by none", func() *http.Request {
			r := signed(event)
			r.Body = http.NoBody
			return r
		}, reason.BodyAlreadyRead, 500, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.Limits.MaxBody = 1000
			g := mustNew(t, c)
			w := run(g, row.make(), never(t))
			require.Equal(t, row.status, w.Code)
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			if row.header != "" {
				require.NotEmpty(t, w.Header().Get(row.header))
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func with(r *http.Request, name, value string) *http.Request { r.Header.Set(name, value); return r }

func chunked(r *http.Request, body string) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), -1
	return r
}

func TestABodyOfAnyLengthIsReadWhole(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 65535, 65536, 65537, 131072, 500000} {
		body := strings.Repeat("x", n)
		for _, r := range []*http.Request{signed(body), chunked(signed(body), body)} {
			c, _ := config(timestamped())
			if n == 0 && r.ContentLength < 0 {
				continue // may be a body that was read before: see below
			}
			w := run(mustNew(t, c), r, func(_ context.Context, e core.Event) error {
				require.Len(t, e.Payload, n)
				return nil
			})
			require.Equal(t, 200, w.Code, n)
		}
	}
}

func TestADeclaredLengthCostsNothingBeforeItsBytesArrive(t *testing.T) {
	c, _ := config(timestamped())
	c.Limits.MaxBody = 100 << 20
	g := mustNew(t, c)
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			r := signed(event)
			r.ContentLength = 100 << 20
			r.Body = io.NopCloser(broken{})
			run(g, r, never(b))
		}
	}).AllocedBytesPerOp()
	require.Less(t, allocated, int64(128<<10))
}

func TestHandshakes(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Handshakes = []entry.Handshake{
		{Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", EchoJSON: "/challenge"},
		{Method: "HEAD"},
		{Method: "GET", WhenQuery: "hub.challenge", EchoQuery: "hub.challenge", TokenQuery: "hub.verify_token"},
	}
	get := func(query string) *http.Request { return httptest.NewRequest(http.MethodGet, "/?"+query, nil) }
	challenge := func(text string) string { return fmt.Sprintf(`{"type":"url_verification","challenge":%q}`, text) }
	rows := []struct {
		name   string
		r      *http.Request
		status int
		body   string
		reason reason.Reason
	}{
		{"a proved challenge is echoed", signed(challenge("3eZbrw1aB")), 200, "3eZbrw1aB", reason.Handshake},
		{"one whose marker is escaped is too", signed(`{"type":"url\u005fverification","challenge":"3eZbrw1aB"}`), 200,
			"3eZbrw1aB", reason.Handshake},
		{"one whose marker is escaped whole is too",
			signed(`{"type":"` + escapedWhole("url_verification") + `","challenge":"3eZbrw1aB"}`), 200, "3eZbrw1aB",
			reason.Handshake},
		{"an unproved one is not", post(challenge("3eZbrw1aB")), 400, "Bad Request\n", reason.MissingSignature},
		{"markup is not echoed", signed(challenge("<script>")), 400, "Bad Request\n", reason.MalformedSignature},
		{"a book is not echoed", signed(challenge(strings.Repeat("x", 600))), 400, "Bad Request\n",
			reason.MalformedSignature},
		{"HEAD has a fixed answer", httptest.NewRequest(http.MethodHead, "/", nil), 200, "", reason.Handshake},
		{"a verify token is compared", get("hub.challenge=123&hub.verify_token=verify-token-1"), 200, "123",
			reason.Handshake},
		{"a wrong verify token", get("hub.challenge=123&hub.verify_token=x"), 400, "Bad Request\n",
			reason.BadCredential},
		{"no challenge", get("hub.verify_token=verify-token-1"), 405, "Method Not Allowed\n", reason.Method},
		{"two challenges", get("hub.challenge=1&hub.challenge=2&hub.verify_token=verify-token-1"), 405,
			"Method Not Allowed\n", reason.Method},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(e)
			c.Setup.VerifyTokens = secrets.Static("verify-token-1")
			g := mustNew(t, c)
			w := run(g, row.r, never(t))
			require.Equal(t, row.status, w.Code)
			require.Equal(t, row.body, w.Body.String())
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			if w.Body.Len() > 0 {
				require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
				require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			}
		})
	}
}

// escapedWhole writes a text as JSON may, with none of its characters as it is.
func escapedWhole(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, `\u%04X`, text[i])
	}
	return b.String()
}

func TestAwaitingASecretAnswersHandshakesOnly(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Handshakes = []entry.Handshake{{Method: "HEAD"}}
	c, _ := config(e)
	c.Secrets, c.Setup.AwaitingSecret = nil, true
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, httptest.NewRequest(http.MethodHead, "/", nil), never(t)).Code)
	require.Equal(t, 503, run(g, signed(event), never(t)).Code)
}

func TestAHandedOverSecretIsTakenOnce(t *testing.T) {
	t.Parallel()
	const handed = "a-secret-that-is-handed-over-0001"
	for name, h := range map[string]entry.Handshake{
		"in a header": {Method: "POST", SecretHeader: "X-Hook-Secret"},
		"in the body": {Method: "POST", SecretJSON: "/verification_token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			offer := func(text string) *http.Request {
				if h.SecretHeader != "" {
					return post("", h.SecretHeader, text)
				}
				return post(fmt.Sprintf(`{"verification_token":%q}`, text))
			}
			e := timestamped()
			e.Handshakes = []entry.Handshake{h}
			c, rec := config(e)
			c.Setup.SecretSink = func(context.Context, secrets.Secret) error { return nil }
			_, err := core.New(c)
			require.ErrorContains(t, err, "Setup.AwaitingSecret", "a secret in use cannot be replaced")
			taken := 0
			c.Secrets, c.Setup.AwaitingSecret = nil, true
			c.Setup.SecretSink = func(_ context.Context, s secrets.Secret) error {
				require.NotContains(t, fmt.Sprint(s), handed)
				require.Equal(t, handed, s.DangerouslyReveal())
				if taken++; taken == 1 {
					return errors.New("the disk is full")
				}
				return nil
			}
			g := mustNew(t, c)
			require.Equal(t, 400, run(g, offer("short"), never(t)).Code)
			require.Equal(t, 400, run(g, offer("<script>alert(1)</script>"), never(t)).Code)
			require.Equal(t, 503, run(g, offer(handed), never(t)).Code, "the sink failed")
			w := run(g, offer(handed), never(t))
			require.Equal(t, 200, w.Code)
			require.Equal(t, reason.Handshake, rec.last(t, g).Reason)
			if h.SecretHeader != "" {
				require.Equal(t, handed, w.Header().Get(h.SecretHeader))
			}
			require.Equal(t, 503, run(g, offer(handed), never(t)).Code, "once")
			require.Equal(t, 2, taken)
			require.Equal(t, 503, run(g, signed(event), never(t)).Code)
		})
	}
	e := timestamped()
	c, _ := config(e)
	c.Secrets, c.Setup.AwaitingSecret = nil, true
	c.Setup.SecretSink = func(context.Context, secrets.Secret) error { return nil }
	_, err := core.New(c)
	require.ErrorContains(t, err, "hands no secret over")
}

func TestTheObserverCannotHarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testlog.Log
		c, _ := config(timestamped())
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Observers = []core.Observer{core.ObserverFunc(func(context.Context, core.Record) {
			time.Sleep(time.Hour)
			panic("observer")
		})}
		g := mustNew(t, c)
		start := time.Now()
		for range 3000 {
			require.Equal(t, 400, run(g, post(event), never(t)).Code)
		}
		require.Zero(t, time.Since(start), "it is not waited for")
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, g.Flush(short), context.DeadlineExceeded)
		require.NoError(t, g.Flush(t.Context()))
		require.Contains(t, log.String(), "the observer panicked")
	})
}

func TestTheLogHoldsNothingASenderCouldForge(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	c, _ := config(timestamped())
	c.Observers = nil
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	g := mustNew(t, c)
	log.Reset()
	evil := "x\r\nlevel=ERROR msg=forged \x1b[31m"
	r := post(event, "Acme-Signature", evil, "User-Agent", evil)
	r.URL.Path = "/" + evil
	run(g, r, never(t))
	run(g, signed(`{"id":"a\r\nb\u001b[0m","type":"\u2028"}`),
		func(context.Context, core.Event) error { return errors.New("app\x1b[31m") })
	for range 100 {
		run(g, post(event), never(t))
	}
	require.NoError(t, g.Flush(t.Context()))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3, "sampled by reason, and counted")
	for _, line := range lines {
		require.NotContains(t, line, "forged")
		require.NotContains(t, line, "\x1b")
		require.NotContains(t, line, `\x1b`)
	}
}

func TestARejectionUnwrapsIntoTheAppsErrorAndNeverPrintsIt(t *testing.T) {
	t.Parallel()
	secret := errors.New("password of the database")
	c, _ := config(timestamped())
	g := mustNew(t, c)
	s := core.NewSignals()
	s.On("*", func(context.Context, core.Event) error { return secret })
	d, _ := g.Receive(httptest.NewRecorder(), signed(event), adapter.Inbound{})
	reply := s.Serve(d.Request(), d.Request(), func() adapter.Written { return adapter.Written{} })
	require.ErrorIs(t, reply.Rejection, secret)
	require.ErrorIs(t, reply.Rejection.Cause(), secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{reply.Rejection, *reply.Rejection} {
			require.Contains(t, []string{"Internal Server Error", `"Internal Server Error"`}, fmt.Sprintf(verb, v),
				verb)
		}
	}
	text, err := json.Marshal(reply.Rejection)
	require.NoError(t, err)
	require.JSONEq(t, `{"message":"Internal Server Error"}`, string(text))
	require.Equal(t, 500, reply.Rejection.StatusCode())
}
