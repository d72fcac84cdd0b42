//go:build !race

package adaptertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// sink takes an answer and keeps nothing of it.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// SetReadDeadline is what net/http's own writer has.
func (s *sink) SetReadDeadline(time.Time) error { return nil }

// What the guard allocates in front of a plain handler, beyond the router alone, is known for each router: the handle,
// with the request's copy that carries the context, the body that the app keeps, and the function that gives the body
// again. Everything else is the router's.
func TestWhatEachRouterAllocates(t *testing.T) {
	body := `{"n":1}`
	for _, rt := range routers() {
		t.Run(rt.name, func(t *testing.T) {
			count := func(mw ...any) float64 {
				a := rt.new()
				a.post("/hooks", rt.plain(func(*call) error { return nil }), mw...)
				reader := strings.NewReader(body)
				read := io.NopCloser(reader)
				r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", nil)
				r.Header.Set("X-Hub-Signature-256", "sha256="+signature(secret, body))
				w := &sink{header: http.Header{}}
				serve := func() {
					reader.Reset(body)
					r.Body, r.ContentLength = read, int64(len(body))
					a.ServeHTTP(w, r)
				}
				for range 64 {
					serve()
				}
				require.NotEqual(t, http.StatusBadRequest, w.status)
				least := 1e9
				for range 5 {
					least = min(least, testing.AllocsPerRun(200, serve))
				}
				return least
			}
			g, _ := newGuard(t, func(c *core.Config) {
				c.Replay = core.DangerouslyNoReplay
				// an observer gets a context of its own, in a goroutine that is no part of the request
				c.Observers = nil
			})
			added := count(rt.verify(g, nil)) - count()
			require.LessOrEqual(t, added, 3+rt.allocates, "say in routers_test.go what the router adds, and why")
		})
	}
}
