package core_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// deadlined is a writer that knows deadlines, as a connection's does.
type deadlined struct{ *httptest.ResponseRecorder }

// slowly is a body that arrives when it is asked to.
type slowly struct {
	gone chan struct{}
	rest *strings.Reader
	err  error
}

func (s *slowly) Read(b []byte) (int, error) {
	<-s.gone
	if s.err != nil {
		return 0, s.err
	}
	return s.rest.Read(b)
}
func (*slowly) Close() error { return nil }

func TestBodiesOfUnverifiedSendersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.Budget = core.Room(3)
		c.RateLimit = core.RateLimit{FailuresPerSecond: 0.001, FailureBurst: 1}
		g := mustNew(t, c)
		gone := make(chan struct{})
		answers := make(chan int, 10)
		begin := func(n int, wrap func(*httptest.ResponseRecorder) http.ResponseWriter) {
			r := from(signed(event1(n)), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event1(n))}
			w := httptest.NewRecorder()
			go func() {
				httpwebhook.Verify(g)(signal(ok)).ServeHTTP(wrap(w), r)
				answers <- w.Code
			}()
			synctest.Wait()
		}
		known := func(w *httptest.ResponseRecorder) http.ResponseWriter { return deadlined{w} }
		begin(0, known)
		begin(1, func(w *httptest.ResponseRecorder) http.ResponseWriter { return w })
		begin(2, known)
		require.EqualValues(t, 3, g.OpenBodies())
		w := run(g, from(signed(event1(9)), provider4), never(t))
		require.Equal(t, 503, w.Code, "our own state, and the provider's retry gets through")
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		require.Equal(t, 400, run(g, from(post(event), "203.0.113.1"), never(t)).Code,
			"headers are checked all the same")
		time.Sleep(2 * time.Second)
		require.Equal(t, 200, run(g, from(signed(event1(9)), provider4), ok).Code, "who was slow makes way")
		begin(8, known)
		require.Equal(t, 503, run(g, from(signed(event1(7)), provider4), ok).Code,
			"who cannot be woken up keeps its place")
		close(gone)
		got := map[int]int{<-answers: 1}
		for range 3 {
			got[<-answers]++
		}
		require.Equal(t, map[int]int{200: 3, 503: 1}, got)
		require.Zero(t, g.OpenBodies())
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestBodiesThatAreMadeToEndAreBoundedWhileTheirReadersSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(16)
		g := mustNew(t, c)
		gone, answers := make(chan struct{}), make(chan int, 20)
		stuck := func(n int) {
			r := from(signed(event1(n)), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event1(n))}
			w := httptest.NewRecorder()
			go func() {
				httpwebhook.Verify(g)(signal(ok)).ServeHTTP(deadlined{w}, r)
				answers <- w.Code
			}()
			synctest.Wait()
		}
		for n := range 16 {
			stuck(n)
		}
		time.Sleep(2 * time.Second)
		stuck(16)
		stuck(17)
		require.Empty(t, answers, "two of the first make way")
		require.Equal(t, 503, run(g, from(signed(event1(18)), provider4), never(t)).Code,
			"and what the two hold is not gone yet")
		close(gone)
		got := map[int]int{}
		for range 18 {
			got[<-answers]++
		}
		require.Equal(t, map[int]int{200: 16, 503: 2}, got)
		stuck(19)
		require.Equal(t, 200, <-answers, "there is room again")
		require.Zero(t, g.OpenBodies())
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestBodiesCountByWhatTheyHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(8) // 256 KiB
		g := mustNew(t, c)
		big := `{"id":"evt_big","pad":"` + strings.Repeat("x", 150<<10) + `"}`
		first, gone := signed(big), make(chan struct{})
		first.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(big[:140<<10]), &slowly{gone: gone, rest: strings.NewReader(big[140<<10:])}),
			first.Body}
		answer := make(chan int)
		go func() { answer <- run(g, first, ok).Code }()
		synctest.Wait()
		require.Equal(t, 503, run(g, signed(big), never(t)).Code, "there is room for one of the two")
		require.Equal(t, 200, run(g, signed(event), ok).Code, "and for a small one next to it")
		close(gone)
		require.Equal(t, 200, <-answer, "alone, it has the room it needs")
		require.NoError(t, g.Flush(t.Context()))
	})
}

// noted is a writer that notes the deadlines it is given.
type noted struct {
	*httptest.ResponseRecorder
	all []time.Time
}

func (n *noted) SetReadDeadline(at time.Time) error { n.all = append(n.all, at); return nil }

func TestTheDeadlineIsLiftedWhenTheBodyIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		g := mustNew(t, c)
		w := &noted{ResponseRecorder: httptest.NewRecorder()}
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, signed(event))
		require.Equal(t, []time.Time{time.Now().Add(10 * time.Second), {}}, w.all)
		w.all = nil
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, post(event))
		require.Equal(t, []time.Time{time.Now().Add(2 * time.Second)}, w.all, "refused unread: what is left is bounded")
		w.all = nil
		r := signed(event)
		r.Body = &slowly{gone: closed(), err: io.ErrUnexpectedEOF}
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, r)
		require.Equal(t, []time.Time{time.Now().Add(10 * time.Second)}, w.all,
			"a body that broke off keeps its deadline")
		require.NoError(t, g.Flush(t.Context()))
	})
}

// TestABodyThatFindsNoPlaceIsNotBegun: it gets two seconds for what net/http still reads of it, and none of the time
// that a body has which is read.
func TestABodyThatFindsNoPlaceIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget = core.Room(1)
		g := mustNew(t, c)
		gone, answer := make(chan struct{}), make(chan int)
		r := signed(event)
		r.Body = &slowly{gone: gone, rest: strings.NewReader(event)}
		go func() { answer <- run(g, r, ok).Code }()
		synctest.Wait()
		w, refused := &noted{ResponseRecorder: httptest.NewRecorder()}, signed(event1(2))
		refused.Body = unread{t}
		httpwebhook.Verify(g)(signal(never(t))).ServeHTTP(w, refused)
		require.Equal(t, 503, w.Code)
		require.Equal(t, []time.Time{time.Now().Add(2 * time.Second)}, w.all)
		close(gone)
		require.Equal(t, 200, <-answer)
		require.NoError(t, g.Flush(t.Context()))
	})
}

// waiting is a source of secrets that waits for its turn.
type waiting struct {
	secrets.Source
	gate chan struct{}
}

func (s *waiting) Lookup(ctx context.Context, tenant string) (*secrets.List, error) {
	if s.gate != nil {
		<-s.gate
	}
	return s.Source.Lookup(ctx, tenant)
}

func TestACompleteBodyIsNotMadeToEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		secrets := &waiting{Source: secrets.Static(testSecret)}
		c.Secrets, c.Budget = secrets, core.Room(1)
		g := mustNew(t, c)
		secrets.gate = make(chan struct{})
		w, done := &noted{ResponseRecorder: httptest.NewRecorder()}, make(chan struct{})
		go func() {
			defer close(done)
			httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, signed(event))
		}()
		synctest.Wait()
		time.Sleep(5 * time.Second) // slow, and none of the sender's doing
		require.Equal(t, 503, run(g, signed(event1(2)), never(t)).Code)
		close(secrets.gate)
		<-done
		require.Equal(t, 200, w.Code)
		require.Len(t, w.all, 2)
		require.Zero(t, w.all[1], "the deadline stays lifted")
		require.NoError(t, g.Flush(t.Context()))
	})
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestASourceThatFailsIsKeptShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		c.RateLimit = core.RateLimit{FailuresPerSecond: 0.001, FailureBurst: 1}
		g := mustNew(t, c)
		require.Equal(t, 400, run(g, from(forgery(), provider4), never(t)).Code)
		gone := make(chan struct{})
		answers := make(chan int, 10)
		for range 8 {
			r := from(forgery(), provider4)
			r.Body = &slowly{gone: gone, rest: strings.NewReader(event)}
			go func() { answers <- run(g, r, never(t)).Code }()
		}
		synctest.Wait()
		r := from(forgery(), provider4)
		r.Body = unread{t}
		require.Equal(t, 429, run(g, r, never(t)).Code)
		require.Equal(t, reason.RateLimited, rec.last(t, g).Reason)
		require.Equal(t, 200, run(g, from(signed(event1(1)), "203.0.113.1"), ok).Code,
			"others are not kept short with it")
		close(gone)
		for range 8 {
			require.Equal(t, 429, <-answers)
		}
		require.Equal(t, 200, run(g, from(signed(event1(2)), provider4), ok).Code)
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestABodyLargerThanTheRoomIsReadWhenItIsAlone(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Budget = core.Room(1)
	g := mustNew(t, c)
	body := `{"id":"evt_1","pad":"` + strings.Repeat("x", 900<<10) + `"}`
	require.Equal(t, 200, run(g, signed(body), ok).Code)
	require.Equal(t, 200, run(g, chunked(signed(body), body), ok).Code)
	require.Zero(t, g.OpenBodies())
}

// bodyThatPanics is a body that a middleware put in place of the connection's.
type bodyThatPanics struct{ after io.Reader }

func (b bodyThatPanics) Read(p []byte) (int, error) {
	if n, err := b.after.Read(p); err == nil {
		return n, nil
	}
	panic(http.ErrAbortHandler)
}

func TestABodyWhoseReadingPanicsGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	handover := plain()
	handover.Handshakes = []entry.Handshake{{Method: "POST", SecretJSON: "/secret"}}
	unsigned := plain()
	unsigned.Handshakes = []entry.Handshake{{Method: "POST", Unsigned: true, EchoJSON: "/challenge"}}
	for _, row := range []struct {
		name  string
		entry entry.Entry
		r     *http.Request
	}{
		{"a delivery", timestamped(), signed(event)},
		{"a secret that is handed over", handover, post(event)},
		{"a challenge that nothing signs", unsigned, post(event)},
	} {
		c, _ := config(row.entry)
		if row.entry.Handshakes != nil && !row.entry.Handshakes[0].Unsigned {
			c.Secrets, c.Setup.AwaitingSecret = nil, true
			c.Setup.SecretSink = func(context.Context, secrets.Secret) error { return nil }
		}
		g := mustNew(t, c)
		row.r.Body = bodyThatPanics{strings.NewReader(event[:10])}
		require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { run(g, row.r, never(t)) }, row.name)
		require.Zero(t, g.OpenBodies(), row.name)
	}
}
