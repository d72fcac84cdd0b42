package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// valueKey is the key of a value that a test puts into a context.
type valueKey struct{}

// lingeringStore goes on with a context after its call has returned, as a driver's goroutine may, and loses some
// leases.
type lingeringStore struct {
	replay.Store
	all *sync.WaitGroup
}

func (s *lingeringStore) linger(ctx context.Context) {
	s.all.Go(func() {
		time.Sleep(rand.N(2 * time.Millisecond))
		_, _, _ = ctx.Err(), ctx.Value(valueKey{}), context.Cause(ctx)
		child, end := context.WithTimeout(ctx, time.Millisecond)
		defer end()
		<-child.Done()
	})
}

func (s *lingeringStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.linger(ctx)
	return s.Store.Claim(ctx, items, lease)
}

func (s *lingeringStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	s.linger(ctx)
	return s.Store.Settle(ctx, settlements)
}

func (s *lingeringStore) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	if rand.IntN(2) == 0 {
		return &replay.LeaseLostError{Keys: []replay.Key{held[0].Key}}
	}
	return s.Store.Extend(ctx, held, lease)
}

// byHeader is an entry whose events are named by a header, so that the rest is read once somebody asks.
func byHeader() entry.Entry {
	e := plain()
	e.Event.Action, e.Event.Data = []entry.Value{{JSON: "/id"}}, "/data"
	return e
}

// What a guard works with is used again for the next request. An app may hold on to its delivery for longer: its
// goroutines and those of its store see nothing of another request, and what they do harms none.
func TestADeliveryStaysItsOwnAfterItsHandlerHasReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, deliverAndLinger)
}

func deliverAndLinger(t *testing.T) {
	var senders, all sync.WaitGroup
	all.Add(1) // until everything was reported
	guards := map[string]*core.Guard{}
	for name, e := range map[string]entry.Entry{"timestamped": timestamped(), "header": byHeader(), "batch": batched(),
		"unremembered": byHeader()} {
		c, _ := config(e)
		c.Endpoint, c.Observers = name, []core.Observer{keeper{&all}}
		c.Limits.Lease, c.Limits.SignalTimeout = time.Second, 2*time.Second
		c.Replay = &lingeringStore{memstore.New(), &all}
		if name == "unremembered" {
			c.Replay = core.DangerouslyNoReplay
		}
		guards[name] = mustNew(t, c)
	}
	signals := core.NewSignals()
	late := func(ctx context.Context, check func()) {
		all.Go(func() {
			time.Sleep(rand.N(3 * time.Millisecond))
			check()
			_ = []func(context.Context) error{core.Commit, core.Release}[rand.IntN(2)](ctx)
			<-ctx.Done()
			check()
		})
	}
	receiver := func(r *http.Request, e core.Event) error {
		id := r.Header.Get("X-Id")
		late(e.Context(), func() {
			if !strings.Contains(string(e.Payload), `"`+id) || !strings.Contains(string(e.Data), id) {
				t.Errorf("the event of %s is %s", id, e.Payload)
			}
		})
		time.Sleep([]time.Duration{0, 0, time.Millisecond, time.Second}[rand.IntN(4)])
		return []error{nil, nil, errors.New("it failed")}[rand.IntN(3)]
	}
	on(signals.Named("one"), "*", receiver)
	on(signals.Named("two"), "*", receiver)
	byPlain := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Id")
		d, _ := core.FromContext(r.Context())
		all.Go(func() {
			body, err := io.ReadAll(r.Body)
			if err != nil || !strings.Contains(string(body), `"`+id) {
				t.Errorf("the body of %s is %s, %v", id, body, err)
			}
			time.Sleep(rand.N(2 * time.Millisecond))
			for _, e := range d.Events() {
				if !strings.Contains(string(e.Data), id) {
					t.Errorf("an event of %s is %s", id, e.Data)
				}
			}
			_, _ = d.Credentials(), d.WouldRefuse()
		})
		if d.Endpoint() != "unremembered" {
			late(r.Context(), func() { _ = d.Body() })
		}
	})
	for worker := range 8 {
		senders.Go(func() {
			for n := range 60 {
				id := fmt.Sprintf("id-%d-%d-", worker, n)
				body := `{"id":"` + id + `","type":"a.b","data":{"n":"` + id + strings.Repeat("x", rand.IntN(2000)) +
					`"}}`
				name := []string{"timestamped", "header", "batch", "unremembered"}[rand.IntN(4)]
				if name == "batch" {
					body = "[" + body + "," + strings.Replace(body, id, id+"2", 2) + "]"
				}
				r := post(body, "X-Id", id, "X-Event", "a.b", "X-Hub-Signature-256", "sha256="+mac(testSecret, body),
					"Acme-Signature", pairs(testSecret, testTime, body))
				next := http.Handler(byPlain)
				if rand.IntN(2) == 0 || name == "batch" {
					next = httpwebhook.Dispatch(signals)
				}
				httpwebhook.Verify(guards[name])(next).ServeHTTP(discard{}, r)
			}
		})
	}
	senders.Wait()
	for _, g := range guards {
		require.NoError(t, g.Flush(t.Context()))
	}
	all.Done()
	all.Wait()
}

// keeper keeps records for longer than it may.
type keeper struct{ all *sync.WaitGroup }

func (k keeper) Observe(_ context.Context, r core.Record) {
	was := fmt.Sprintf("%+v", r)
	k.all.Go(func() {
		time.Sleep(time.Millisecond)
		if is := fmt.Sprintf("%+v", r); is != was {
			panic("a record changed: " + was + " became " + is)
		}
	})
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// rewriting is a writer that edits the values of headers where they stand, as reverse proxies' rules do.
type rewriting struct {
	http.ResponseWriter
	by string
}

func (w rewriting) WriteHeader(status int) {
	for _, values := range w.Header() {
		for i := range values {
			values[i] += w.by
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// What middleware before the guard keeps of a response, or writes into it, is that response's alone, whatever is
// refused after it and during it.
func TestARefusalIsOneResponsesAlone(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	h := httpwebhook.Verify(mustNew(t,
		c))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the app was called") }))
	text := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	with := func(name, value string) http.Header {
		header := text.Clone()
		header.Set(name, value)
		return header
	}
	all := []struct {
		status  int
		header  http.Header
		request func() *http.Request
	}{
		{http.StatusBadRequest, text, func() *http.Request { return post("a body") }},
		{http.StatusMethodNotAllowed, with("Allow", "POST"),
			func() *http.Request { return httptest.NewRequest(http.MethodPut, "https://example.com/", nil) }},
		{http.StatusRequestEntityTooLarge, with("Connection", "close"), func() *http.Request {
			r := post("a body")
			r.ContentLength = 1 << 40
			return r
		}},
		{http.StatusUnsupportedMediaType, text,
			func() *http.Request { return post("a body", "Content-Encoding", "gzip") }},
	}
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			by := strings.Repeat("!", worker)
			var kept []*httptest.ResponseRecorder
			for i := range 100 {
				w := httptest.NewRecorder()
				h.ServeHTTP(rewriting{w, by}, all[(i+worker)%len(all)].request())
				kept = append(kept, w)
			}
			for i, w := range kept {
				want := all[(i+worker)%len(all)]
				header := want.header.Clone()
				for name := range header {
					header[name][0] += by
				}
				if w.Code != want.status || !maps.EqualFunc(w.Header(), header, slices.Equal) ||
					w.Body.String() != http.StatusText(want.status)+"\n" {
					t.Errorf("answer %d became %d %v %q", i, w.Code, w.Header(), w.Body)
					return
				}
			}
		})
	}
	work.Wait()
}
