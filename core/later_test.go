package core_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func TestAnIdentityThatNobodyRemembersIsTheSameOnceItIsAskedFor(t *testing.T) {
	t.Parallel()
	request := func() *http.Request {
		r := signedBody(event)
		r.Header.Set("X-Event", "push")
		return r
	}
	c, _ := config(plain())
	c.Replay = memstore.New()
	var remembered core.Identity
	run(mustNew(t, c), request(), func(_ context.Context, e core.Event) error {
		remembered = e.Identity
		return nil
	})
	require.False(t, remembered.IsZero())

	c, rec := config(plain())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	var got core.Identity
	run(g, request(), func(_ context.Context, e core.Event) error {
		got = e.Identity
		return nil
	})
	require.Equal(t, remembered, got, "a signal has it")
	require.Equal(t, remembered, rec.last(t, g).Identity)

	serve := func(h http.HandlerFunc) {
		httpwebhook.Verify(g)(h).ServeHTTP(httptest.NewRecorder(), request())
	}
	serve(func(_ http.ResponseWriter, r *http.Request) {
		d, _ := core.FromContext(r.Context())
		r.Header.Set("X-Event", "what the app makes of it")
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if d.Events()[0].Identity != remembered {
					t.Error("another identity")
				}
			})
		}
		wait.Wait()
	})
	require.Equal(t, remembered, rec.last(t, g).Identity)
	require.EqualValues(t, sha256.Sum256([]byte(event)), rec.last(t, g).BodySHA256)

	serve(func(http.ResponseWriter, *http.Request) {})
	require.True(t, rec.last(t, g).Identity.IsZero(), "nobody asked, and nothing was hashed for it")
	require.Zero(t, rec.last(t, g).BodySHA256)
	require.Zero(t, g.Health().RejectedInARow)
	require.False(t, g.Health().LastProved.IsZero(), "it was proved all the same")
}

func TestWhatADeliveryKeepsIsItsOwn(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	// Goroutines that outlive their handlers go on reading what they were given, while the guard reads other bodies into
	// its buffers.
	var late sync.WaitGroup
	done := make(chan struct{})
	const size = 1 << 10
	body := func(i int) string {
		b := make([]byte, size)
		for at := range b {
			b[at] = byte('a' + i%26)
		}
		return string(b)
	}
	h := httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		d, _ := core.FromContext(r.Context())
		mine, payload := d.Body(), d.Events()[0].Payload
		want := string(mine)
		late.Go(func() {
			for {
				again, err := r.GetBody()
				read := make([]byte, size)
				if err == nil {
					_, err = again.Read(read)
				}
				if err != nil || string(mine) != want || string(payload) != want || string(read) != want || string(d.Body()) != want {
					t.Error("another request's bytes")
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}))
	for i := range 200 {
		w := httptest.NewRecorder()
		if i%3 == 0 { // a forgery's bytes are read into the same buffers
			h.ServeHTTP(w, post(body(i+1), "X-Hub-Signature-256", "sha256="+mac(oldSecret, body(i))))
			require.Equal(t, http.StatusBadRequest, w.Code)
			continue
		}
		if i > 20 {
			h = httpwebhook.Verify(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		}
		h.ServeHTTP(w, signedBody(body(i)))
		require.Equal(t, http.StatusOK, w.Code)
	}
	close(done)
	late.Wait()
}
