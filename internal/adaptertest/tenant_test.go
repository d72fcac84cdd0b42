package adaptertest_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

const otherSecret = "another-tenants-secret-of-enough-bytes"

// pathOf is a pattern with a parameter, as the router writes it.
func pathOf(rt router, before, parameter, after string) string {
	if rt.braces {
		return before + "{" + parameter + "}" + after
	}
	return before + ":" + parameter + after
}

func byTenant(key core.TenantKey) func(*core.Config) {
	return func(c *core.Config) {
		c.Tenant = key
		c.Secrets = secrets.ByTenant(map[string]secrets.Source{
			"acme": secrets.Static(secret), "globex.eu:1": secrets.Static(otherSecret),
		})
	}
}

// under is a delivery for a tenant's path, signed with a key.
func (s *server) under(t *testing.T, at, key string) *http.Request {
	t.Helper()
	r := s.request(t, at, body)
	r.Header.Set("X-Hub-Signature-256", "sha256="+signature(key, body))
	return r
}

func TestTenants(t *testing.T) {
	table(t, []row{
		{"a tenant in the path is proved by its own secret, and is part of what is remembered",
			func(t *testing.T, rt router) {
				g, rec := newGuard(t, byTenant(core.TenantFromPath("tenant")))
				var mu sync.Mutex
				var tenants []string
				a := rt.new()
				a.mount(pathOf(rt, "/hooks/", "tenant", "/github"), g, func(_ *call, e core.Event) error {
					mu.Lock()
					defer mu.Unlock()
					tenants = append(tenants, e.Tenant)
					return nil
				})
				s := serve(t, a)
				var refused []answer
				for _, row := range []struct {
					at, key string
					want    reason.Reason
					tenant  string
				}{
					{"/hooks/acme/github", secret, reason.Accepted, "acme"},
					{"/hooks/globex.eu:1/github", otherSecret, reason.Accepted, "globex.eu:1"},
					{"/hooks/acme/github", secret, reason.Duplicate, "acme"},
					{"/hooks/acme/github", otherSecret, reason.BadSignature, "acme"},
					{"/hooks/initech/github", secret, reason.BadSignature, ""},
					{"/hooks/ACME/github", secret, reason.BadSignature, ""},
					{"/hooks/acme%7Cglobex/github", secret, reason.BadSignature, ""},
					{"/hooks/" + strings.Repeat("a", 200) + "/github", secret, reason.BadSignature, ""},
				} {
					got := s.send(t, s.under(t, row.at, row.key))
					require.Equal(t, row.want, rec.last(t, g).Reason, "%s: %s", row.at, rec.last(t, g).Detail)
					require.Equal(t, row.tenant, rec.last(t, g).Tenant, row.at)
					if row.want == reason.BadSignature {
						got.header.Del("Date")
						refused = append(refused, got)
					}
				}
				for _, r := range refused {
					require.Equal(t, refused[0], r, "nobody learns who is a tenant")
				}
				require.Equal(t, []string{"acme", "globex.eu:1"}, tenants)
			}},
		{"a tenant in a header", func(t *testing.T, rt router) {
			g, rec := newGuard(t, byTenant(core.TenantFromHeader("x-tenant")))
			var n counter
			a := rt.new()
			a.post(path, rt.signal(n.signal), rt.verify(g, nil))
			s := serve(t, a)
			send := func(key string, tenants ...string) core.Record {
				r := s.under(t, path, key)
				for _, tenant := range tenants {
					r.Header.Add("X-Tenant", tenant)
				}
				s.send(t, r)
				return rec.last(t, g)
			}
			require.Equal(t, reason.Accepted, send(secret, "acme").Reason)
			require.Equal(t, reason.Accepted, send(otherSecret, "globex.eu:1").Reason)
			require.Equal(t, reason.BadSignature, send(secret, "globex.eu:1").Reason)
			require.Equal(t, reason.BadSignature, send(secret).Reason)
			require.Equal(t, reason.BadSignature, send(secret, "acme", "acme").Reason)
			require.EqualValues(t, 2, n.Load())
		}},
		{"a route without the parameter is loud", func(t *testing.T, rt router) {
			var log testlog.Log
			g, rec := newGuard(t, byTenant(core.TenantFromPath("tenant")), func(c *core.Config) {
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			var n counter
			a := rt.new()
			a.mount(path, g, n.signal)
			s := serve(t, a)
			require.Equal(t, http.StatusBadRequest, s.deliver(t).status)
			require.Contains(t, rec.last(t, g).Detail, "mount the guard on the route itself")
			require.Contains(t, log.String(), "level=ERROR")
			require.Zero(t, n.Load())
		}},
	})
}

func TestInAUseOfChiThereIsNoTenantInThePath(t *testing.T) {
	for _, row := range []struct {
		name  string
		mount func(r chi.Router, g *core.Guard, h http.HandlerFunc)
		want  reason.Reason
	}{
		{"for the whole app: nothing is routed yet", func(r chi.Router, g *core.Guard, h http.HandlerFunc) {
			r.Use(chiwebhook.Verify(g))
			r.Post("/hooks/{tenant}/github", h)
		}, reason.BadSignature},
		{"below the parameter it has been routed", func(r chi.Router, g *core.Guard, h http.HandlerFunc) {
			r.Route("/hooks/{tenant}", func(r chi.Router) {
				r.Use(chiwebhook.Verify(g))
				r.Post("/github", h)
			})
		}, reason.Accepted},
		{"on the route", func(r chi.Router, g *core.Guard, h http.HandlerFunc) {
			r.With(chiwebhook.Verify(g)).Post("/hooks/{tenant}/github", h)
		}, reason.Accepted},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log testlog.Log
			g, rec := newGuard(t, byTenant(core.TenantFromPath("tenant")), func(c *core.Config) {
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			r := chi.NewRouter()
			row.mount(r, g, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ran") })
			s := serve(t, &app{Handler: r})
			s.send(t, s.under(t, "/hooks/acme/github", secret))
			require.Equal(t, row.want, rec.last(t, g).Reason)
			if row.want != reason.Accepted {
				require.Contains(t, log.String(), "cannot see the tenant in the path")
			}
		})
	}
}
