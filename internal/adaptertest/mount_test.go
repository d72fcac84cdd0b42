package adaptertest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

func TestMounting(t *testing.T) {
	table(t, []row{
		{"Verify on a group guards its routes and no others", func(t *testing.T, rt router) {
			g, _ := newGuard(t)
			var n counter
			a := rt.new()
			a.get("/healthz", rt.plain(func(c *call) error { return c.json(http.StatusOK, "fine") }))
			hooks := a.group("/hooks")
			hooks.use(rt.verify(g, nil))
			hooks.post("/github", rt.signal(n.signal))
			s := serve(t, a)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			forged := s.request(t, path, body)
			forged.Header.Set("X-Hub-Signature-256", "sha256="+signature("another", body))
			require.Equal(t, http.StatusBadRequest, s.send(t, forged).status)
			require.EqualValues(t, 1, n.Load())
			res, err := s.Client().Get(s.URL + "/healthz")
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusOK, res.StatusCode)
		}},
		{"Verify on a route guards that route", func(t *testing.T, rt router) {
			var n counter
			s, _, _ := signalling(t, rt, n.signal)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			forged := s.request(t, path, body)
			forged.Header.Del("X-Hub-Signature-256")
			require.Equal(t, http.StatusBadRequest, s.send(t, forged).status)
			require.EqualValues(t, 1, n.Load())
		}},
		{"Verify on the whole app checks the whole app", func(t *testing.T, rt router) {
			g, rec := newGuard(t)
			var n counter
			a := rt.new()
			a.use(rt.verify(g, nil))
			a.post(path, rt.signal(n.signal))
			a.post("/other", rt.plain(n.plain))
			s := serve(t, a)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
			require.EqualValues(t, 1, n.Load())
			bare, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/other",
				strings.NewReader("{}"))
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, s.send(t, bare).status)
			require.EqualValues(t, 1, n.Load())
			// A genuine delivery to a path that has no route is not done: the router's 404 releases it.
			require.Equal(t, http.StatusNotFound, s.send(t, s.request(t, "/nowhere", `{"name":"y"}`)).status)
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay,
				"the app's use has to run also where no route matches: wrap the router in it")
		}},
		{"the same guard on a group and on its route lets a delivery through once", func(t *testing.T, rt router) {
			g, rec := newGuard(t)
			var n counter
			a := rt.new()
			hooks := a.group("/hooks")
			hooks.use(rt.verify(g, nil))
			hooks.post("/github", rt.signal(n.signal), rt.verify(g, nil))
			hooks.post("/plain", rt.plain(n.plain), rt.verify(g, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.EqualValues(t, 1, n.Load())
			require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
			require.Equal(t, http.StatusOK, s.send(t, s.request(t, "/hooks/plain", `{"name":"y"}`)).status)
			require.EqualValues(t, 2, n.Load())
			require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
		}},
		{"two guards ask for both proofs, and the inner one's events run", func(t *testing.T, rt router) {
			outer, outerRec := newBasic(t, "gate")
			inner, innerRec := newGuard(t)
			a := rt.new()
			hooks := a.group("/hooks")
			hooks.use(rt.verify(outer, nil))
			endpoints := make(chan string, 8)
			hooks.post("/github", rt.signal(func(c *call, e core.Event) error {
				d, _ := rt.fromNative(c.native)
				endpoints <- d.Endpoint()
				endpoints <- e.Endpoint
				return nil
			}), rt.verify(inner, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusBadRequest, s.deliver(t).status, "no credential")
			forged := s.request(t, path, body)
			forged.Header.Set("Authorization", basicHeader())
			forged.Header.Del("X-Hub-Signature-256")
			require.Equal(t, http.StatusBadRequest, s.send(t, forged).status, "no signature")
			require.Equal(t, core.ReplayReleased, outerRec.last(t, outer).Replay)
			require.Empty(t, endpoints)
			both := s.request(t, path, body)
			both.Header.Set("Authorization", basicHeader())
			require.Equal(t, http.StatusOK, s.send(t, both).status)
			require.Equal(t, "github", take(t, endpoints))
			require.Equal(t, "github", take(t, endpoints))
			require.Equal(t, core.ReplayCommitted, innerRec.last(t, inner).Replay)
			require.Equal(t, core.ReplayCommitted, outerRec.last(t, outer).Replay)
		}},
		{"two guards with one endpoint name are a 500", func(t *testing.T, rt router) {
			one, rec1 := newGuard(t)
			two, rec2 := newGuard(t)
			var n counter
			a := rt.new()
			hooks := a.group("/hooks")
			hooks.use(rt.verify(one, nil))
			hooks.post("/github", rt.signal(n.signal), rt.verify(two, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
			require.Zero(t, n.Load())
			require.Equal(t, reason.GuardConflict, rec2.last(t, two).Reason)
			require.Equal(t, core.ReplayReleased, rec1.last(t, one).Replay)
		}},
		{"a Use after the route never lets a signal run unproved", func(t *testing.T, rt router) {
			if rt.late == none {
				t.Skipf("a Use of %s %s", rt.name, none)
			}
			g, _ := newGuard(t)
			var n counter
			a := rt.new()
			hooks := a.group("/hooks")
			hooks.post("/github", rt.signal(n.signal))
			if rt.late == panics {
				require.Panics(t, func() { hooks.use(rt.verify(g, nil)) },
					"late of the router, in routers_test.go, says what becomes of this Use")
				return
			}
			hooks.use(rt.verify(g, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusInternalServerError, s.deliver(t).status,
				"late of the router, in routers_test.go, says what becomes of this Use: none if it guards the route")
			require.Zero(t, n.Load())
		}},
		{"a method that is not routed is the router's own affair", func(t *testing.T, rt router) {
			var n counter
			s, _, _ := signalling(t, rt, n.signal)
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
				require.NoError(t, err)
				require.Equal(t, rt.wrongVerb, s.send(t, r).status,
					"%s: wrongVerb of the router, in routers_test.go, is what it answers by itself", method)
			}
			require.Zero(t, n.Load())
		}},
		{"behind Handle a wrong method is the guard's 405", func(t *testing.T, rt router) {
			for _, within := range []string{"", "/v1"} {
				g, rec := newGuard(t)
				var n counter
				a := rt.new()
				on := a
				if within != "" {
					on = a.group(within)
				}
				on.mount(path, g, n.signal)
				s := serve(t, a)
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions,
					http.MethodDelete} {
					r, err := http.NewRequestWithContext(t.Context(), method, s.URL+within+path, nil)
					require.NoError(t, err)
					got := s.send(t, r)
					require.Equal(t, http.StatusMethodNotAllowed, got.status, method)
					require.Equal(t, "POST", got.header.Get("Allow"), method)
				}
				require.Equal(t, reason.Method, rec.last(t, g).Reason)
				require.Equal(t, http.StatusOK, s.send(t, s.request(t, within+path, body)).status)
				require.EqualValues(t, 1, n.Load())
			}
		}},
		{"a handshake is answered and reaches no signal", func(t *testing.T, rt router) {
			g, rec := newGuard(t, func(c *core.Config) { c.Endpoint, c.Provider = "slack", provider.Slack() })
			var n counter
			a := rt.new()
			a.mount("/hooks/slack", g, n.signal)
			s := serve(t, a)
			text := `{"type":"url_verification","challenge":"abc123"}`
			at := fmt.Sprint(time.Now().Unix())
			r := s.request(t, "/hooks/slack", text)
			r.Header.Set("X-Slack-Request-Timestamp", at)
			r.Header.Set("X-Slack-Signature", "v0="+signature(secret, "v0:"+at+":"+text))
			got := s.send(t, r)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, "abc123", got.body)
			require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			require.Zero(t, n.Load())
			require.Equal(t, reason.Handshake, rec.last(t, g).Reason)
		}},
		{"a slash too much reaches no signal", func(t *testing.T, rt router) {
			g, _ := newGuard(t)
			var n counter
			a := rt.new()
			a.mount(path, g, n.signal)
			s := serve(t, a)
			require.Equal(t, rt.slashed, s.send(t, s.request(t, path+"/", body)).status,
				"slashed of the router, in routers_test.go, is what it answers by itself")
			require.Zero(t, n.Load())
		}},
		{"a credential in the path is read and does not reach the app", func(t *testing.T, rt router) {
			const token = "a-token-of-enough-bytes"
			g, _ := newGuard(t, func(c *core.Config) {
				c.Credentials = []core.Credential{core.PathToken("token", secrets.Static(token))}
			})
			seen := make(chan string, 2)
			a := rt.new()
			pattern := pathOf(rt, "/hooks/", "token", "")
			a.post(pattern, rt.plain(func(c *call) error { seen <- c.r.URL.String() + c.r.RequestURI; return nil }),
				rt.verify(g, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusBadRequest,
				s.send(t, s.request(t, "/hooks/another-token-of-this-size", body)).status,
				"a 404: braces of the router, in routers_test.go, says how a pattern names a parameter")
			require.Equal(t, http.StatusOK, s.send(t, s.request(t, "/hooks/"+token, body)).status)
			require.NotContains(t, take(t, seen), token)
		}},
		{"the route's pattern reaches the observer, not the path", func(t *testing.T, rt router) {
			g, rec := newGuard(t)
			var n counter
			a := rt.new()
			pattern := pathOf(rt, "/tenants/", "name", "/github")
			a.mount(pattern, g, n.signal)
			s := serve(t, a)
			require.Equal(t, http.StatusOK, s.send(t, s.request(t, "/tenants/acme/github", body)).status,
				"a 404: braces of the router, in routers_test.go, says how a pattern names a parameter")
			require.Equal(t, pattern, rec.last(t, g).Route, "Route that the adapter gives to the guard")
		}},
		{"a request that was skipped runs no signal", func(t *testing.T, rt router) {
			if rt.skipping == nil {
				t.Skip("a Skipper is Echo's")
			}
			g, _ := newGuard(t)
			var n counter
			a := rt.new()
			a.post(path, rt.signal(n.signal), rt.skipping(g))
			s := serve(t, a)
			require.Equal(t, http.StatusInternalServerError, s.send(t, s.request(t, path+"?skip=1", body)).status)
			require.Zero(t, n.Load())
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.EqualValues(t, 1, n.Load())
		}},
		{"a nil guard panics where it is mounted", func(t *testing.T, rt router) {
			require.Panics(t, func() { rt.verify(nil, nil) })
			require.Panics(t, func() { rt.new().mount(path, nil, new(counter).signal) })
		}},
	})
}
