package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

type signals = core.Signals

func serve(g *core.Guard, s *signals, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(httpwebhook.Dispatch(s)).ServeHTTP(w, r)
	return w
}

func TestPatternsChooseReceiversInTheOrderOfRegistration(t *testing.T) {
	t.Parallel()
	rows := []struct {
		eventType string
		want      []string
	}{
		{"invoice.paid", []string{"invoice.paid", "*", "invoice.*"}},
		{"invoice.paid.late", []string{"*", "invoice.*"}},
		{"invoice.", []string{"*"}},
		{"invoice", []string{"*"}},
		{"invoices.paid", []string{"*"}},
		{"orders/create", []string{"*", "orders/*"}},
		{"a_b", []string{"*", "a_*"}},
		{"", []string{"*"}},
	}
	for _, row := range rows {
		t.Run("type "+row.eventType, func(t *testing.T) {
			t.Parallel()
			var ran []string
			s := core.NewSignals()
			for _, p := range []string{"invoice.paid", "*", "invoice.*", "orders/*", "a_*"} {
				s.On(p, func(context.Context, core.Event) error { ran = append(ran, p); return nil })
			}
			c, _ := config(timestamped())
			body, _ := json.Marshal(map[string]string{"id": "1", "type": row.eventType})
			require.Equal(t, 200, serve(mustNew(t, c), s, signed(string(body))).Code)
			require.Equal(t, row.want, ran)
		})
	}
}

func TestTheWorstOutcomeDecides(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	rows := []struct {
		name     string
		outcomes []error
		status   int
		reason   reason.Reason
		reported bool
	}{
		{"all well", []error{nil, nil}, 200, reason.Accepted, false},
		{"ignored", []error{core.Ignore}, 200, reason.Accepted, false},
		{"permanent is committed and reported", []error{core.Permanent(boom), nil}, 200, reason.Permanent, true},
		{"permanent inside another error", []error{errors.Join(core.Permanent(boom))}, 200, reason.Permanent, true},
		{"retry beats permanent, and the others run", []error{core.Permanent(boom), boom, nil}, 500,
			reason.SignalFailed, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ran := 0
			s := core.NewSignals()
			for _, err := range row.outcomes {
				s.On("*", func(context.Context, core.Event) error { ran++; return err })
			}
			c, rec := config(timestamped())
			g := mustNew(t, c)
			require.Equal(t, row.status, serve(g, s, signed(event)).Code)
			require.Equal(t, len(row.outcomes), ran)
			last := rec.last(t, g)
			require.Equal(t, row.reason, last.Reason)
			require.Equal(t, row.reported, last.Err != nil)
			w := serve(g, s, signed(event))
			require.Equal(t, row.status, w.Code)
			if row.status == 200 {
				require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
			} else {
				require.Equal(t, 2*len(row.outcomes), ran)
			}
		})
	}
	require.NoError(t, core.Permanent(nil))
}

func TestAPanicIsContainedAndReleased(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	after := false
	s := core.NewSignals()
	s.On("*", func(context.Context, core.Event) error { panic("kaboom") })
	s.On("*", func(context.Context, core.Event) error { after = true; return nil })
	w := serve(g, s, signed(event))
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "kaboom")
	require.True(t, after)
	last := rec.last(t, g)
	require.Equal(t, reason.SignalPanicked, last.Reason)
	require.Contains(t, string(last.Stack), "signals_test.go")
	require.ErrorContains(t, last.Err, "kaboom")
	require.Equal(t, 200, run(g, signed(event), ok).Code)
}

func TestErrAbortHandlerGoesOnAfterTheRelease(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		run(g, signed(event), func(context.Context, core.Event) error { panic(http.ErrAbortHandler) })
	})
	require.Equal(t, 200, run(g, signed(event), ok).Code)
}

func TestAPanicOfAPlainHandlerGoesOnAfterTheRelease(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	require.PanicsWithValue(t, "kaboom", func() {
		httpwebhook.Verify(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("kaboom") })).ServeHTTP(httptest.NewRecorder(), signed(event))
	})
	require.Equal(t, reason.SignalPanicked, rec.last(t, g).Reason)
	require.Equal(t, 200, run(g, signed(event), ok).Code)
}

func TestAnUnhandledTypeIsASuccessThatIsNotCommitted(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	told := 0
	s := core.NewSignals()
	s.On("other", ok)
	s.OnUnhandled(func(context.Context, core.Event) { told++; panic("contained") })
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, 1, told)
	require.Equal(t, reason.Unhandled, rec.last(t, g).Reason)
	require.Equal(t, core.ReplayReleased, rec.last(t, g).Replay)
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

func TestASignalWithoutAGuardRunsNothing(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	signal(never(t)).ServeHTTP(w, signed(event))
	require.Equal(t, 500, w.Code)
	require.Equal(t, "Internal Server Error\n", w.Body.String())
}

func TestMistakesInRegisteringPanicWithTheCallersLine(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	s.Named("ledger").On("*", ok)
	rows := map[string]func(){
		"an empty pattern":             func() { s.On("", ok) },
		"a star in the middle":         func() { s.On("a.*.b", ok) },
		"a prefix without a boundary":  func() { s.On("invoice*", ok) },
		"two stars":                    func() { s.On("a.**", ok) },
		"a nil receiver":               func() { s.On("a", nil) },
		"a nil function for unhandled": func() { s.OnUnhandled(nil) },
		"an empty name":                func() { s.Named("").On("a", ok) },
		"a name that is taken":         func() { s.Named("ledger").On("a", ok) },
		"a nil typed receiver":         func() { s.On("a", core.Typed[int](nil)) },
		"nil signals":                  func() { httpwebhook.Dispatch(nil) },
		"a registration after the use": func() {
			frozen := core.NewSignals()
			httpwebhook.Dispatch(frozen)
			frozen.On("a", ok)
		},
	}
	for name, f := range rows {
		t.Run(name, func(t *testing.T) {
			defer func() {
				require.Contains(t, recover(), "signals_test.go:")
			}()
			f()
		})
	}
}

func TestTypedReceiversDecodeTheData(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	s := core.NewSignals()
	var got int
	s.On("*", core.Typed(func(_ context.Context, e core.Event, data struct{ N int }) error { got = data.N; return nil }))
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, 1, got)
	require.Equal(t, 200, serve(g, s, signed(`{"id":"2","data":{"n":"text"}}`)).Code, "no retry would fix it")
	require.ErrorContains(t, rec.last(t, g).Err, "decoding the event's data")
}

func TestTheSignalsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		e := timestamped()
		e.AckLimit = 10 * time.Second
		c, rec := config(e)
		g := mustNew(t, c)
		ctx, hangUp := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		hangUp()
		run(g, signed(event).WithContext(ctx), func(_ context.Context, e core.Event) error {
			require.NoError(t, e.Context().Err(), "a hang-up does not end it")
			require.Equal(t, "value", e.Context().Value(key{}))
			deadline, _ := e.Context().Deadline()
			require.Equal(t, 15*time.Minute, time.Until(deadline), "SignalTimeout does")
			ackBy, known := core.AckBy(e.Context())
			require.True(t, known)
			require.Equal(t, 10*time.Second, time.Until(ackBy))
			time.Sleep(11 * time.Second)
			return nil
		})
		require.True(t, rec.last(t, g).Overrun)

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		run(g, signed(`{"id":"2"}`).WithContext(ctx), func(_ context.Context, e core.Event) error {
			deadline, _ := e.Context().Deadline()
			require.Equal(t, 3*time.Second, time.Until(deadline), "the app's own earlier deadline holds")
			return nil
		})
		c.Answers.CancelAtAckLimit = true
		run(mustNew(t, c), signed(`{"id":"3"}`), func(_ context.Context, e core.Event) error {
			deadline, _ := e.Context().Deadline()
			require.Equal(t, 10*time.Second, time.Until(deadline))
			return nil
		})
	})
}

func TestRespondIsPutOutAfterTheCommit(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	w := run(g, signed(event), func(_ context.Context, e core.Event) error {
		require.ErrorIs(t, e.Respond(404, "", nil), core.ErrBadResponse)
		return e.Respond(202, "text/xml", []byte("<Response/>"))
	})
	require.Equal(t, 202, w.Code)
	require.Equal(t, "text/xml", w.Header().Get("Content-Type"))
	require.Equal(t, "<Response/>", w.Body.String())
	w = run(g, signed(`{"id":"2"}`), func(_ context.Context, e core.Event) error {
		_ = e.Respond(200, "text/plain", []byte("never seen"))
		return errors.New("no")
	})
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "never")
}

func TestTheAppReadsTheBodyAsItCame(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	g := mustNew(t, c)
	httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, event, string(body))
		require.EqualValues(t, len(event), r.ContentLength)
		again, err := r.GetBody()
		require.NoError(t, err)
		body, _ = io.ReadAll(again)
		require.Equal(t, event, string(body))
		d, found := core.FromContext(r.Context())
		require.True(t, found)
		require.Equal(t, event, string(d.Body()))
		require.Equal(t, "invoice.paid", d.Events()[0].Type)
		require.Equal(t, core.Authenticated{ID: true, Type: true}, d.Events()[0].Authenticated)
	})).ServeHTTP(httptest.NewRecorder(), signed(event))
}

func TestTwoGuardsOnOneRequest(t *testing.T) {
	t.Parallel()
	outerConfig, outerRecords := config(basicOnly())
	outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-long-enough-password")
	outer := mustNew(t, outerConfig)
	innerConfig, _ := config(timestamped())
	inner := mustNew(t, innerConfig)
	chain := func(fn core.Receiver) http.Handler {
		return httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(httpwebhook.Verify(inner)(signal(fn))))
	}
	deliver := func(fn core.Receiver) int {
		r := signed(event)
		r.SetBasicAuth("user", "a-long-enough-password")
		w := httptest.NewRecorder()
		chain(fn).ServeHTTP(w, r)
		return w.Code
	}
	runs := 0
	require.Equal(t, 500, deliver(func(context.Context, core.Event) error { return errors.New("no") }))
	require.Equal(t, 200, deliver(func(_ context.Context, e core.Event) error {
		runs++
		require.Equal(t, "test", e.Endpoint, "the inner guard's event")
		return nil
	}))
	require.Equal(t, 1, runs, "the same guard twice passes through")
	require.Equal(t, 200, deliver(never(t)))
	require.Equal(t, reason.Duplicate, outerRecords.last(t, outer).Reason)

	twin := mustNew(t, innerConfig)
	w := httptest.NewRecorder()
	httpwebhook.Verify(inner)(httpwebhook.Verify(twin)(signal(never(t)))).ServeHTTP(w, signed(`{"id":"2"}`))
	require.Equal(t, 500, w.Code)
}

func TestNothingWithinAnOuterGuardIsCommittedForAnUnhandledType(t *testing.T) {
	t.Parallel()
	outerConfig, rec := config(basicOnly())
	outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-long-enough-password")
	outer := mustNew(t, outerConfig)
	innerConfig, _ := config(timestamped())
	inner := mustNew(t, innerConfig)
	s := core.NewSignals()
	s.On("another", ok)
	deliver := func(h http.Handler) int {
		r := signed(event)
		r.SetBasicAuth("user", "a-long-enough-password")
		w := httptest.NewRecorder()
		httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(h)).ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, 200, deliver(httpwebhook.Dispatch(s)))
	ran := false
	require.Equal(t, 200, deliver(signal(func(*http.Request, core.Event) error { ran = true; return nil })))
	require.True(t, ran)
	require.Equal(t, reason.Accepted, rec.last(t, outer).Reason)
}

// otherRouter is the context of a router that nobody has.
type otherRouter struct{}

func TestTheContextOfAReceiverIsTheEventsOwn(t *testing.T) {
	t.Parallel()
	type key struct{}
	c, _ := config(timestamped())
	g := mustNew(t, c)
	ran := 0
	check := func(ctx context.Context, e core.Event) error {
		ran++
		require.Equal(t, ctx, e.Context())
		require.Equal(t, "of the request", ctx.Value(key{}))
		_, limited := ctx.Deadline()
		require.True(t, limited, "it ends with the claim")
		return nil
	}
	s := core.NewSignals()
	s.On("*", check)
	s.Named("one").On("invoice.*", check)
	s.Named("two").On("*",
		core.Typed(func(ctx context.Context, e core.Event, _ struct{}) error { return check(ctx, e) }))
	r := signed(event)
	w := httptest.NewRecorder()
	httpwebhook.Handler(g, s).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "of the request")))
	require.Equal(t, 200, w.Code)
	require.Equal(t, 3, ran)
}

func TestASetWithARoutersOwnReceiverServesThatRouterOnly(t *testing.T) {
	t.Parallel()
	s := core.NewSignals()
	s.On("*", ok)
	core.OnRouter(s.Named("own"), "invoice.*", func(*otherRouter, core.Event) error { return nil })
	message := func() (text string) {
		defer func() { text = fmt.Sprint(recover()) }()
		httpwebhook.Dispatch(s)
		return ""
	}()
	require.Regexp(t, `receiver for "invoice\.\*" \(.*signals_test\.go:\d+\) takes \*core_test\.otherRouter `+
		`and cannot run where the context is \*http\.Request.*signals_test\.go`, message)
	require.NotPanics(t, func() { core.Freeze[*otherRouter](s) })

	c, rec := config(timestamped())
	g := mustNew(t, c)
	notFrozen := core.NewSignals()
	core.OnRouter(notFrozen, "*", func(*otherRouter, core.Event) error { t.Error("it ran"); return nil })
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notFrozen.Serve(r, r, adapter.WrittenTo(w)).Write(w)
	})).ServeHTTP(w, signed(event))
	require.Equal(t, 500, w.Code, "an adapter that does not freeze fails closed")
	require.Equal(t, reason.SignalFailed, rec.last(t, g).Reason)
	require.Panics(t, func() { notFrozen.On("*", ok) }, "the first delivery ends registration")
}
