package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// timeout answers 503 after a tenth of a second, as net/http's own does, while the handler goes on.
func timeout(h http.Handler) http.Handler {
	return http.TimeoutHandler(h, 100*time.Millisecond, "too slow")
}

// leaving runs the handler in a goroutine of its own and ends by fn while that runs.
func leaving(fn http.HandlerFunc) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go h.ServeHTTP(discarded{}, r)
			synctest.Wait()
			fn(w, r)
		})
	}
}

// TestWhileSignalsRunOnlyTheySettle: whatever has become of the middleware between guard and signals.
func TestWhileSignalsRunOnlyTheySettle(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		between func(http.Handler) http.Handler
		status  int
	}{
		{"a timeout has answered", timeout, 503},
		{"middleware has answered 200", leaving(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }),
			200},
		{"middleware has returned without an answer", leaving(func(http.ResponseWriter, *http.Request) {}), 503},
		{"middleware has panicked", leaving(func(http.ResponseWriter, *http.Request) { panic("oops") }), 500},
		{"middleware has dropped the connection", leaving(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}), 500},
	} {
		for _, failure := range []error{nil, errors.New("boom"), core.Undecodable(errors.New("no"))} {
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, rec := config(timestamped())
					g := mustNew(t, c)
					var runs atomic.Int64
					send := func(result error) (w *httptest.ResponseRecorder) {
						w = httptest.NewRecorder()
						defer func() {
							if v := recover(); v != nil {
								w.Code = 500
							}
						}()
						httpwebhook.Verify(g)(row.between(signal(func(context.Context, core.Event) error {
							runs.Add(1)
							time.Sleep(150 * time.Second) // longer than a lease
							return result
						}))).ServeHTTP(w, signed(event))
						return w
					}
					require.Equal(t, row.status, send(failure).Code)
					require.NoError(t, g.Flush(t.Context()))
					require.Empty(t, rec.all, "nothing has come of it yet")
					for range 2 {
						time.Sleep(70 * time.Second)
						require.Equal(t, 503, send(nil).Code)
						require.Equal(t, reason.InFlight, rec.last(t, g).Reason)
						require.EqualValues(t, 1, runs.Load())
					}
					time.Sleep(11 * time.Second)
					last := rec.last(t, g)
					require.True(t, last.AnsweredEarly)
					require.Equal(t, row.status, last.Status)
					require.GreaterOrEqual(t, last.Total, 150*time.Second)
					if failure == nil {
						require.Equal(t, reason.Accepted, last.Reason)
						require.Equal(t, core.ReplayCommitted, last.Replay)
						require.Equal(t, 200, run(g, signed(event), never(t)).Code)
						require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
						return
					}
					require.ErrorIs(t, last.Err, failure)
					require.Len(t, last.Failed, 1)
					require.Equal(t, core.ReplayReleased, last.Replay)
					require.Equal(t, 200, run(g, signed(event), ok).Code, "the retry runs")
					require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
				})
			})
		}
	}
}

func TestARunThatNobodyWaitsForEndsWithoutHarm(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]func(){
		"a panic":                      func() { panic("boom") },
		"http.ErrAbortHandler":         func() { panic(http.ErrAbortHandler) },
		"the end of its own goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, rec := config(timestamped())
				g := mustNew(t, c)
				w := httptest.NewRecorder()
				between := leaving(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
				httpwebhook.Verify(g)(between(signal(func(context.Context, core.Event) error {
					time.Sleep(time.Second)
					fn()
					return nil
				}))).ServeHTTP(w, signed(event))
				require.Equal(t, 503, w.Code)
				time.Sleep(2 * time.Second)
				last := rec.last(t, g)
				require.Equal(t, reason.ClassApp, last.Reason.Class())
				require.Equal(t, core.ReplayReleased, last.Replay)
				require.Len(t, last.Failed, 1)
				require.Equal(t, 200, run(g, signed(event), ok).Code)
			})
		})
	}
}

func TestARunWithinAnOuterGuardKeepsBothClaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outerConfig, outerRecords := config(basicOnly())
		outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-long-enough-password")
		outer := mustNew(t, outerConfig)
		innerConfig, rec := config(timestamped())
		inner := mustNew(t, innerConfig)
		send := func(fn core.Receiver) int {
			r := signed(event)
			r.SetBasicAuth("user", "a-long-enough-password")
			w := httptest.NewRecorder()
			httpwebhook.Verify(outer)(timeout(httpwebhook.Verify(inner)(signal(fn)))).ServeHTTP(w, r)
			return w.Code
		}
		require.Equal(t, 503, send(func(context.Context, core.Event) error { time.Sleep(2 * time.Second); return nil }))
		time.Sleep(time.Second)
		require.Equal(t, 503, send(never(t)))
		require.Equal(t, reason.InFlight, outerRecords.last(t, outer).Reason)
		time.Sleep(2 * time.Second)
		require.Equal(t, reason.Accepted, rec.last(t, inner).Reason)
		last := outerRecords.last(t, outer)
		require.Equal(t, reason.Accepted, last.Reason)
		require.True(t, last.AnsweredEarly)
		require.Equal(t, 200, send(never(t)))
	})
}

// TestSignalsThatAreReachedTooLateRunNothing: the delivery was answered and released, and the retry may be running.
func TestSignalsThatAreReachedTooLateRunNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rec := config(timestamped())
		g := mustNew(t, c)
		w := httptest.NewRecorder()
		slow := func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Second); h.ServeHTTP(w, r) })
		}
		httpwebhook.Verify(g)(timeout(slow(signal(never(t))))).ServeHTTP(w, signed(event))
		require.Equal(t, 503, w.Code)
		time.Sleep(2 * time.Second)
		last := rec.last(t, g)
		require.Equal(t, reason.SignalFailed, last.Reason)
		require.ErrorIs(t, last.Err, core.ErrSignalsLate)
		require.Equal(t, 200, run(g, signed(event), ok).Code)
	})
}

// TestADeliveryIsDispatchedOnce: what runs after the first answer was decided could fail without anybody's knowing.
func TestADeliveryIsDispatchedOnce(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	both := func(handlers ...http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, h := range handlers {
				h.ServeHTTP(w, r)
			}
		})
	}
	answering := signal(func(_ context.Context, e core.Event) error {
		return e.Respond(202, "text/xml", []byte("<Response/>"))
	})
	byHand := func(fn func(context.Context) error) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = fn(r.Context()) })
	}
	for _, row := range []struct {
		name   string
		behind http.Handler
		cause  error
		replay core.ReplayState
	}{
		{"a second signal", both(signal(ok), signal(never(t))), core.ErrSignalsTwice, core.ReplayCommitted},
		{"a second signal after an answer", both(answering, signal(never(t))), core.ErrSignalsTwice,
			core.ReplayCommitted},
		{"a second signal after a failure", both(signal(func(context.Context, core.Event) error { return boom }),
			signal(never(t))), core.ErrSignalsTwice, core.ReplayReleased},
		{"a signal after the app's own commit", both(byHand(core.Commit), signal(never(t))),
			core.ErrSignalsLate, core.ReplayCommitted},
		{"a signal after the app's own release", both(byHand(core.Release), signal(never(t))),
			core.ErrSignalsLate, core.ReplayReleased},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			w := httptest.NewRecorder()
			httpwebhook.Verify(g)(row.behind).ServeHTTP(w, signed(event))
			require.Equal(t, 500, w.Code)
			require.Equal(t, "Internal Server Error\n", w.Body.String())
			last := rec.last(t, g)
			require.Equal(t, reason.SignalFailed, last.Reason)
			require.Equal(t, 500, last.Status)
			require.ErrorIs(t, last.Err, row.cause)
			require.Equal(t, row.replay, last.Replay)
			require.Equal(t, "evt_1", last.Failed[0].ID)
		})
	}
}

func TestASignalInsideASignalIsASecondOne(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	w := run(g, signed(event), func(r *http.Request, _ core.Event) error {
		inner := httptest.NewRecorder()
		signal(never(t)).ServeHTTP(inner, r)
		require.Equal(t, 500, inner.Code)
		return nil
	})
	require.Equal(t, 200, w.Code, "the first is what the delivery is answered by")
	rec.last(t, g)
	require.Len(t, rec.all, 2)
	require.ErrorIs(t, rec.all[0].Err, core.ErrSignalsTwice)
	require.Equal(t, reason.Accepted, rec.all[1].Reason)
}

// TestAnAnswerThatIsHeldBackIsSentAsItWas: middleware between guard and signals finds it written.
func TestAnAnswerThatIsHeldBackIsSentAsItWas(t *testing.T) {
	t.Parallel()
	text := []byte("<Response>a text that is longer than what waits in place</Response>")
	for _, row := range []struct {
		name  string
		after func(http.ResponseWriter)
		want  string
	}{
		{"nothing after it", func(http.ResponseWriter) {}, string(text)},
		{"a flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, string(text)},
		{"a flush by the controller", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
			string(text)},
		{"another status", func(w http.ResponseWriter) { w.WriteHeader(404) }, string(text)},
		{"more of it", func(w http.ResponseWriter) { _, _ = w.Write([]byte("!")) }, string(text) + "!"},
		{"much more of it", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 1<<17)) },
			string(text) + string(make([]byte, 1<<17))},
		{"a panic", func(http.ResponseWriter) { panic("oops") }, string(text)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(timestamped())
			g := mustNew(t, c)
			signal := signal(func(_ context.Context, e core.Event) error { return e.Respond(202, "text/xml", text) })
			w := httptest.NewRecorder()
			func() {
				defer func() { _ = recover() }()
				httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					signal.ServeHTTP(w, r)
					row.after(w)
				})).ServeHTTP(w, signed(event))
			}()
			require.Equal(t, 202, w.Code)
			require.Equal(t, "text/xml", w.Header().Get("Content-Type"))
			require.Equal(t, row.want, w.Body.String())
		})
	}
}
