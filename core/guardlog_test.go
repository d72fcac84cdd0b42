package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// jsonLog is a log whose lines can be asked.
type jsonLog struct{ testlog.Log }

func (l *jsonLog) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}

// lines are those whose message contains text.
func (l *jsonLog) lines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(l.String()))
	for dec.More() {
		line := map[string]any{}
		require.NoError(t, dec.Decode(&line))
		if strings.Contains(line["msg"].(string), text) { // slog's own
			all = append(all, line)
		}
	}
	return all
}

// logging is a guard whose log can be asked.
func logging(t *testing.T, change ...func(*core.Config)) (*core.Guard, *jsonLog) {
	t.Helper()
	log := &jsonLog{}
	c, _ := config(timestamped())
	c.Observers, c.Logger = nil, log.logger(slog.LevelInfo)
	c.RateLimit = core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9}
	for _, fn := range change {
		fn(&c)
	}
	return mustNew(t, c), log
}

func noColumn(*http.Request, core.Event) error { return errors.New("no such column") }

func numbered(n int) *http.Request { return signed(fmt.Sprintf(`{"id":"evt_%d","type":"a.b"}`, n)) }

func TestEveryFailureOfTheAppIsInTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		for n := range 100 {
			require.Equal(t, 500, run(g, numbered(n), noColumn).Code)
			require.Len(t, log.lines(t, "webhook event failed"), min(n+1, 20), "a line is written before the answer")
		}
		time.Sleep(time.Second + time.Millisecond)
		lines := log.lines(t, "webhook event failed")
		require.Len(t, lines, 20)
		for n, line := range lines {
			require.Equal(t, "ERROR", line["level"])
			require.Equal(t, fmt.Sprintf("evt_%d", n), line["id"])
			require.Equal(t, "a.b", line["type"])
			require.Len(t, line["identity"], 64)
			require.Equal(t, "no such column", line["error"])
		}
		more := log.lines(t, "more webhook events failed")
		require.Len(t, more, 1, "one line a second for all others")
		events := more[0]["events"].([]any) // what the line holds
		require.Len(t, events, 80)
		for n, e := range events {
			parts := strings.Fields(e.(string)) // what the line holds
			require.Equal(t, []string{"signal_failed", fmt.Sprintf("evt_%d", n+20)}, parts[:2])
			require.Len(t, parts[2], 64)
		}
		run(g, numbered(200), noColumn)
		require.Len(t, log.lines(t, "webhook event failed"), 21, "the next second has lines of its own")
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

func TestFailuresBeyondALineAreWrittenByFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		for n := range 21 {
			run(g, numbered(n), noColumn)
		}
		require.NoError(t, g.Flush(t.Context()))
		require.Len(t, log.lines(t, "more webhook events failed"), 1)
		require.Contains(t, log.String(), "evt_20 ")
		require.NoError(t, g.Shutdown(t.Context()))
		for n := range 1100 { // nothing is held where no timer writes it, nor without bound
			run(g, numbered(100+n), noColumn)
			require.Contains(t, log.String(), fmt.Sprintf("evt_%d", 100+n))
		}
	})
}

func TestEachStackIsInTheLogOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		var orders map[string]int
		n := 0
		fail := func(context.Context, core.Event) error {
			n++
			if n%2 == 0 {
				orders[fmt.Sprint(n)]++ // another line of code
			}
			panic(fmt.Sprintf("order %d", n))
		}
		count := func() (stacks int) {
			for _, line := range log.lines(t, "the receiver panicked") {
				require.Contains(t, line["at"], "guardlog_test.go:")
				if stack, ok := line["stack"].(string); ok {
					require.Contains(t, stack, "TestEachStackIsInTheLogOnceAMinute")
					stacks++
				}
			}
			return stacks
		}
		for i := range 10 {
			require.Equal(t, 500, run(g, numbered(i), fail).Code)
		}
		require.Len(t, log.lines(t, "the receiver panicked"), 10)
		require.Equal(t, 2, count())
		time.Sleep(time.Minute)
		for i := range 10 {
			run(g, numbered(i), fail)
		}
		require.Equal(t, 4, count())
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

func TestANewCauseHasItsStackHoweverManyFailuresThereAre(t *testing.T) {
	t.Parallel()
	one := func() { panic("one") }
	other := func() { panic("other") }
	t.Run("after the lines of a second are used up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g, log := logging(t)
			for n := range 50 {
				run(g, numbered(n), func(context.Context, core.Event) error {
					if n == 40 {
						other()
					}
					one()
					return nil
				})
			}
			stacks := 0
			for _, line := range log.lines(t, "the receiver panicked") {
				if _, ok := line["stack"]; ok {
					stacks++
				}
			}
			require.Equal(t, 2, stacks)
			require.NoError(t, g.Shutdown(t.Context()))
			require.Len(t, log.lines(t, "the receiver panicked"), 21)
			require.EqualValues(t, 29, log.lines(t, "more webhook events failed")[0]["count"])
		})
	})
	t.Run("behind many others in one batch", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g, log := logging(t, func(c *core.Config) { c.Provider = entry.NewProvider(batched(), nil) })
			var body []string
			for n := range 50 {
				body = append(body, fmt.Sprintf(`{"id":"%d","type":"a.b"}`, n))
			}
			run(g, signedBody("["+strings.Join(body, ",")+"]"), func(_ context.Context, e core.Event) error {
				if strings.Contains(string(e.Payload), `"40"`) {
					other()
				}
				one()
				return nil
			})
			stacks := 0
			for _, line := range log.lines(t, "the receiver panicked") {
				if _, ok := line["stack"]; ok {
					stacks++
				}
			}
			require.Equal(t, 2, stacks)
			require.NoError(t, g.Shutdown(t.Context()))
		})
	})
}

func TestWhatSendersCauseIsCountedAndTheCountIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		for range 7 {
			run(g, post(event), never(t))
			time.Sleep(time.Second)
		}
		run(g, post(event, "Acme-Signature", pairs(oldSecret, testTime, event)), never(t))
		synctest.Wait()
		time.Sleep(time.Millisecond)
		require.Len(t, log.lines(t, "webhook delivery refused"), 2, "the first of each kind, at once")
		require.Empty(t, log.lines(t, "more webhook deliveries"))
		time.Sleep(53 * time.Second)
		counts := log.lines(t, "more webhook deliveries were refused")
		require.Len(t, counts, 1, "within a minute, although nothing else comes")
		require.EqualValues(t, 6, counts[0]["count"])
		require.Equal(t, "missing_signature", counts[0]["reason"])
		require.Equal(t, "test", counts[0]["endpoint"])
		run(g, post(event), never(t))
		time.Sleep(10 * time.Minute)
		require.Len(t, log.lines(t, "more webhook deliveries were refused"), 2, "a count is written once")
		run(g, post(event), never(t))
		run(g, post(event), never(t))
		require.NoError(t, g.Flush(t.Context()))
		require.Len(t, log.lines(t, "webhook delivery refused"), 3)
		require.Len(t, log.lines(t, "more webhook deliveries were refused"), 3, "Flush writes counts")
		run(g, post(event), never(t))
		require.NoError(t, g.Shutdown(t.Context()))
		require.Len(t, log.lines(t, "more webhook deliveries were refused"), 4, "so does Close")
		time.Sleep(time.Hour)
		run(g, post(event), never(t))
		require.NoError(t, g.Flush(t.Context()))
		require.Len(t, log.lines(t, "webhook delivery refused"), 4)
	})
}

func TestTheFirstAcceptedDeliveryHasALineAndFurtherOnesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		run(g, post(event), never(t))
		time.Sleep(time.Hour)
		require.Empty(t, log.lines(t, "first webhook delivery accepted"))
		require.Empty(t, log.lines(t, "webhook deliveries arrived"))
		for n := range 3 {
			run(g, numbered(n), ok)
		}
		run(g, numbered(0), ok)
		time.Sleep(time.Second)
		first := log.lines(t, "first webhook delivery accepted")
		require.Len(t, first, 1)
		require.Equal(t, "INFO", first[0]["level"])
		require.Equal(t, "evt_0", first[0]["id"])
		time.Sleep(9 * time.Minute)
		require.Empty(t, log.lines(t, "webhook deliveries arrived"))
		time.Sleep(time.Minute)
		counts := log.lines(t, "webhook deliveries arrived")
		require.Len(t, counts, 1)
		require.EqualValues(t, 3, counts[0]["accepted"])
		require.EqualValues(t, 1, counts[0]["duplicates"])
		require.EqualValues(t, 0, counts[0]["unhandled"])
		time.Sleep(24 * time.Hour)
		require.Len(t, log.lines(t, "webhook deliveries arrived"), 1, "silence is silent")
		run(g, numbered(9), ok)
		require.NoError(t, g.Shutdown(t.Context()))
		require.Len(t, log.lines(t, "webhook deliveries arrived"), 2, "nothing is kept back at the end")
		require.Len(t, log.lines(t, "first webhook delivery accepted"), 1)
	})
}

func TestEachAcceptedDeliveryHasALineAtDebug(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &jsonLog{}
		g, _ := logging(t, func(c *core.Config) { c.Logger = log.logger(slog.LevelDebug) })
		for n := range 30 {
			run(g, numbered(n), ok)
		}
		require.NoError(t, g.Shutdown(t.Context()))
		require.Len(t, log.lines(t, "sallyport: webhook delivery accepted"), 29, "and the first")
	})
}

func TestAnEventThatRanNothingIsReportedOnceAMinuteForItsType(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		s := core.NewSignals()
		s.On("known", ok)
		h := httpwebhook.Verify(g)(httpwebhook.Dispatch(s))
		send := func(n int, typ string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(fmt.Sprintf(`{"id":"%d","type":%q}`, n, typ)))
			require.Equal(t, 200, w.Code)
		}
		for n := range 150 {
			send(n, fmt.Sprintf("type.%d", n))
			send(1000+n, fmt.Sprintf("type.%d", n))
		}
		require.Len(t, log.lines(t, "webhook event without a receiver"), 101,
			"a hundred types, and the others together")
		time.Sleep(time.Minute + time.Millisecond)
		counts := log.lines(t, "more webhook events of this type had no receiver")
		require.Len(t, counts, 101)
		total := 0.0
		for _, line := range counts {
			require.Equal(t, "unhandled", line["reason"])
			total += line["count"].(float64) // what the line holds
		}
		require.EqualValues(t, 300-101, total)
		time.Sleep(time.Minute)
		send(5000, "type.new")
		lines := log.lines(t, "webhook event without a receiver")
		require.Equal(t, "type.new", lines[len(lines)-1]["type"], "types that are quiet make room")
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

// Another product of the sender, or another format, comes as an event whose type cannot be found: nobody registered a
// receiver for that, so it is lost with a 200 each time.
func TestAnEventWithoutATypeThatNobodyTakesIsWarnedOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t)
		s := core.NewSignals()
		s.On("known", ok)
		h := httpwebhook.Verify(g)(httpwebhook.Dispatch(s))
		for _, body := range []string{`{"id":"1"}`, `{"id":"2","type":"unknown"}`} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(body))
			require.Equal(t, 200, w.Code)
		}
		lines := log.lines(t, "webhook event without a type")
		require.Len(t, lines, 1)
		require.Equal(t, "WARN", lines[0]["level"])
		require.Contains(t, lines[0]["msg"], "another product")
		lines = log.lines(t, "webhook event without a receiver")
		require.Len(t, lines, 1)
		require.Equal(t, "INFO", lines[0]["level"])
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

func TestADeliveryWithoutEventsIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := logging(t, func(c *core.Config) { c.Provider = entry.NewProvider(batched(), nil) })
		for range 3 {
			require.Equal(t, 200, run(g, signedBody("[]"), never(t)).Code)
		}
		require.Len(t, log.lines(t, "webhook delivery without events"), 1)
		require.NoError(t, g.Shutdown(t.Context()))
		require.EqualValues(t, 2, log.lines(t, "were answered 200 and ran nothing since")[0]["count"])
	})
}

func TestALogThatPanicsOrIsOffChangesNoAnswer(t *testing.T) {
	t.Parallel()
	g, _ := logging(t, func(c *core.Config) {
		c.Logger = slog.New(handlerFunc(func(_ context.Context, r slog.Record) {
			if strings.Contains(r.Message, "webhook") {
				panic("disk full")
			}
		}))
	})
	require.Equal(t, 400, run(g, post(event), never(t)).Code)
	require.Equal(t, 500, run(g, numbered(1), noColumn).Code)
	require.Equal(t, 200, run(g, numbered(1), ok).Code)
	require.NoError(t, g.Shutdown(t.Context()))
}

func TestAnErrorThatCannotBePrintedIsStillReported(t *testing.T) {
	t.Parallel()
	g, log := logging(t)
	require.Equal(t, 500,
		run(g, numbered(1), func(context.Context, core.Event) error { return (*unprintable)(nil) }).Code)
	require.Len(t, log.lines(t, "webhook event failed"), 1)
	require.Contains(t, log.String(), "cannot be printed")
}

type unprintable struct{ text bytes.Buffer }

func (u *unprintable) Error() string { return u.text.String() }

// challenged is timestamped with a handshake that has to be signed.
func challenged() entry.Entry {
	e := timestamped()
	e.Handshakes = []entry.Handshake{{Method: http.MethodPost, Proved: true, WhenJSON: "/type",
		WhenEquals: "url_verification", Body: "ok"}}
	return e
}

func TestAHandshakeIsNotTheFirstDelivery(t *testing.T) {
	t.Parallel()
	g, log := logging(t, func(c *core.Config) { c.Provider = entry.NewProvider(challenged(), nil) })
	run(g, signed(`{"type":"url_verification"}`), never(t))
	require.NoError(t, g.Flush(t.Context()))
	require.Len(t, log.lines(t, "handshake or test answered"), 1)
	require.Empty(t, log.lines(t, "first webhook delivery"))
	run(g, signed(event), ok)
	require.NoError(t, g.Shutdown(t.Context()))
	require.Len(t, log.lines(t, "first webhook delivery"), 1)
	require.EqualValues(t, 1, log.lines(t, "webhook deliveries arrived")[0]["accepted"])
}

func TestEachEventThatWasGivenUpIsInTheLogByItsOwnID(t *testing.T) {
	t.Parallel()
	g, log := logging(t, func(c *core.Config) { c.Provider = entry.NewProvider(batched(), nil) })
	s := core.NewSignals()
	s.On("good", ok)
	s.On("odd", core.Typed(func(context.Context, core.Event, wrongShape) error { return nil }))
	s.On("bad", func(context.Context, core.Event) error {
		return core.Permanent(errors.Join(errors.New("no such customer"), errors.New("nor order")))
	})
	s.OnUnhandled(func(context.Context, core.Event) { panic("nobody") })
	body := `[{"id":"1","type":"good"},{"id":"2","type":"odd"},{"id":"3","type":"bad"},{"id":"4","type":"new"}]`
	w := httptest.NewRecorder()
	httpwebhook.Verify(g)(httpwebhook.Dispatch(s)).ServeHTTP(w, signedBody(body))
	require.Equal(t, 200, w.Code)
	for n, row := range []struct{ message, reason string }{
		{"webhook event not decoded", "undecodable"},
		{"webhook event given up", "permanent"},
		{"the function of OnUnhandled panicked", "unhandled"},
	} {
		lines := log.lines(t, row.message)
		require.Len(t, lines, 1, row.message)
		require.Equal(t, "ERROR", lines[0]["level"])
		require.Equal(t, fmt.Sprint(n+2), lines[0]["id"])
		require.Equal(t, row.reason, lines[0]["reason"])
		require.EqualValues(t, 4, lines[0]["events"])
		require.Len(t, lines[0]["identity"], 64)
	}
	require.Equal(t, "no such customer; nor order", log.lines(t, "given up")[0]["error"])
	require.Len(t, log.lines(t, "webhook event without a receiver"), 1)
	require.NoError(t, g.Shutdown(t.Context()))
}
