package core_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// differentRefusals are requests that are refused before the body is read, each with other headers in its answer.
func differentRefusals() []struct {
	status  int
	header  http.Header
	request func() *http.Request
} {
	text := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	with := func(name, value string) http.Header {
		h := text.Clone()
		h.Set(name, value)
		return h
	}
	return []struct {
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
}

// A refusal that was put out serves another request. What middleware before the guard has kept of the first response must
// stay what it was, whatever is refused after it and beside it.
func TestWhatIsKeptOfARefusalStays(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	h := core.Handler(mustNew(t, c), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the app was called") }))
	all := differentRefusals()
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			var kept []*httptest.ResponseRecorder
			for i := range 200 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, all[(i+worker)%len(all)].request())
				kept = append(kept, w)
			}
			for i, w := range kept {
				want := all[(i+worker)%len(all)]
				if w.Code != want.status || !maps.EqualFunc(w.Header(), want.header, slices.Equal) || w.Body.String() != http.StatusText(want.status)+"\n" {
					t.Errorf("answer %d became %d %v %q", i, w.Code, w.Header(), w.Body)
					return
				}
				w.Header().Add("X-Content-Type-Options", fmt.Sprint(i)) // middleware that adds a value changes no other's
			}
		})
	}
	work.Wait()
}

// OnReject may keep the rejection that it is shown.
func TestWhatOnRejectKeepsStays(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	g := mustNew(t, c)
	all := differentRefusals()
	var kept []*core.Rejection
	keep := func(_ *http.Request, r *core.Rejection, _ http.Header) { kept = append(kept, r) }
	for i := range 20 {
		core.Serve(g, httptest.NewRecorder(), all[i%len(all)].request(), core.Inbound{}, keep, nil)
	}
	for i, r := range kept {
		require.Equal(t, all[i%len(all)].status, r.Status)
	}
	require.Len(t, kept, 20)
}

// What reads details later works in the place of another that did; nothing of one delivery is told of the next.
func TestDetailsReadLaterLeaveNothingBehind(t *testing.T) {
	c, _ := config(named())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	receive := func(body string) *core.Delivery {
		d, reply := g.Receive(nil, signedBody(body), core.Inbound{})
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
			d.Finish(core.Outcome{})
		}
	}
}
