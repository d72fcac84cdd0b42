package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// returning makes a set of receivers for every event, one for each of these errors. It counts their calls.
func returning(ran *int, errs ...error) *signals {
	s := core.NewSignals()
	for _, err := range errs {
		s.On("*", func(context.Context, core.Event) error { *ran++; return err })
	}
	return s
}

func TestWhatTheReceiversReturnedDecides(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	permanent, undecodable := core.Permanent(boom), core.Undecodable(boom)
	const accepted, gaveUp, failed, undecoded = reason.Accepted, reason.Permanent, reason.SignalFailed,
		reason.Undecodable
	for _, row := range []struct {
		name   string
		errs   []error
		reason reason.Reason
		again  bool // a resend runs
	}{
		{"what one receiver gives up is committed", []error{permanent}, gaveUp, false},
		{"what one receiver gives up and another does is committed", []error{permanent, nil}, gaveUp, false},
		{"what the only receiver cannot decode is left to a resend", []error{undecodable}, undecoded, true},
		{"what no receiver can decode is left to a resend", []error{undecodable, undecodable}, undecoded, true},
		{"one that ignores the event changes nothing about that", []error{core.Ignore, undecodable}, undecoded, true},
		{"what another receiver has done is committed", []error{nil, undecodable}, gaveUp, false},
		{"what another receiver does later is committed", []error{undecodable, nil}, gaveUp, false},
		{"giving up outweighs not decoding", []error{undecodable, permanent}, gaveUp, false},
		{"a retry outweighs not decoding", []error{undecodable, boom}, failed, true},
		{"a retry outweighs giving up", []error{permanent, boom, nil}, failed, true},
		{"a join is its worst", []error{errors.Join(core.Ignore, undecodable, permanent)}, gaveUp, false},
		{"a join with a retry is a retry", []error{fmt.Errorf("%w, %w", undecodable, boom)}, failed, true},
		{"a wrapped one counts", []error{fmt.Errorf("invoice: %w", undecodable)}, undecoded, true},
		{"giving up an ignored event is not ignoring it", []error{core.Permanent(core.Ignore)}, gaveUp, false},
		{"ignoring is not reported", []error{core.Ignore, nil}, accepted, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			g := mustNew(t, c)
			runs := 0
			s := returning(&runs, row.errs...)
			status := http.StatusOK
			if row.reason == failed {
				status = http.StatusInternalServerError
			}
			require.Equal(t, status, serve(g, s, signed(event)).Code)
			last := rec.last(t, g)
			require.Equal(t, row.reason, last.Reason)
			if row.reason == accepted {
				require.Empty(t, last.Failed)
				require.NoError(t, last.Err)
			} else {
				require.Len(t, last.Failed, 1)
				failed := last.Failed[0]
				require.Equal(t, "evt_1", failed.ID)
				require.Equal(t, "invoice.paid", failed.Type)
				require.Equal(t, last.Identity, failed.Identity)
				require.Equal(t, row.reason, failed.Reason)
				require.Error(t, failed.Err)
			}
			require.Equal(t, len(row.errs), runs)
			serve(g, s, signed(event))
			require.Equal(t, row.again, runs == 2*len(row.errs))
		})
	}
	require.NoError(t, core.Undecodable(nil))
}

func TestAReceiverThatDoesNotTakeAnEventCountsAsIfItWereNotRegistered(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, row := range []struct {
		name   string
		errs   []error
		reason reason.Reason
		again  bool // a resend runs
	}{
		{"nobody takes it", []error{core.Unhandled, core.Unhandled}, reason.Unhandled, true},
		{"another takes it", []error{core.Unhandled, nil, core.Unhandled}, reason.Accepted, false},
		{"another ignores it", []error{core.Ignore, core.Unhandled}, reason.Accepted, false},
		{"another fails", []error{core.Unhandled, boom}, reason.SignalFailed, true},
		{"another cannot decode it", []error{core.Undecodable(boom), core.Unhandled}, reason.Undecodable, true},
		{"wrapped it says that the event was looked at", []error{fmt.Errorf("no: %w", core.Unhandled)}, reason.Accepted,
			false},
	} {
		c, rec := config(timestamped())
		g := mustNew(t, c)
		runs, unhandled := 0, 0
		s := returning(&runs, row.errs...)
		s.OnUnhandled(func(context.Context, core.Event) { unhandled++ })
		serve(g, s, signed(event))
		require.Equal(t, row.reason, rec.last(t, g).Reason, row.name)
		require.Equal(t, len(row.errs), runs, row.name)
		require.Equal(t, row.reason == reason.Unhandled, unhandled == 1, row.name)
		serve(g, s, signed(event))
		require.Equal(t, row.again, runs == 2*len(row.errs), row.name)
	}
}

func TestANamedReceiverThatDoesNotTakeAnEventIsNotRememberedAsDone(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	c, rec := config(timestamped())
	g := mustNew(t, c)
	ran, takes, fails := "", core.Unhandled, boom
	s := core.NewSignals()
	s.Named("a").On("*", func(context.Context, core.Event) error { ran += "a"; return takes })
	s.Named("b").On("*", func(context.Context, core.Event) error { ran += "b"; return fails })
	serve(g, s, signed(event))
	takes, fails = nil, nil
	serve(g, s, signed(event))
	require.Equal(t, "abab", ran)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
}

// TestAPayloadThatCannotBeDecodedIsKeptForTheFix: five deliveries, five traces, and the resends run.
func TestAPayloadThatCannotBeDecodedIsKeptForTheFix(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	type before struct{ N int }
	type after struct{ N string }
	broken, fixed := core.NewSignals(), core.NewSignals()
	broken.On("*", core.Typed(func(context.Context, core.Event, before) error { return nil }))
	done := 0
	fixed.On("*", core.Typed(func(context.Context, core.Event, after) error { done++; return nil }))
	for i := range 5 {
		body := fmt.Sprintf(`{"id":"evt_%d","type":"invoice.paid","data":{"n":"text"}}`, i)
		require.Equal(t, http.StatusOK, serve(g, broken, signed(body)).Code)
		last := rec.last(t, g)
		require.Equal(t, reason.Undecodable, last.Reason)
		require.Equal(t, core.ReplayReleased, last.Replay)
		require.Len(t, last.Failed, 1)
		require.Equal(t, fmt.Sprintf("evt_%d", i), last.Failed[0].ID)
		var kind *json.UnmarshalTypeError
		require.ErrorAs(t, last.Failed[0].Err, &kind)
		require.Equal(t, http.StatusOK, serve(g, fixed, signed(body)).Code)
		require.Equal(t, i+1, done, "the resend runs")
	}
}

func TestNamedReceiversAndWhatTheyCannotDecode(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	c, rec := config(timestamped())
	g := mustNew(t, c)
	var ran []string
	results := map[string]error{}
	s := core.NewSignals()
	for _, name := range []string{"a", "b"} {
		s.Named(name).On("*", func(context.Context, core.Event) error { ran = append(ran, name); return results[name] })
	}
	send := func(a, b error) string {
		ran, results = nil, map[string]error{"a": a, "b": b}
		serve(g, s, signed(event))
		return strings.Join(ran, "")
	}
	require.Equal(t, "ab", send(core.Undecodable(boom), boom))
	require.Equal(t, "ab", send(core.Undecodable(boom), core.Ignore),
		"what could not be decoded is not remembered as done")
	require.Equal(t, reason.Undecodable, rec.last(t, g).Reason)
	require.Equal(t, "a", send(core.Undecodable(boom), nil), "what was ignored is")
	require.Equal(t, reason.Undecodable, rec.last(t, g).Reason)
	require.Equal(t, "a", send(nil, nil))
	require.Empty(t, send(nil, nil))
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
}

func TestATransactionIsNotCommittedForWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	store := &unitStore{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = store
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, signed(event), func(_ context.Context, e core.Event) error {
		begin(e.Context())
		return core.Undecodable(errors.New("no"))
	}).Code)
	require.Equal(t, "rollback", store.units[0].end)
	ran := false
	run(g, signed(event), func(context.Context, core.Event) error { ran = true; return nil })
	require.True(t, ran)
}

// TestEachEventOfABatchThatFailedIsReported: by its own id, type and identity, whatever became of the first one.
func TestEachEventOfABatchThatFailedIsReported(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	boom := errors.New("err of B")
	s := core.NewSignals()
	s.On("mail.*", func(_ context.Context, e core.Event) error {
		switch e.ID {
		case "B":
			return boom
		case "C":
			return errors.Join(errors.New("err of C"), errors.New("another"))
		case "D":
			return core.Permanent(errors.New("err of D"))
		case "E":
			return core.Undecodable(errors.New("err of E"))
		case "F":
			panic("err of F")
		case "G":
			require.NoError(t, core.Commit(e.Context()))
			return core.Undecodable(errors.New("err of G"))
		}
		return nil
	})
	var items []string
	for _, id := range strings.Split("A B C D E F G", " ") {
		items = append(items, fmt.Sprintf(`{"id":"%s","type":"mail.sent"}`, id))
	}
	items = append(items, `{"id":"H","type":"other"}`)
	body := "[" + strings.Join(items, ",") + "]"
	require.Equal(t, 500, serve(g, s, signedBody(body)).Code)
	last := rec.last(t, g)
	require.Equal(t, reason.SignalPanicked, last.Reason, "the worst one's")
	require.Equal(t, "B: err of B; C: err of C; another; D: err of D; E: err of E; F: the signal panicked: err of F; "+
		"G: err of G", last.Err.Error())
	require.ErrorIs(t, last.Err, boom)
	var got []string
	for _, f := range last.Failed {
		require.False(t, f.Identity.IsZero())
		got = append(got, f.ID+" "+f.Type+" "+string(f.Reason))
		require.Equal(t, f.ID == "F", len(f.Stack) > 0)
		require.Equal(t, f.ID != "H", f.Err != nil)
	}
	require.Equal(t, []string{
		"B mail.sent signal_failed", "C mail.sent signal_failed", "D mail.sent permanent", "E mail.sent undecodable",
		"F mail.sent signal_panicked", "G mail.sent permanent", "H other unhandled",
	}, got)

	var r ran
	require.Equal(t, 200, run(g, signedBody(body), r.failing()).Code)
	require.Equal(t, "B C E F H", r.take())
}

func TestABatchThatFailsAsAWholeLosesNoID(t *testing.T) {
	t.Parallel()
	ids := numbers(20_000)
	c, rec := config(batched())
	c.Limits.MaxBody = 2 << 20
	g := mustNew(t, c)
	require.Equal(t, 500,
		run(g, signedBody(list(ids...)), func(context.Context, core.Event) error { panic("boom") }).Code)
	last := rec.last(t, g)
	require.Len(t, last.Failed, len(ids))
	stacks := 0
	for i, f := range last.Failed {
		require.Equal(t, fmt.Sprint(i), f.ID)
		if len(f.Stack) > 0 {
			stacks++
		}
	}
	require.Equal(t, 16, stacks, "one stack says what a thousand do")
	require.Less(t, len(last.Err.Error()), 1000)
	require.Contains(t, last.Err.Error(), "; and 19990 more")
}

func TestABatchBehindAPlainHandlerIsReportedByEvent(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	d, reply := g.Receive(nil, signedBody(list(1, 2)), adapter.Inbound{})
	require.Nil(t, reply)
	boom := errors.New("boom")
	require.Nil(t, d.Finish(adapter.Outcome{Err: boom}))
	last := rec.last(t, g)
	require.Len(t, last.Failed, 2)
	require.Equal(t, "2", last.Failed[1].ID)
	require.Equal(t, boom, last.Failed[1].Err)
}

// TestAnOuterGuardDoesNotKeepAnEventFromItsResend: its identity is the whole batch's.
func TestAnOuterGuardDoesNotKeepAnEventFromItsResend(t *testing.T) {
	t.Parallel()
	outerConfig, _ := config(basicOnly())
	outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-password-of-sixteen-bytes")
	outer := mustNew(t, outerConfig)
	c, _ := config(batched())
	inner := mustNew(t, c)
	var r ran
	broken := map[string]error{"2": core.Undecodable(errors.New("no"))}
	send := func() {
		req := signedBody(list(1, 2))
		req.SetBasicAuth("user", "a-password-of-sixteen-bytes")
		httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(signal(func(_ context.Context, e core.Event) error {
			r.note(e)
			return broken[e.ID]
		}))).ServeHTTP(discarded{}, req)
	}
	send()
	require.Equal(t, "1 2", r.take())
	broken = nil
	send()
	require.Equal(t, "2", r.take())
}

// discarded is a response that nobody reads.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(b []byte) (int, error) { return len(b), nil }
func (discarded) WriteHeader(int)             {}

// TestAPanicKeepsTheAppsError: errors.As reaches it, for those who collect errors.
func TestAPanicKeepsTheAppsError(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	run(g, signed(event), func(context.Context, core.Event) error { panic(context.DeadlineExceeded) })
	require.ErrorIs(t, rec.last(t, g).Err, context.DeadlineExceeded)
}
