package core_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
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
	// Goroutines that outlive their handlers go on reading what they were given, while the guard reads other bodies
	// into its buffers.
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
				if err != nil || string(mine) != want || string(payload) != want || string(read) != want ||
					string(d.Body()) != want {
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

// named is an entry whose events are named by headers, and described in the body.
func named() entry.Entry {
	e := plain()
	e.Event = entry.Event{
		ID: []entry.Value{{Header: "X-Delivery"}}, Type: []entry.Value{{Header: "X-Event"}},
		Tenant: []entry.Value{{Header: "X-Shop"}},
		Action: []entry.Value{{JSON: "/action"}}, Time: []entry.Value{{JSON: "/at"}},
		Attempt: []entry.Value{{JSON: "/n"}},
		Data:    "/object", PayloadForm: "payload",
	}
	return e
}

// ruled is an entry whose events are described in the body, where rules for equal bodies look at other members.
func ruled() entry.Entry {
	e := named()
	has := func(pointers ...string) entry.Members { return entry.Members{Has: pointers} }
	e.Identity.Apart = []entry.Apart{{When: []entry.Members{
		has("/at", "/list/0"), has("/member"), {Has: []string{"/label"}, Lacks: []string{"/issue", "/object"}},
		{Has: []string{"/action", "/sender"}, Nowhere: []string{"organization"}},
	}, Headers: []string{"X-Id"}}}
	return e
}

// readAtOnce adds a place that is read before the app has the request, in which nothing stands.
func readAtOnce(e entry.Entry) entry.Entry {
	e.Event.Action = append(slices.Clone(e.Event.Action), entry.Value{Query: "none"})
	return e
}

// What is read of a body once somebody asks is what is read of it at once where something else needs it.
func TestDetailsReadLaterAreThoseReadAtOnce(t *testing.T) {
	t.Parallel()
	atOnce := readAtOnce(named())
	const object = `{"action":"opened","at":1767225600,"n":2,"object":{"a":[1]}}`
	for _, row := range []struct{ name, contentType, body, action string }{
		{"an object", "application/json", object, "opened"},
		{"a form that carries it", "application/x-www-form-urlencoded", "x=1&payload=" +
			"%7B%22action%22%3A%22opened%22%2C%22object%22%3A%7B%7D%7D", "opened"},
		{"a form that carries it twice", "application/x-www-form-urlencoded", "payload=%7B%7D&payload=%7B%7D", ""},
		{"no JSON", "application/json", "{", ""},
		{"something after it", "application/json", object + "x", ""},
		{"nothing", "application/json", "", ""},
	} {
		for _, store := range []func() replay.Store{func() replay.Store { return core.DangerouslyNoReplay },
			func() replay.Store { return memstore.New() }} {
			var events []core.Event
			for _, e := range []entry.Entry{atOnce, named()} {
				c, rec := config(e)
				c.Replay = store()
				g := mustNew(t, c)
				r := post(row.body, "Content-Type", row.contentType, "X-Delivery", "d-1", "X-Event", "issues", "X-Shop",
					"a.example",
					"X-Hub-Signature-256", "sha256="+mac(testSecret, row.body))
				httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					d, _ := core.FromContext(r.Context())
					r.Header.Set("Content-Type", "text/plain") // the app may do as it likes with its request
					r.Header.Set("X-Event", "another")
					var all sync.WaitGroup
					for range 4 {
						all.Go(func() { d.Events() })
					}
					all.Wait()
					events = append(events, d.Events()...)
				})).ServeHTTP(httptest.NewRecorder(), r)
				require.Equal(t, []string{"d-1", "issues"}, []string{rec.last(t, g).ID, rec.last(t, g).Type}, row.name)
			}
			require.Len(t, events, 2, row.name)
			require.Equal(t, events[0], events[1], row.name)
			require.Equal(t, row.action, events[1].Action, row.name)
			require.Equal(t, []string{"d-1", "issues", "a.example"},
				[]string{events[1].ID, events[1].Type, events[1].Tenant}, row.name)
		}
	}
	c, _ := config(named())
	c.Replay = core.DangerouslyNoReplay
	var e core.Event
	run(mustNew(t, c), post(object, "X-Event", "issues", "X-Hub-Signature-256", "sha256="+mac(testSecret, object)),
		func(_ context.Context, told core.Event) error {
			e = told
			return nil
		})
	require.Equal(t, []any{"opened", 2, `{"a":[1]}`, time.Unix(1767225600, 0).UTC()},
		[]any{e.Action, e.Attempt, string(e.Data), e.Time})
	require.Equal(t, core.Authenticated{Time: true}, e.Authenticated, "no signature covers the headers")
}

func TestWhatIsReadLaterOfAnUnprovedDeliveryIsNotAuthenticated(t *testing.T) {
	t.Parallel()
	c, _ := config(named())
	c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
	body := `{"action":"opened","at":1767225600}`
	var e core.Event
	run(mustNew(t, c), post(body, "X-Event", "issues", "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64)),
		func(_ context.Context, told core.Event) error {
			e = told
			return nil
		})
	require.True(t, e.Unproved)
	require.Equal(t, "opened", e.Action)
	require.Equal(t, core.Authenticated{}, e.Authenticated)
}

// What reads details later works in the place of another that did; nothing of one delivery shows in the next.
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

// nameOf is what a record says of its first event.
type nameOf struct {
	id, kind string
	identity core.Identity
}

// spoil changes what an app may change of its request.
func spoil(r *http.Request) {
	clear(r.Header)
	r.Header.Set("X-Event", "what the app makes of it")
	r.URL.Path, r.URL.RawQuery = "/another", "x=1"
}

// An event whose names stand in the body is read where somebody asks: with the names and the identity that it would
// have had, whatever the app has done to its request since.
func TestAnEventIsTheSameWheneverItIsRead(t *testing.T) {
	t.Parallel()
	fallback := detailed()
	fallback.Event.ID = []entry.Value{{Header: "X-Id"}, {JSON: "/id"}}
	joined := plain()
	joined.Event = entry.Event{Type: []entry.Value{{JSON: "/type"}}}
	tenant := plain()
	tenant.Event = entry.Event{Tenant: []entry.Value{{JSON: "/account/id"}}, Type: []entry.Value{{Header: "X-Event"}}}
	apart := plain()
	apart.Identity.Apart = []entry.Apart{{When: []entry.Members{{Has: []string{"/at"}}}, Headers: []string{"X-Id"}}}
	for name, e := range map[string]entry.Entry{
		"in the body": detailed(), "in either": fallback, "an id that is signed": identified(), "by headers": named(),
		"by its digest": joined, "with a tenant": tenant, "apart": apart, "apart and described": ruled(),
	} {
		for _, body := range []string{`{` + members + `}`, `{"type":"a"}`, `{` + members, "", "a=1&b=2",
			"{" + members + ",\"action\":\"a\",\"sender\":1,\"label\":\"\x01\"}"} {
			request := func() *http.Request {
				r := signedFor(e.Name, body)
				r.Header.Set("X-Event", "push")
				r.Header.Set("X-Id", "id-1")
				r.Header.Set("X-Delivery", "d-1")
				return r
			}
			of := func(e entry.Entry, store replay.Store, ask bool) (core.Event, nameOf) {
				var got core.Event
				c, rec := config(e)
				c.Replay = store
				g := mustNew(t, c)
				w := httptest.NewRecorder()
				httpwebhook.Verify(g)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					d, _ := core.FromContext(r.Context())
					spoil(r)
					if ask {
						got = d.Events()[0]
					}
				})).ServeHTTP(w, request())
				require.Equal(t, http.StatusOK, w.Code, name)
				last := rec.last(t, g)
				return got, nameOf{last.ID, last.Type, last.Identity}
			}
			want, names := of(readAtOnce(e), memstore.New(), true)
			require.Equal(t, nameOf{want.ID, want.Type, want.Identity}, names, name)
			for _, store := range []replay.Store{memstore.New(), core.DangerouslyNoReplay} {
				got, named := of(e, store, true)
				require.Equal(t, want, got, "%s: %s", name, body)
				require.Equal(t, names, named, "%s: %s", name, body)
			}
			_, seen := of(e, memstore.New(), false)
			require.Equal(t, names, seen, "%s: %s", name, body)
			_, seen = of(e, core.DangerouslyNoReplay, false)
			if seen.identity.IsZero() { // a hash of the body that nobody has asked for
				seen.identity = names.identity
			}
			require.Equal(t, names, seen, "%s: %s", name, body)
		}
	}
}

// picky is an observer that says what it needs.
type picky struct {
	records
	names bool
}

func (p *picky) NeedsNames() bool { return p.names }

func TestAnObserverGetsTheNamesThatItNeeds(t *testing.T) {
	t.Parallel()
	with, without := &picky{names: true}, &picky{}
	c, all := config(timestamped())
	c.Replay, c.Observers = core.DangerouslyNoReplay, []core.Observer{without, all, with}
	g := mustNew(t, c)
	h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	for _, r := range []*http.Request{signed(event), signed(event)} {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, o := range []*records{all, &with.records} {
		last := o.last(t, g)
		require.Equal(t, []string{"evt_1", "invoice.paid"}, []string{last.ID, last.Type})
		require.False(t, last.Identity.IsZero())
	}
	last := without.last(t, g)
	require.Equal(t, nameOf{}, nameOf{last.ID, last.Type, last.Identity}, "nothing has read the body")
	require.Equal(t, reason.Accepted, last.Reason)
	require.Len(t, without.seen(), 2)

	// What has failed is named for everybody, and so is what was read for somebody else.
	run(g, signed(event), func(context.Context, core.Event) error { return core.Unhandled })
	require.Equal(t, "evt_1", without.last(t, g).ID)
	h = httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	h.ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, "invoice.paid", without.last(t, g).Failed[0].Type)
}

// heldUp is an observer that waits while the lock is held.
func heldUp(slow *sync.Mutex, seen core.Observer) core.Observer {
	return core.ObserverFunc(func(ctx context.Context, r core.Record) {
		slow.Lock()
		defer slow.Unlock()
		seen.Observe(ctx, r)
	})
}

// Bodies wait in the queue of an observer that is slow. They are bounded, and what does not wait is read at once: the
// observer gets every name.
func TestBodiesThatWaitForAnObserverAreBounded(t *testing.T) {
	t.Parallel()
	var slow sync.Mutex
	slow.Lock()
	seen := &records{}
	c, _ := config(timestamped())
	c.Replay = core.DangerouslyNoReplay
	c.Observers = []core.Observer{heldUp(&slow, seen)}
	g := mustNew(t, c)
	h := httpwebhook.Verify(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	body := `{"id":"evt_1","type":"a.b","x":"` + strings.Repeat("x", 900<<10) + `"}`
	for n := range 10 {
		h.ServeHTTP(httptest.NewRecorder(), signed(body))
		require.LessOrEqual(t, g.UnreadBytes(), int64(4<<20))
		if n == 3 { // each with its handle, and headers of a few hundred bytes
			require.InDelta(t, 3*(len(body)+2<<10), g.UnreadBytes(), 3<<10, "the first is named by the log")
		}
	}
	slow.Unlock()
	require.NoError(t, g.Flush(t.Context()))
	require.Zero(t, g.UnreadBytes())
	require.Len(t, seen.seen(), 10)
	for _, r := range seen.seen() {
		require.Equal(t, []string{"evt_1", "a.b"}, []string{r.ID, r.Type})
	}
}
