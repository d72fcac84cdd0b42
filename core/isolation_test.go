package core_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// rewriting is a writer that edits the values of headers where they stand, as reverse proxies' rules do.
type rewriting struct {
	http.ResponseWriter
	by string
}

func (w rewriting) WriteHeader(status int) {
	for _, values := range w.Header() {
		for i := range values {
			values[i] += w.by
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// What middleware before the guard keeps of a response, or writes into it, is that response's alone, whatever is refused
// after it and beside it.
func TestARefusalIsOneResponsesAlone(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	h := httpwebhook.Verify(mustNew(t, c))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the app was called") }))
	text := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	with := func(name, value string) http.Header {
		header := text.Clone()
		header.Set(name, value)
		return header
	}
	all := []struct {
		status  int
		header  http.Header
		request func() *http.Request
	}{
		{http.StatusBadRequest, text, func() *http.Request { return post("a body") }},
		{http.StatusMethodNotAllowed, with("Allow", "POST"), func() *http.Request { return httptest.NewRequest(http.MethodPut, "https://example.com/", nil) }},
		{http.StatusRequestEntityTooLarge, with("Connection", "close"), func() *http.Request {
			r := post("a body")
			r.ContentLength = 1 << 40
			return r
		}},
		{http.StatusUnsupportedMediaType, text, func() *http.Request { return post("a body", "Content-Encoding", "gzip") }},
	}
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			by := strings.Repeat("!", worker)
			var kept []*httptest.ResponseRecorder
			for i := range 100 {
				w := httptest.NewRecorder()
				h.ServeHTTP(rewriting{w, by}, all[(i+worker)%len(all)].request())
				kept = append(kept, w)
			}
			for i, w := range kept {
				want := all[(i+worker)%len(all)]
				header := want.header.Clone()
				for name := range header {
					header[name][0] += by
				}
				if w.Code != want.status || !maps.EqualFunc(w.Header(), header, slices.Equal) || w.Body.String() != http.StatusText(want.status)+"\n" {
					t.Errorf("answer %d became %d %v %q", i, w.Code, w.Header(), w.Body)
					return
				}
			}
		})
	}
	work.Wait()
}

// What reads details later works in the place of another that did; nothing of one delivery is told of the next.
func TestDetailsReadLaterLeaveNothingBehind(t *testing.T) {
	c, _ := config(named())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	receive := func(body string) *core.Delivery {
		d, reply := g.Receive(nil, signedBody(body), adapter.Inbound{})
		require.Nil(t, reply)
		return d
	}
	for range 20 {
		opened, broken, empty := receive(`{"action":"opened"}`), receive(`{"action":`), receive(`{}`)
		for range 2 {
			require.Empty(t, broken.Events()[0].Action)
			require.Equal(t, "opened", opened.Events()[0].Action)
			require.Empty(t, empty.Events()[0].Action)
		}
		for _, d := range []*core.Delivery{opened, broken, empty} {
			d.Finish(adapter.Outcome{})
		}
	}
}
