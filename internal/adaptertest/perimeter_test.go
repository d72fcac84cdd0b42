package adaptertest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

// gullible are apps whose framework takes the sender's word for the sender's address, in every way the framework has.
func gullible(rt router) map[string]func() *app {
	all := map[string]func() *app{"as it comes": rt.new}
	for name, trust := range rt.trusting {
		all[name] = func() *app {
			a := rt.new()
			trust(a.Handler)
			return a
		}
	}
	return all
}

// fromSource is a delivery with headers that name senders.
func (s *server) fromSource(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := s.request(t, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

const allowed, unknown = "198.51.100.7", "203.0.113.66"

func TestThePerimeter(t *testing.T) {
	table(t, []row{
		{"nobody's headers make them somebody else, whatever the framework trusts", func(t *testing.T, rt router) {
			for name, make := range gullible(rt) {
				g, rec := newGuard(t, func(c *core.Config) { c.Sources = core.Networks(allowed) })
				var n counter
				a := make()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				r := s.fromSource(t, "X-Forwarded-For", allowed, "X-Real-Ip", allowed, "True-Client-Ip", allowed,
					"Cf-Connecting-Ip", allowed, "X-Client-Ip", allowed, "Forwarded", "for="+allowed)
				require.Equal(t, http.StatusBadRequest, s.send(t, r).status, name)
				require.Equal(t, reason.SourceNotAllowed, rec.last(t, g).Reason, name)
				require.True(t, rec.last(t, g).Source.IsLoopback(), name)
				require.Zero(t, n.Load())
			}
		}},
		{"behind a trusted proxy the sender is the right-most untrusted address", func(t *testing.T, rt router) {
			for name, make := range gullible(rt) {
				g, rec := newGuard(t, func(c *core.Config) {
					c.Sources, c.TrustedProxies, c.DangerouslyAllowHTTP = core.Networks(allowed), core.PrivateNetworks,
						false
				})
				var n counter
				a := make()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				for _, row := range []struct {
					headers []string
					want    reason.Reason
				}{
					{[]string{"X-Forwarded-Proto", "https", "X-Forwarded-For", allowed + ", " + unknown, "X-Real-Ip",
						allowed}, reason.SourceNotAllowed},
					{[]string{"X-Forwarded-Proto", "https", "X-Forwarded-For", unknown + ", " + allowed + ", 10.0.0.1",
						"X-Real-Ip", unknown}, reason.Accepted},
					{[]string{"Forwarded", "for=" + unknown + ", for=" + allowed + ";proto=https"}, reason.Duplicate},
					{[]string{"Forwarded", "for=" + allowed + ", for=" + unknown + ";proto=https"},
						reason.SourceNotAllowed},
					{[]string{"Forwarded", "for=" + allowed + ";proto=https", "X-Forwarded-Proto", "http",
						"X-Forwarded-For", allowed}, reason.PlainHTTP},
					{[]string{"Forwarded", "for=" + unknown + ";proto=https", "X-Forwarded-Proto", "https",
						"X-Forwarded-For", allowed}, reason.SourceNotAllowed},
					{[]string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "unknown"}, reason.SourceNotAllowed},
				} {
					s.send(t, s.fromSource(t, row.headers...))
					require.Equal(t, row.want, rec.last(t, g).Reason, "%s: %q", name, row.headers)
				}
				require.EqualValues(t, 1, n.Load())
			}
		}},
		{"an address that a middleware wrote is nobody's", func(t *testing.T, rt router) {
			g, rec := newGuard(t,
				func(c *core.Config) { c.Sources, c.TrustedProxies = core.Networks(allowed), core.PrivateNetworks })
			a := rt.new()
			if _, isChi := a.Handler.(chi.Router); isChi {
				a.use(chimiddleware.RealIP)
			} else {
				a.use(rt.change(func(r *http.Request) *http.Request {
					r = r.Clone(r.Context())
					r.RemoteAddr = r.Header.Get("X-Real-Ip") // as RealIP of Chi and ProxyHeaders of Gorilla do
					return r
				}))
			}
			var n counter
			a.mount(path, g, n.signal)
			s := serve(t, a)
			require.Equal(t, http.StatusBadRequest, s.send(t, s.fromSource(t, "X-Real-Ip", allowed)).status)
			require.Equal(t, reason.SourceNotAllowed, rec.last(t, g).Reason)
			require.Contains(t, rec.last(t, g).Detail, "RealIP")
			require.Zero(t, n.Load())
		}},
		{"too much is 429 with Retry-After, and forgeries take nothing from genuine deliveries",
			func(t *testing.T, rt router) {
				g, rec := newGuard(t, func(c *core.Config) { c.RateLimit = core.RateLimit{PerSecond: 0.001, Burst: 2} })
				var n counter
				a := rt.new()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				var codes []int
				for range 4 {
					r := s.request(t, path, body)
					r.Header.Set("X-Hub-Signature-256", "sha256="+signature("another", body))
					codes = append(codes, s.send(t, r).status)
				}
				for i := range 3 {
					codes = append(codes, s.send(t, s.request(t, path, fmt.Sprintf(`{"n":%d}`, i))).status)
				}
				require.Equal(t, []int{400, 400, 429, 429, 200, 200, 429}, codes)
				got := s.deliver(t)
				require.Equal(t, http.StatusTooManyRequests, got.status)
				require.NotEmpty(t, got.header.Get("Retry-After"))
				require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
				require.Contains(t, got.body, "Too Many Requests")
				requireNoLeak(t, got)
				require.EqualValues(t, 2, n.Load())
			}},
		{"a body that does not come ends with BodyTimeout, and what the app does after one that came does not",
			func(t *testing.T, rt router) {
				g, rec := newGuard(t, func(c *core.Config) { c.Limits.BodyTimeout = 100 * time.Millisecond })
				a := rt.new()
				a.mount(path, g, func(_ *call, e core.Event) error {
					d, _ := core.FromContext(e.Context())
					select {
					case <-d.Request().Context().Done():
						return errApp
					case <-time.After(300 * time.Millisecond):
						return nil
					}
				})
				s := serve(t, a)
				require.Equal(t, http.StatusOK, s.deliver(t).status)

				conn, err := net.Dial("tcp", s.Listener.Addr().String())
				require.NoError(t, err)
				defer func() { _ = conn.Close() }()
				require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
				_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: "+
					"push\r\nX-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n{", path,
					signature(secret, body), len(body))
				require.NoError(t, err)
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				_, _ = io.Copy(io.Discard, res.Body)
				require.Equal(t, http.StatusBadRequest, res.StatusCode)
				require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)
			}},
		{"bad credentials are not asked for a body", func(t *testing.T, rt router) {
			g, _ := fullyGuarded(t)
			var n counter
			a := rt.new()
			a.mount(path, g, n.signal)
			s := serve(t, a)
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nExpect: "+
				"100-continue\r\nAuthorization: Basic bm86bm8=\r\nContent-Length: 9\r\n\r\n", path)
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "HTTP/1.1 400 Bad Request\r\n", line)
			require.Zero(t, n.Load())
		}},
	})
}
