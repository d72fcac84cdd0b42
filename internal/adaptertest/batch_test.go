package adaptertest_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// newBatch is a guard whose sender sends lists of events, signed as GitHub signs.
func newBatch(t *testing.T) (*core.Guard, *records) {
	t.Helper()
	return newGuard(t, func(c *core.Config) {
		c.Endpoint, c.StoreFailure = "batches", core.StoreFailureUnset
		c.Provider = provider.HMAC(provider.HMACConfig{
			Name: "batches", Header: "X-Hub-Signature-256", Prefix: "sha256=", Batch: true, EventID: "/id",
			IdentityPointer: "/id",
		})
	})
}

// TestBatches: events of one delivery are claimed and settled each by itself, in every router.
func TestBatches(t *testing.T) {
	table(t, []row{
		{"the retry of a batch runs what failed", func(t *testing.T, rt router) {
			var mu sync.Mutex
			var ids string
			fail := "2"
			for _, mounted := range []bool{true, false} {
				g, rec := newBatch(t)
				a := rt.new()
				fn := func(_ *call, e core.Event) error {
					mu.Lock()
					defer mu.Unlock()
					ids += e.ID
					if e.ID == fail {
						return errApp
					}
					return nil
				}
				if mounted {
					a.mount(path, g, fn)
				} else {
					a.post(path, rt.signal(fn), rt.verify(g, nil))
				}
				s := serve(t, a)
				ids, fail = "", "2"
				require.Equal(t, http.StatusInternalServerError,
					s.send(t, s.request(t, path, `[{"id":1},{"id":2},{"id":3}]`)).status)
				require.Equal(t, "123", ids)
				ids, fail = "", ""
				require.Equal(t, http.StatusOK, s.send(t, s.request(t, path, `[{"id":1},{"id":2},{"id":3}]`)).status)
				require.Equal(t, "2", ids, "mounted by Handle: %v", mounted)
				require.Equal(t, 2, rec.last(t, g).Duplicates)
			}
		}},
		{"a plain handler gets a batch that is new, and never one that is partly done", func(t *testing.T, rt router) {
			type read struct {
				body string
				err  error
			}
			bodies := make(chan read, 1)
			g, rec := newBatch(t)
			a := rt.new()
			a.post(path, rt.plain(func(c *call) error {
				b, err := io.ReadAll(c.r.Body)
				bodies <- read{string(b), err}
				return c.json(http.StatusAccepted, "all done")
			}), rt.verify(g, nil))
			s := serve(t, a)
			require.Equal(t, http.StatusAccepted, s.send(t, s.request(t, path, `[{"id":1},{"id":2}]`)).status)
			require.Equal(t, read{body: `[{"id":1},{"id":2}]`}, take(t, bodies))
			got := s.send(t, s.request(t, path, `[{"id":2},{"id":3}]`))
			require.Equal(t, http.StatusInternalServerError, got.status, "a success would lose event 3")
			require.NotContains(t, got.body, "all done")
			last := take(t, bodies)
			require.Empty(t, last.body)
			require.ErrorIs(t, last.err, core.ErrBatchNeedsSignal)
			require.ErrorIs(t, rec.last(t, g).Err, core.ErrBatchNeedsSignal)
			require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
		}},
		{"binders fail on a batch that is partly done", func(t *testing.T, rt router) {
			for name, bind := range rt.json {
				g, _ := newBatch(t)
				a := rt.new()
				results := make(chan error, 1)
				a.post(path, rt.plain(func(c *call) error {
					if c.r.ContentLength == int64(len(`[{"id":1}]`)) {
						return c.json(http.StatusOK, "fine")
					}
					err := bind(c)
					results <- err
					return err
				}), rt.verify(g, nil))
				s := serve(t, a)
				require.Equal(t, http.StatusOK, s.send(t, s.request(t, path, `[{"id":1}]`)).status)
				require.Equal(t, http.StatusInternalServerError,
					s.send(t, s.request(t, path, `[{"id":1},{"id":2}]`)).status, name)
				require.Error(t, take(t, results), name)
			}
		}},
	})
}
