package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// batched sends lists of events, as SendGrid does.
func batched() entry.Entry {
	e := plain()
	e.Batch = &entry.Batch{}
	e.Identity = entry.Identity{Kind: entry.ByPointer, Pointer: "/id"}
	e.Event = entry.Event{ID: []entry.Value{{JSON: "/id"}}, Type: []entry.Value{{JSON: "/type"}}}
	return e
}

func signedBody(body string) *http.Request {
	return post(body, "X-Hub-Signature-256", "sha256="+mac(testSecret, body))
}

// list is a body of events with these ids.
func list(ids ...int) string {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = fmt.Sprintf(`{"id":"%d","type":"mail.sent"}`, id)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// ran collects the ids of the events that ran.
type ran struct {
	mu  sync.Mutex
	ids []string
}

func (r *ran) note(e core.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = append(r.ids, e.ID)
}

func (r *ran) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := strings.Join(r.ids, " ")
	r.ids = nil
	return ids
}

// failing fails for these ids.
func (r *ran) failing(ids ...string) core.Receiver {
	return func(_ context.Context, e core.Event) error {
		r.note(e)
		if slices.Contains(ids, e.ID) {
			return errors.New("event " + e.ID + " failed")
		}
		return nil
	}
}

func TestEachEventOfABatchIsRememberedByItself(t *testing.T) {
	t.Parallel()
	store := &brokenStore{Store: memstore.New()}
	c, rec := config(batched())
	c.Replay = store
	g := mustNew(t, c)
	var r ran
	w := run(g, signedBody(list(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), r.failing("7"))
	require.Equal(t, 500, w.Code, "the answer is the worst of the events")
	require.Equal(t, "1 2 3 4 5 6 7 8 9 10", r.take(), "8 to 10 run although 7 failed")
	last := rec.last(t, g)
	require.Equal(t, reason.SignalFailed, last.Reason)
	require.Equal(t, 10, last.Events)
	require.Equal(t, 1, last.Released)
	require.Equal(t, core.ReplayCommitted, last.Replay)
	require.EqualValues(t, 1, store.claims.Load(), "one round trip claims the batch")
	require.EqualValues(t, 1, store.settles.Load())

	w = run(g, signedBody(list(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), r.failing())
	require.Equal(t, 200, w.Code)
	require.Equal(t, "7", r.take(), "the retry runs what failed")
	require.Equal(t, 9, rec.last(t, g).Duplicates)

	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), never(t)).Code)
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)

	require.Equal(t, 200, run(g, signedBody(list(10, 11, 9)), r.failing()).Code)
	require.Equal(t, "11", r.take(), "a batch put together again runs what is new in it")
}

func TestABatchThatNeedsOrderStopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	c.Ordered = true
	g := mustNew(t, c)
	var r ran
	require.Equal(t, 500, run(g, signedBody(list(1, 2, 3, 4)), r.failing("2")).Code)
	require.Equal(t, "1 2", r.take())
	require.Equal(t, 3, rec.last(t, g).Released)
	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3, 4)), r.failing()).Code)
	require.Equal(t, "2 3 4", r.take())
}

func TestEventsInFlightElsewhereAreAskedForAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		ordered bool
		want    string
	}{
		{"and the others run", false, "1 3"},
		{"and those after them wait where order matters", true, "1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(batched())
			c.Ordered = row.ordered
			g := mustNew(t, c)
			var r ran
			run(g, signedBody(list(2)), func(context.Context, core.Event) error {
				w := run(g, signedBody(list(1, 2, 3)), r.failing())
				require.Equal(t, 503, w.Code)
				require.Equal(t, "10", w.Header().Get("Retry-After"))
				last := rec.last(t, g)
				require.Equal(t, reason.InFlight, last.Reason)
				require.Equal(t, 1, last.InFlight)
				require.Equal(t, 503, run(g, signedBody(list(2)), never(t)).Code)
				return nil
			})
			require.Equal(t, row.want, r.take())
			require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
		})
	}
}

func TestOddBatchesAreNeverLost(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, row := range []struct {
		name, body string
		want       []string // the events' payloads
	}{
		{"an empty batch is a success without a signal", `[]`, nil},
		{"an event that stands twice runs once", `[{"id":"1"},{"id":"1"}]`, []string{`{"id":"1"}`}},
		{"items that are byte-equal and have no id run once", `[{"a":1},{"a":1},{"a":2}]`,
			[]string{`{"a":1}`, `{"a":2}`}},
		{"items of another kind are events of unknown type", `[1, "x", null]`, []string{`1`, `"x"`, `null`}},
		{"an object where a list is usual is one event", `{"id":"1"}`, []string{`{"id":"1"}`}},
		{"what is no JSON is one event", `hello`, []string{`hello`}},
		{"a list that is cut short is one event", `[{"id":"1"},`, []string{`[{"id":"1"},`}},
		{"items nested deep", deep, []string{deep[1 : len(deep)-1]}},
		{"nothing is one event", ``, []string{``}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, rec := config(batched())
			g := mustNew(t, c)
			var got []string
			w := run(g, signedBody(row.body), func(_ context.Context, e core.Event) error {
				got = append(got, string(e.Payload))
				return nil
			})
			require.Equal(t, 200, w.Code)
			require.Equal(t, row.want, got)
			require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
			if len(row.want) > 0 {
				require.Equal(t, 200, run(g, signedBody(row.body), never(t)).Code)
				require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
			}
		})
	}
}

func TestABatchInsideAnObjectAndInAForm(t *testing.T) {
	t.Parallel()
	e := batched()
	e.Batch.Pointer = "/data/events"
	c, _ := config(e)
	var r ran
	require.Equal(t, 200, run(mustNew(t, c), signedBody(`{"data":{"events":`+list(1, 2)+`}}`), r.failing()).Code)
	require.Equal(t, "1 2", r.take())

	e = batched()
	e.Event.PayloadForm = "mandrill_events"
	c, _ = config(e)
	body := "x=1&mandrill_events=" + url.QueryEscape(list(3, 4))
	req := signedBody(body)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 200, run(mustNew(t, c), req, r.failing()).Code)
	require.Equal(t, "3 4", r.take())
}

func TestALargeBatchIsClaimedAndSettledAtOnce(t *testing.T) {
	t.Parallel()
	ids := numbers(10_000)
	store := &brokenStore{Store: memstore.New()}
	c, rec := config(batched())
	c.Replay, c.Limits.MaxBody = store, 1<<20
	g := mustNew(t, c)
	var r ran
	require.Equal(t, 500, run(g, signedBody(list(ids...)), r.failing("9998")).Code)
	require.Len(t, strings.Fields(r.take()), 10_000)
	require.EqualValues(t, 1, store.claims.Load())
	require.Equal(t, 10_000, rec.last(t, g).Events)
	require.Equal(t, 200, run(g, signedBody(list(ids...)), r.failing()).Code)
	require.Equal(t, "9998", r.take())
}

func TestMoreEventsThanAnyProviderSendsAreOneEvent(t *testing.T) {
	t.Parallel()
	body := "[" + strings.Repeat("1,", 20_000) + "1]"
	c, rec := config(batched())
	g := mustNew(t, c)
	calls := 0
	require.Equal(t, 200, run(g, signedBody(body), func(_ context.Context, e core.Event) error {
		calls++
		require.Len(t, e.Payload, len(body))
		return nil
	}).Code)
	require.Equal(t, 1, calls)
	require.Equal(t, 1, rec.last(t, g).Events)
}

func TestALongBatchIsPutIntoTheStoreOnTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brokenStore{Store: memstore.New()}
		c, _ := config(batched())
		c.Replay = store
		g := mustNew(t, c)
		require.Panics(t, func() {
			run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
				time.Sleep(time.Second)
				if e.ID == "3" {
					require.EqualValues(t, 2, store.settles.Load(), "a crash now does the first two not again")
					panic(http.ErrAbortHandler)
				}
				return nil
			})
		})
		var r ran
		require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
		require.Equal(t, "3", r.take())
	})
}

func TestAnEventThatTookTimeIsSettledBeforeTheNextBegins(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		took    time.Duration
		settled []int32 // before each event
	}{
		{"each by itself where they are slow", 20 * time.Millisecond, []int32{0, 1, 2, 3}},
		{"together where they are fast", 100 * time.Microsecond, []int32{0, 0, 0, 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &brokenStore{Store: memstore.New()}
				c, _ := config(batched())
				c.Replay = store
				g := mustNew(t, c)
				var before []int32
				w := run(g, signedBody(list(1, 2, 3, 4)), func(context.Context, core.Event) error {
					before = append(before, store.settles.Load())
					time.Sleep(row.took)
					return nil
				})
				require.Equal(t, 200, w.Code)
				require.Equal(t, row.settled, before)
			})
		})
	}
}

// Fast events wait for each other, but not for ever: a crash repeats no more of them than fit into a moment.
func TestFastEventsAreSettledTogetherFromTimeToTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brokenStore{Store: memstore.New()}
		c, _ := config(batched())
		c.Replay = store
		g := mustNew(t, c)
		ids := numbers(1000)
		w := run(g, signedBody(list(ids...)), func(context.Context, core.Event) error {
			time.Sleep(time.Millisecond)
			return nil
		})
		require.Equal(t, 200, w.Code)
		require.InDelta(t, 10, store.settles.Load(), 2, "every tenth of a second")
	})
}

func TestAPanicInABatchIsContained(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	var r ran
	w := run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
		r.note(e)
		if e.ID == "2" {
			panic("oops")
		}
		return nil
	})
	require.Equal(t, 500, w.Code)
	require.Equal(t, "1 2 3", r.take())
	require.Equal(t, reason.SignalPanicked, rec.last(t, g).Reason)
	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
	require.Equal(t, "2", r.take())
}

func TestAnEventOfABatchIsSettledByHandAlone(t *testing.T) {
	t.Parallel()
	c, _ := config(batched())
	g := mustNew(t, c)
	w := run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
		switch e.ID {
		case "1":
			require.NoError(t, core.Release(e.Context()))
		case "2":
			require.NoError(t, core.Commit(e.Context()))
			require.ErrorIs(t, core.Release(e.Context()), core.ErrSettled)
			return errors.New("and yet")
		}
		return nil
	})
	require.Equal(t, 500, w.Code)
	var r ran
	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
	require.Equal(t, "1", r.take())
}

func TestAnUnhandledEventOfABatchIsNotCommitted(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	body := `[{"id":"1","type":"a"},{"id":"2","type":"b"}]`
	s := core.NewSignals()
	s.On("a", ok)
	require.Equal(t, 200, serve(g, s, signedBody(body)).Code)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	var r ran
	require.Equal(t, 200, run(g, signedBody(body), r.failing()).Code)
	require.Equal(t, "2", r.take(), "once there is a receiver, a resend runs")
}

// TestAPlainHandlerNeverGetsABatchThatIsPartlyDone: it could only do the done part again.
func TestAPlainHandlerNeverGetsABatchThatIsPartlyDone(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	g := mustNew(t, c)
	plainly := func(body string, h http.HandlerFunc) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		httpwebhook.Verify(g)(h).ServeHTTP(w, signedBody(body))
		return w
	}
	w := plainly(list(1, 2), func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, list(1, 2), string(body))
		w.WriteHeader(201)
	})
	require.Equal(t, 201, w.Code, "a batch that is all new is one piece of work")

	w = plainly(list(1, 2), func(http.ResponseWriter, *http.Request) { t.Error("all of it is done") })
	require.Equal(t, 200, w.Code)

	w = plainly(list(2, 3), func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		require.ErrorIs(t, err, core.ErrBatchNeedsSignal)
		_, err = io.Copy(io.Discard, r.Body)
		require.ErrorIs(t, err, core.ErrBatchNeedsSignal)
		d, _ := core.FromContext(r.Context())
		require.True(t, d.NeedsSignals())
		require.Nil(t, d.Body())
		require.Len(t, d.Events(), 1)
		w.WriteHeader(200)
		_, err = io.WriteString(w, "all done")
		require.ErrorIs(t, err, core.ErrBatchNeedsSignal)
	})
	require.Equal(t, 500, w.Code, "a success would lose event 3")
	require.NotContains(t, w.Body.String(), "all done")
	require.ErrorIs(t, rec.last(t, g).Err, core.ErrBatchNeedsSignal)

	var r ran
	require.Equal(t, 200, run(g, signedBody(list(2, 3)), r.failing()).Code)
	require.Equal(t, "3", r.take())
}

func TestABatchInsideAnotherGuard(t *testing.T) {
	t.Parallel()
	outerConfig, _ := config(basicOnly())
	outerConfig.Endpoint, outerConfig.Secrets = "outer", secrets.Static("user:a-password-of-sixteen-bytes")
	outer := mustNew(t, outerConfig)
	c, _ := config(batched())
	inner := mustNew(t, c)
	send := func(ids string, first, second *core.Guard, fn core.Receiver) int {
		r := signedBody(ids)
		r.SetBasicAuth("user", "a-password-of-sixteen-bytes")
		w := httptest.NewRecorder()
		httpwebhook.Verify(first)(httpwebhook.Verify(second)(signal(fn))).ServeHTTP(w, r)
		return w.Code
	}
	var r ran
	require.Equal(t, 500, send(list(1, 2), outer, inner, r.failing("2")))
	require.Equal(t, 200, send(list(1, 2), outer, inner, r.failing()), "the outer guard has released the delivery")
	require.Equal(t, "1 2 2", r.take())
	require.Equal(t, 500, send(list(3), inner, outer, never(t)),
		"the events stand right behind the guard that splits them")
}

func TestAnEntryMayNotGiveABatchOneIdentity(t *testing.T) {
	t.Parallel()
	e := batched()
	e.Identity = entry.Identity{Kind: entry.BySignedID}
	c, _ := config(e)
	_, err := core.New(c)
	require.ErrorContains(t, err, "identity of the delivery")
}

// TestNamedReceiversAreCheckpointed: a retry runs the receivers that failed and those without a name.
func TestNamedReceiversAreCheckpointed(t *testing.T) {
	t.Parallel()
	store := &brokenStore{Store: memstore.New()}
	c, rec := config(timestamped())
	c.Replay = store
	g := mustNew(t, c)
	var log []string
	fail := map[string]bool{"mail": true}
	s := core.NewSignals()
	for _, name := range []string{"ledger", "mail", "search"} {
		s.Named(name).On("invoice.*", func(context.Context, core.Event) error {
			log = append(log, name)
			if fail[name] {
				return errors.New(name + " is down")
			}
			return nil
		})
	}
	s.On("*", func(context.Context, core.Event) error { log = append(log, "unnamed"); return nil })
	require.Equal(t, 500, serve(g, s, signed(event)).Code)
	require.Equal(t, []string{"ledger", "mail", "search", "unnamed"}, log)
	require.EqualValues(t, 2, store.claims.Load(), "one round trip for the events, one for the receivers")

	log, fail = nil, nil
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, []string{"mail", "unnamed"}, log)

	log = nil
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Empty(t, log)
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)

	// Forgetting the event makes all of it run again.
	require.NoError(t, g.Forget(t.Context(), rec.last(t, g).Identity))
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, []string{"ledger", "mail", "search", "unnamed"}, log)
}

func TestANamedReceiverIsRememberedBeforeTheNextOneRuns(t *testing.T) {
	t.Parallel()
	store := &brokenStore{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = store
	g := mustNew(t, c)
	first, crash := 0, true
	s := core.NewSignals()
	s.Named("first").On("*", func(context.Context, core.Event) error { first++; return nil })
	s.Named("second").On("*", func(context.Context, core.Event) error {
		if crash {
			require.EqualValues(t, 1, store.settles.Load(), "should the process die now")
			panic(http.ErrAbortHandler)
		}
		return nil
	})
	require.Panics(t, func() { serve(g, s, signed(event)) })
	crash = false
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, 1, first)
}

func TestAReceiverThatIsAloneNeedsNoMemoryOfItsOwn(t *testing.T) {
	t.Parallel()
	store := &brokenStore{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = store
	s := core.NewSignals()
	s.Named("alone").On("invoice.*", ok)
	s.Named("other").On("customer.*", ok)
	require.Equal(t, 200, serve(mustNew(t, c), s, signed(event)).Code)
	require.EqualValues(t, 1, store.claims.Load())
}

// TestANamedReceiverInFlightDoesNotRun: a holder that died a moment ago may have left its receivers' claims behind.
func TestANamedReceiverInFlightDoesNotRun(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	g := mustNew(t, c)
	ran, inner := 0, 0
	s := core.NewSignals()
	s.Named("slow").On("*", func(_ context.Context, e core.Event) error {
		if ran++; ran == 1 {
			// Of the event, not of its receivers.
			require.NoError(t, g.DangerouslyForgetInFlight(t.Context(), e.Identity))
			inner = serve(g, s, signed(event)).Code
		}
		return nil
	})
	s.Named("other").On("*", ok)
	serve(g, s, signed(event))
	require.Equal(t, 1, ran)
	require.Equal(t, 503, inner)
	_ = rec.last(t, g)
}

func TestTheWholeBatchIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(batched())
		g := mustNew(t, c)
		var r ran
		require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
			r.note(e)
			time.Sleep(2 * time.Minute)
			require.Equal(t, 503, run(g, signedBody(list(3)), never(t)).Code)
			return e.Context().Err()
		}).Code)
		require.Equal(t, "1 2 3", r.take())
	})
}

func TestAnAbortedRequestRunsNoMoreOfItsBatch(t *testing.T) {
	t.Parallel()
	c, _ := config(batched())
	g := mustNew(t, c)
	var r ran
	require.Panics(t, func() {
		run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
			r.note(e)
			if e.ID == "2" {
				panic(http.ErrAbortHandler)
			}
			return nil
		})
	})
	require.Equal(t, "1 2", r.take())
	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
	require.Equal(t, "2 3", r.take())
}

// unitStore is a store with transactions that note what became of them.
type unitStore struct {
	replay.Store
	mu    sync.Mutex
	units []*unitOfWork
	fail  error
	stuck error // what a rollback returns
}

type unitOfWork struct {
	store *unitStore
	held  []replay.Held
	ttl   time.Duration
	begun bool
	end   string
}

type unitKey struct{}

func (s *unitStore) Transaction(
	ctx context.Context, held []replay.Held, ttl time.Duration,
) (context.Context, replay.Transaction) {
	u := &unitOfWork{store: s, held: held, ttl: ttl}
	s.mu.Lock()
	s.units = append(s.units, u)
	s.mu.Unlock()
	return context.WithValue(ctx, unitKey{}, u), u
}

func begin(ctx context.Context) { ctx.Value(unitKey{}).(*unitOfWork).begun = true }

func (u *unitOfWork) Begun() bool { return u.begun }

func (u *unitOfWork) Commit(ctx context.Context) error {
	if u.store.fail != nil {
		return u.store.fail
	}
	settlements := make([]replay.Settlement, len(u.held))
	for i, h := range u.held {
		settlements[i] = replay.Settlement{Key: h.Key, Token: h.Token, Verdict: replay.Commit, TTL: u.ttl}
	}
	u.end += "commit"
	return u.store.Settle(ctx, settlements)
}

func (u *unitOfWork) Rollback() error { u.end += "rollback"; return u.store.stuck }

func TestAReceiverThatEndedItsTransactionAndFailedIsReported(t *testing.T) {
	t.Parallel()
	c, rec := config(batched())
	c.Replay = &unitStore{Store: memstore.New(), stuck: sqltx.ErrEnded}
	g := mustNew(t, c)
	failed := errors.New("failed")
	w := run(g, signedBody(list(1)), func(_ context.Context, e core.Event) error {
		begin(e.Context())
		return failed
	})
	require.Equal(t, 500, w.Code)
	require.ErrorIs(t, rec.last(t, g).Err, failed)
	require.ErrorIs(t, rec.last(t, g).Err, sqltx.ErrEnded)
}

func TestATransactionIsCommittedWithItsEvent(t *testing.T) {
	t.Parallel()
	store := &unitStore{Store: memstore.New()}
	c, rec := config(batched())
	c.Replay = store
	g := mustNew(t, c)
	w := run(g, signedBody(list(1, 2, 3)), func(_ context.Context, e core.Event) error {
		if e.ID == "3" {
			return nil // asks for none
		}
		begin(e.Context())
		require.ErrorIs(t, core.Commit(e.Context()), core.ErrTransaction)
		if e.ID == "2" {
			return errors.New("failed")
		}
		return nil
	})
	require.Equal(t, 500, w.Code)
	require.Len(t, store.units, 3)
	require.Equal(t, "commit", store.units[0].end)
	require.Equal(t, "rollback", store.units[1].end)
	require.Empty(t, store.units[2].end)
	var r ran
	require.Equal(t, 200, run(g, signedBody(list(1, 2, 3)), r.failing()).Code)
	require.Equal(t, "2", r.take())
	require.Equal(t, 2, rec.last(t, g).Duplicates)
}

func TestATransactionThatDoesNotCommitIsAFailedSignal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		err    error
		status int
		reason reason.Reason
	}{
		{"because the database refused", errors.New("serialization failure"), 500, reason.SignalFailed},
		{"because the claim was lost", &replay.LeaseLostError{}, 503, reason.InFlight},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := &unitStore{Store: memstore.New(), fail: row.err}
			c, rec := config(timestamped())
			c.Replay = store
			g := mustNew(t, c)
			w := run(g, signed(event), func(_ context.Context, e core.Event) error { begin(e.Context()); return nil })
			require.Equal(t, row.status, w.Code)
			require.Equal(t, "rollback", store.units[0].end)
			require.Equal(t, row.reason, rec.last(t, g).Reason)
			require.ErrorIs(t, rec.last(t, g).Err, row.err)
			store.fail = nil
			require.Equal(t, 200, run(g, signed(event), ok).Code, "nothing of it took effect, so the retry runs")
		})
	}
}

func TestANamedReceiverHasATransactionOfItsOwn(t *testing.T) {
	t.Parallel()
	store := &unitStore{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = store
	g := mustNew(t, c)
	fail := true
	runs := 0
	s := core.NewSignals()
	s.Named("ledger").On("*", func(_ context.Context, e core.Event) error { runs++; begin(e.Context()); return nil })
	s.Named("mail").On("*", func(_ context.Context, e core.Event) error {
		begin(e.Context())
		if fail {
			return errors.New("down")
		}
		return nil
	})
	require.Equal(t, 500, serve(g, s, signed(event)).Code)
	fail = false
	require.Equal(t, 200, serve(g, s, signed(event)).Code)
	require.Equal(t, 1, runs)
}

// numbers are the ids 0 to n-1.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
