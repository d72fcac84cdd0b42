package adaptertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// listed is a guard whose sender sends lists of events.
func listed(t *testing.T) (*core.Guard, *records, *journal.Journal) {
	t.Helper()
	sender := provider.HMAC(provider.HMACConfig{
		Name: "lists", Header: "X-Hub-Signature-256", Prefix: "sha256=", Batch: true, EventID: "/id", EventType: "/type",
		IdentityPointer: "/id",
	})
	return journaled(t, func(c *core.Config) {
		c.Endpoint, c.Provider, c.Secrets = "lists", sender, secrets.Static(secret)
	})
}

// listOf is a delivery of events with these ids.
func listOf(ids ...string) *http.Request {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = `{"id":"` + id + `","type":"a"}`
	}
	text := "[" + strings.Join(items, ", ") + "]"
	r := httptest.NewRequest(http.MethodPost, "http://hooks.example.com"+path, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hub-Signature-256", "sha256="+signature(secret, text))
	return r
}

// TestABatchThatAHandlerTookWholeRunsAgainWhole: it is one entry, whose run calls the handler once, with the body as it
// came, and settles all of its events.
func TestABatchThatAHandlerTookWholeRunsAgainWhole(t *testing.T) {
	for _, rt := range routers() {
		for name, fail := range map[string]func(c *call) error{
			"an answer": func(c *call) error { return c.json(http.StatusServiceUnavailable, "no") },
			"a panic":   func(*call) error { panic("kaboom") },
		} {
			t.Run(rt.name+"/"+name, func(t *testing.T) {
				g, rec, kept := listed(t)
				fails, bodies := true, []string{}
				a := rt.new()
				a.use(rt.recovery)
				a.post(path, rt.plain(func(c *call) error {
					b, err := io.ReadAll(c.r.Body)
					require.NoError(t, err)
					bodies = append(bodies, string(b))
					if fails {
						return fail(c)
					}
					return c.json(http.StatusOK, "yes")
				}), rt.verify(g, nil))
				deliver := func(r *http.Request) int {
					w := httptest.NewRecorder()
					a.ServeHTTP(w, r)
					return w.Code
				}
				require.GreaterOrEqual(t, deliver(listOf("1", "2", "3")), 500)
				require.GreaterOrEqual(t, deliver(listOf("1", "2", "3")), 500)
				e := onlyEntry(t, kept)
				require.Equal(t, 2, e.Attempts, "retries are one entry")
				require.Len(t, e.Parts, 3)
				require.True(t, e.Runnable, e.WhyNot)
				redriver := &core.Redriver{App: a, Guards: []*core.Guard{g}}
				_, err := redriver.Redrive(t.Context(), e.ID, core.RedriveOptions{})
				require.Error(t, err)
				require.Equal(t, 1, onlyEntry(t, kept).RunCount)
				require.Equal(t, journal.Open, onlyEntry(t, kept).State)
				fails = false
				result, err := redriver.Redrive(t.Context(), e.ID, core.RedriveOptions{})
				require.NoError(t, err)
				require.Equal(t, reason.Accepted, result.Reason)
				require.Equal(t, 3, rec.last(t, g).Events)
				require.Equal(t, journal.Done, onlyEntry(t, kept).State)
				want := `[{"id":"1","type":"a"}, {"id":"2","type":"a"}, {"id":"3","type":"a"}]`
				require.Equal(t, []string{want, want, want, want}, bodies)
				require.Equal(t, http.StatusOK, deliver(listOf("3", "1", "2")), "each of them is done")
				require.Len(t, bodies, 4)
			})
		}
	}
}
