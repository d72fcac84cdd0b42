package logbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// lines returns a log and what it has written so far, once its timers have done their work. Both are for a bubble of
// synctest.
func lines(t *testing.T) (*logbook.Log, func() []map[string]any) {
	var out testlog.Log // timers write too
	l := logbook.New(slog.New(slog.NewJSONHandler(&out, nil)), slog.String("endpoint", "acme"))
	return l, func() (all []map[string]any) {
		synctest.Wait()
		d := json.NewDecoder(strings.NewReader(out.String()))
		for d.More() {
			var line map[string]any
			require.NoError(t, d.Decode(&line))
			all = append(all, line)
		}
		return all
	}
}

func newTally(l *logbook.Log) *logbook.Tally[int] {
	return &logbook.Tally[int]{Log: l, Line: func(c logbook.Count[int]) logbook.Line {
		return logbook.Line{Message: fmt.Sprintf("%d %s", c.Kind, c.Type), Attrs: []slog.Attr{slog.Int("count", c.N)}}
	}}
}

func TestTheFirstOfAKindHasALineAndTheCountComesWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, written := lines(t)
		tally := newTally(l)
		require.True(t, tally.First(1, "", time.Now()))
		require.True(t, tally.First(2, "", time.Now()), "another kind is not hidden behind it")
		for range 9 {
			require.False(t, tally.First(1, "", time.Now()))
		}
		tally.Only(1, time.Now())
		time.Sleep(59 * time.Second)
		require.Empty(t, written())
		time.Sleep(2 * time.Second)
		require.Len(t, written(), 1)
		require.EqualValues(t, 10, written()[0]["count"])
		require.False(t, tally.First(1, "", time.Now()), "the count was its line")
		time.Sleep(3 * time.Minute)
		require.True(t, tally.First(1, "", time.Now()), "it was quiet for a minute")
		tally.Only(2, time.Now())
		tally.Flush()
		require.Len(t, written(), 3)
	})
}

func TestTypesAreBoundedAndTheOldestMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, written := lines(t)
		tally := newTally(l)
		for n := range 200 {
			require.Equal(t, n <= 100, tally.First(1, fmt.Sprint("type ", n), time.Now()), "type %d", n)
		}
		time.Sleep(time.Minute)
		require.Len(t, written(), 1)
		require.Equal(t, "1 (other types)", written()[0]["msg"])
		require.EqualValues(t, 99, written()[0]["count"])
		time.Sleep(time.Minute)
		require.True(t, tally.First(1, "a new type", time.Now()))
	})
}

func TestAClosedLogStartsNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, written := lines(t)
		tally, burst := newTally(l), logbook.Burst{Log: l, Message: "more"}
		activity := logbook.Activity{Log: l, Message: "arrived"}
		l.Close()
		tally.First(1, "", time.Now())
		tally.First(1, "", time.Now())
		activity.Accepted(time.Now())
		for n := range 21 {
			burst.Admit(time.Now(), false, func() string { return fmt.Sprint(n) })
		}
		require.Len(t, written(), 1, "what is held is written at once")
		time.Sleep(time.Hour)
		require.Len(t, written(), 1)
		tally.First(1, "", time.Now())
		require.Len(t, written(), 2, "with the next one, where a minute has passed")
		activity.Report()
		require.Len(t, written(), 3)
	})
}

func TestABurstLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, written := lines(t)
		burst := logbook.Burst{Log: l, Message: "more"}
		own := 0
		for n := range 1000 {
			if burst.Admit(time.Now(), n == 999, func() string { return fmt.Sprint(n) }) {
				own++
			}
		}
		require.Equal(t, 21, own, "20 in a second, and one that demands a line")
		require.Len(t, written(), 1, "500 do not wait for the end of the second")
		time.Sleep(time.Second)
		require.Len(t, written(), 2)
		require.Len(t, written()[0]["events"], 500)
		require.Len(t, written()[1]["events"], 479)
		require.Equal(t, "acme", written()[1]["endpoint"])
		require.True(t, burst.Admit(time.Now(), false, nil), "a new second")
	})
}

func TestACauseHasItsStackOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stack := func(n int) []byte {
			return fmt.Appendf(nil, "goroutine 1 [running]:\nruntime/debug.Stack()\n\t/go/debug.go:26 +0x64\n"+
				"panic({0x1, 0x2})\n\t/go/runtime/panic.go:792 +0x132\nmain.run(...)\n\t/app/orders.go:%d +0x19\n", n)
		}
		require.Equal(t, "/app/orders.go:12", logbook.Cause(stack(12)))
		require.Equal(t, "/app/a.go:1", logbook.Cause([]byte("goroutine 1:\nmain.f()\n\t/app/a.go:1 +0x1\n")), "no panic")
		require.Empty(t, logbook.Cause(nil))
		var s logbook.Stacks
		whole := func(n int) bool {
			attrs, whole := s.Attrs(stack(n), time.Now())
			require.Equal(t, fmt.Sprintf("/app/orders.go:%d", n), attrs[0].Value.String())
			require.Len(t, attrs, map[bool]int{false: 1, true: 2}[whole])
			return whole
		}
		for n := range logbook.MaxCauses {
			require.True(t, whole(n))
		}
		require.False(t, whole(0), "it had its stack")
		require.False(t, whole(1000), "there is no room for another cause")
		time.Sleep(time.Minute)
		require.True(t, whole(1000))
		require.True(t, whole(0))
	})
}

func TestAGateLetsOneThroughInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g logbook.Gate
		require.True(t, g.Due())
		require.False(t, g.Due())
		time.Sleep(time.Minute)
		require.True(t, g.Due())
	})
}

// failing is a handler of an app that fails.
type failing struct{ slog.Handler }

func (failing) Enabled(context.Context, slog.Level) bool  { return true }
func (failing) Handle(context.Context, slog.Record) error { panic("a bug of the app") }
func (f failing) WithAttrs([]slog.Attr) slog.Handler      { return f }
func (f failing) WithGroup(string) slog.Handler           { return f }

func TestAPanicOfTheHandlerIsContained(t *testing.T) {
	logbook.New(slog.New(failing{})).Write(t.Context(), slog.LevelError, "a line")
}

// TestWhatIsCountedBehindTheCloseIsWritten: without a timer, with the next delivery that is late enough, or by a flush.
func TestWhatIsCountedBehindTheCloseIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, written := lines(t)
		a := &logbook.Activity{Log: l, Message: "deliveries"}
		a.Accepted(time.Now())
		a.Flush()
		require.Empty(t, written(), "the timer writes it")
		l.Close()
		a.Report()
		require.Len(t, written(), 1)
		a.Accepted(time.Now())
		a.Duplicate(time.Now())
		time.Sleep(time.Hour)
		require.Len(t, written(), 1, "there is no timer")
		a.Unhandled(time.Now())
		require.Len(t, written(), 2)
		require.EqualValues(t, []any{1.0, 1.0, 1.0},
			[]any{written()[1]["accepted"], written()[1]["duplicates"], written()[1]["unhandled"]})
		a.Accepted(time.Now())
		a.Flush()
		require.Len(t, written(), 3)
	})
}
