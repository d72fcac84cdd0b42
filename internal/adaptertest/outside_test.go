package adaptertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// failures are requests that fail an authentication, each in its own way.
func failures() map[reason.Reason]func(*http.Request) {
	return map[reason.Reason]func(*http.Request){
		reason.MissingSignature:   func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") },
		reason.MalformedSignature: func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256=zz") },
		reason.BadSignature: func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+signature("another", body))
		},
		reason.RepeatedHeader: func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", "sha256=00") },
		reason.HeaderTooLarge: func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256",
				strings.Repeat("a", 16<<10))
		},
		reason.MissingCredential: func(r *http.Request) { r.Header.Del("Authorization") },
		reason.BadCredential:     func(r *http.Request) { r.Header.Set("Authorization", "Basic aG9va3M6bm8=") },
		reason.PlainHTTP:         func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "http") },
	}
}

// fullyGuarded asks for TLS (by a proxy's word), a credential and a signature.
func fullyGuarded(t *testing.T) (*core.Guard, *records) {
	t.Helper()
	return newGuard(t, func(c *core.Config) {
		c.Credentials = []core.Credential{core.BasicAuth(secrets.Static(pair))}
		c.TrustedProxies, c.DangerouslyAllowHTTP = core.PrivateNetworks, false
	})
}

func (s *server) full(t *testing.T) *http.Request {
	t.Helper()
	r := s.request(t, path, body)
	r.Header.Set("Authorization", basicHeader())
	r.Header.Set("X-Forwarded-Proto", "https")
	return r
}

func requireNoLeak(t *testing.T, got answer) {
	t.Helper()
	seen := got.body
	for name, values := range got.header {
		seen += "\n" + name + ": " + strings.Join(values, ",")
	}
	for _, why := range reason.All() {
		// "method" is a word of ordinary answers; every other name would tell which check it was.
		if why != reason.Method && why != reason.Encoding {
			require.NotContains(t, seen, string(why))
		}
	}
	for _, word := range []string{"hunter2", "signature", "Signature", "credential", "retry ", "proxy", "replay",
		"guard"} {
		require.NotContains(t, seen, word)
	}
}

func TestTheOutside(t *testing.T) {
	table(t, []row{
		{"every failed authentication is answered alike", func(t *testing.T, rt router) {
			for _, make := range append([]func() *app{rt.new}, rt.leaky...) {
				g, rec := fullyGuarded(t)
				var n counter
				a := make()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				var first *answer
				for reason, spoil := range failures() {
					r := s.full(t)
					spoil(r)
					got := s.send(t, r)
					require.Equal(t, reason, rec.last(t, g).Reason)
					require.Equal(t, http.StatusBadRequest, got.status)
					requireNoLeak(t, got)
					got.header.Del("Date")
					if first == nil {
						first = &got
					}
					require.Equal(t, *first, got, string(reason))
				}
				require.Zero(t, n.Load())
				require.Equal(t, http.StatusOK, s.send(t, s.full(t)).status)
			}
		}},
		{"a signal's failure says nothing of the app, whatever the router prints", func(t *testing.T, rt router) {
			for _, make := range append([]func() *app{rt.new}, rt.leaky...) {
				for _, fn := range []receiver{
					func(*call, core.Event) error { return errApp },
					func(*call, core.Event) error { panic(errApp) },
				} {
					g, rec := newGuard(t)
					a := make()
					a.mount(path, g, fn)
					s := serve(t, a)
					got := s.deliver(t)
					require.Equal(t, http.StatusInternalServerError, got.status)
					requireNoLeak(t, got)
					require.ErrorContains(t, rec.last(t, g).Err, "hunter2", "the inside learns it")
				}
			}
		}},
		{"our own troubles keep their status and headers, whatever the router prints", func(t *testing.T, rt router) {
			for _, make := range append([]func() *app{rt.new}, rt.leaky...) {
				store := memstore.New()
				g, rec := newGuard(t, func(c *core.Config) { c.Replay = store })
				require.NoError(t, store.Close())
				var n counter
				a := make()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				got := s.deliver(t)
				require.Equal(t, http.StatusServiceUnavailable, got.status)
				require.NotEmpty(t, got.header.Get("Retry-After"))
				requireNoLeak(t, got)
				require.Equal(t, reason.StoreUnavailable, rec.last(t, g).Reason)
				require.Zero(t, n.Load())
			}
		}},
		{"a refusal is written once", func(t *testing.T, rt router) {
			var n counter
			s, _, _ := guarded(t, rt, func(c *call) error { n.Add(1); return c.json(http.StatusOK, "handler") })
			r := s.request(t, path, body)
			r.Header.Del("X-Hub-Signature-256")
			got := s.send(t, r)
			require.Zero(t, n.Load())
			require.NotContains(t, got.body, "handler")
			require.Equal(t, 1, strings.Count(got.body, "Bad Request"))
		}},
		{"OnReject explains a delivery whose body the guard has read", func(t *testing.T, rt router) {
			g, _ := fullyGuarded(t)
			explained := make(chan *core.Explanation, 1)
			a := rt.new()
			var n counter
			a.post(path, rt.signal(n.signal), rt.verify(g, func(r *http.Request, _ *core.Rejection, _ http.Header) {
				explained <- g.Explain(r, adapter.Inbound{})
			}))
			s := serve(t, a)
			r := s.full(t)
			failures()[reason.BadSignature](r)
			require.Equal(t, http.StatusBadRequest, s.send(t, r).status)
			e := take(t, explained)
			require.Equal(t, reason.BadSignature, e.Reason, e.String())
			require.NotContains(t, e.String(), string(reason.BodyAlreadyRead))
			require.Positive(t, e.BodyBytes)
			require.Zero(t, n.Load())
		}},
		{"OnReject sees the reason and adds a header, and changes nothing else", func(t *testing.T, rt router) {
			g, _ := fullyGuarded(t)
			var n counter
			seen := make(chan *core.Rejection, 1)
			a := rt.new()
			a.post(path, rt.signal(n.signal),
				rt.verify(g, func(r *http.Request, rejection *core.Rejection, h http.Header) {
					h.Set("X-Trace", r.Method)
					h.Set("Content-Type", "text/html")
					h.Set("X-Content-Type-Options", "sniff")
					seen <- rejection
				}))
			s := serve(t, a)
			r := s.full(t)
			failures()[reason.BadSignature](r)
			got := s.send(t, r)
			rejection := take(t, seen)
			require.Equal(t, reason.BadSignature, rejection.Reason)
			require.NotEmpty(t, rejection.Detail())
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, "POST", got.header.Get("X-Trace"))
			require.NotEqual(t, "text/html", got.header.Get("Content-Type"))
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			require.Equal(t, http.StatusOK, s.send(t, s.full(t)).status)
			require.Empty(t, seen, "OnReject for a delivery that was let through")
			require.EqualValues(t, 1, n.Load())
		}},
	})
}
