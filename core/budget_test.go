package core_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// sharing makes guards that share a budget.
func sharing(t *testing.T, b *core.Budget, names ...string) (all []*core.Guard) {
	t.Helper()
	for _, name := range names {
		c, _ := config(timestamped())
		c.Endpoint, c.Budget = name, b
		all = append(all, mustNew(t, c))
	}
	return all
}

// slowBodies are bodies that arrive when the test ends them.
type slowBodies struct {
	gone    chan struct{}
	answers chan int
	n       int
}

func newSlowBodies() *slowBodies { return &slowBodies{make(chan struct{}), make(chan int, 1000), 0} }

// begin sends a delivery of so many bytes whose last ones do not arrive. Where stuck, nothing can wake its reader.
func (s *slowBodies) begin(g *core.Guard, size int, stuck bool) {
	s.n++
	body := fmt.Sprintf(`{"id":"slow_%d","pad":"%s"}`, s.n, strings.Repeat("x", size))
	r := signed(body)
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(body[:size]), &slowly{gone: s.gone, rest: strings.NewReader(body[size:])}),
		r.Body}
	w := httptest.NewRecorder()
	var writer http.ResponseWriter = deadlined{w}
	if stuck {
		writer = w
	}
	go func() {
		httpwebhook.Verify(g)(signal(ok)).ServeHTTP(writer, r)
		s.answers <- w.Code
	}()
	synctest.Wait()
}

// end lets all of them arrive, and returns how often each status was answered.
func (s *slowBodies) end() map[int]int {
	close(s.gone)
	got := map[int]int{}
	for range s.n {
		got[<-s.answers]++
	}
	return got
}

// TestAFloodedEndpointStarvesNoOther: one endpoint holds all that it can get, with bodies that nothing ends. Each of
// the others still has its part, and no more.
func TestAFloodedEndpointStarvesNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := sharing(t, core.Room(32), "flooded", "b", "c", "d")
		slow := newSlowBodies()
		for range 100 {
			slow.begin(all[0], 0, true)
		}
		require.EqualValues(t, 16+4, all[0].OpenBodies(), "what is common, and its own part")
		for _, g := range all[1:] {
			for range 5 {
				slow.begin(g, 0, true)
			}
			require.EqualValues(t, 4, g.OpenBodies(), "its part")
		}
		require.Equal(t, map[int]int{200: 32, 503: 83}, slow.end())
		for _, g := range all {
			require.Zero(t, g.OpenBodies())
			require.NoError(t, g.Shutdown(t.Context()))
		}
	})
}

// TestSlowBodiesOfAFloodedEndpointMakeWayForOthers: an endpoint that needs more than its part gets it at the cost of
// the one that holds the most.
func TestSlowBodiesOfAFloodedEndpointMakeWayForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := sharing(t, core.Room(32), "flooded", "b")
		flooded, genuine := newSlowBodies(), newSlowBodies()
		for range 24 {
			flooded.begin(all[0], 0, false)
		}
		for range 8 {
			genuine.begin(all[1], 0, false)
		}
		require.Equal(t, 503, run(all[1], signed(event), never(t)).Code, "nothing is slow yet")
		time.Sleep(2 * time.Second)
		for range 4 {
			genuine.begin(all[1], 0, false)
		}
		require.Equal(t, map[int]int{200: 12}, genuine.end())
		require.Equal(t, map[int]int{200: 20, 503: 4}, flooded.end())
		for _, g := range all {
			require.Zero(t, g.OpenBodies())
			require.NoError(t, g.Shutdown(t.Context()))
		}
	})
}

// waking is a writer whose deadline wakes the reader of the body.
type waking struct {
	*httptest.ResponseRecorder
	woken chan struct{}
	once  sync.Once
}

func (w *waking) SetReadDeadline(at time.Time) error {
	if at.Equal(time.Unix(1, 0)) {
		w.once.Do(func() { close(w.woken) })
	}
	return nil
}

// TestSlowBodiesCountAsFailures: one source keeps the room full of bodies that never end, and replaces those that make
// way.
func TestSlowBodiesCountAsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := config(timestamped())
		c.Budget, c.RateLimit = core.Room(64), core.RateLimit{FailuresPerSecond: 1, FailureBurst: 100}
		g := mustNew(t, c)
		var wg sync.WaitGroup
		var all []*waking
		fill := func() {
			for range 64 {
				w := &waking{ResponseRecorder: httptest.NewRecorder(), woken: make(chan struct{})}
				all = append(all, w)
				r := from(signed(event), "203.0.113.1")
				r.Body = &slowly{gone: w.woken, rest: strings.NewReader(""), err: os.ErrDeadlineExceeded}
				wg.Go(func() { httpwebhook.Verify(g)(signal(ok)).ServeHTTP(w, r) })
				synctest.Wait()
			}
		}
		for range 20 {
			fill()
			time.Sleep(1100 * time.Millisecond)
		}
		fill()
		for n := range 32 {
			assert.Equal(t, 200, run(g, from(signed(event1(n)), "198.51.100.1"), ok).Code)
		}
		for _, w := range all {
			w.once.Do(func() { close(w.woken) })
		}
		wg.Wait()
		require.NoError(t, g.Shutdown(t.Context()))
	})
}

// TestOneBodyIsLargerThanTheRoom: an endpoint's largest delivery passes where it is alone there, whatever other
// endpoints read; two of them do not pass at a time, unless the first is slow.
func TestOneBodyIsLargerThanTheRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := sharing(t, core.Room(8), "a", "b", "c")
		slow, large := newSlowBodies(), `{"id":"large","pad":"`+strings.Repeat("x", 700<<10)+`"}`
		slow.begin(all[0], 0, true)
		slow.begin(all[1], 600<<10, false)
		require.Greater(t, all[1].OpenBodies(), int64(8))
		require.Equal(t, 503, run(all[2], signed(large), never(t)).Code)
		require.Equal(t, 200, run(all[2], signed(event), ok).Code, "a small one has its part")
		time.Sleep(2 * time.Second)
		require.Equal(t, 200, run(all[2], signed(large), ok).Code, "the slow one makes way")
		require.Equal(t, map[int]int{200: 1, 503: 1}, slow.end())
		require.Equal(t, 200, run(all[1], signed(large), ok).Code)
		for _, g := range all {
			require.Zero(t, g.OpenBodies())
			require.NoError(t, g.Shutdown(t.Context()))
		}
	})
}

// TestAHundredEndpointsHoldNoMoreThanOne: each is flooded, and the budget holds for all of them together.
func TestAHundredEndpointsHoldNoMoreThanOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint("endpoint-", i))
		}
		all := sharing(t, core.Room(400), names...)
		slow := newSlowBodies()
		held := func() (sum int64) {
			for _, g := range all {
				sum += g.OpenBodies()
			}
			return sum
		}
		for range 5 {
			for _, g := range all {
				slow.begin(g, 0, true)
			}
		}
		require.EqualValues(t, 400, held())
		require.Equal(t, map[int]int{200: 400, 503: 100}, slow.end())
		for _, g := range all {
			require.NoError(t, g.Shutdown(t.Context()))
		}
	})
}

func TestGuardsReturnTheirPartOfABudget(t *testing.T) {
	t.Parallel()
	b := core.Room(32)
	all := sharing(t, b, "a", "b")
	require.Equal(t, 2, b.Guards())
	require.NoError(t, all[0].Shutdown(t.Context()))
	require.NoError(t, all[0].Shutdown(t.Context()), "twice")
	require.Equal(t, 1, b.Guards())
	require.Equal(t, 200, run(all[0], signed(event), ok).Code, "it goes on, in what is common")
	require.Equal(t, 1, b.Guards())
	all = nil
	require.Eventually(t, func() bool { runtime.GC(); return b.Guards() == 0 }, 10*time.Second, time.Millisecond,
		"a guard that is dropped without Close")
	runtime.KeepAlive(all)
}

func TestGuardsWithoutABudgetShareTheProcessOwn(t *testing.T) {
	t.Parallel()
	one, other := sharing(t, nil, "a", "b"), sharing(t, core.NewBudget(), "c")
	require.Same(t, one[0].Budget(), one[1].Budget())
	require.NotSame(t, one[0].Budget(), other[0].Budget())
	c, _ := config(timestamped())
	c.Budget = &core.Budget{}
	_, err := core.New(c)
	require.ErrorContains(t, err, "core.NewBudget")
	for _, bytes := range []int64{-1, 0, 1000, 1 << 40} {
		c.Budget = core.NewBudget().WithBodies(bytes)
		_, err = core.New(c)
		require.ErrorContains(t, err, "room for bodies")
	}
}

// TestDiagnosisHasABudgetOfTheProcess: 50 endpoints get 20 forgeries a second each for a minute, and each explanation
// takes 5 ms by the clock.
func TestDiagnosisHasABudgetOfTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const takes = 5 * time.Millisecond
		b := core.NewBudget()
		b.TimeDiagnosis(takes)
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprint("endpoint-", i))
		}
		all := make([]*core.Guard, len(names))
		seen := make([]*records, len(names))
		for i, name := range names {
			c, rec := config(timestamped())
			c.Endpoint, c.Budget = name, b
			all[i], seen[i] = mustNew(t, c), rec
		}
		for range 60 {
			for range 20 {
				for _, g := range all {
					run(g, forgery(), never(t))
				}
			}
			for _, g := range all {
				require.NoError(t, g.Flush(t.Context()))
			}
			time.Sleep(time.Second)
		}
		explained := 0
		for i := range all {
			own := 0
			for _, rec := range seen[i].seen() {
				if len(rec.Findings) > 0 {
					own++
				}
			}
			require.Positive(t, own, "no endpoint is left without any")
			explained += own
			require.NoError(t, all[i].Shutdown(t.Context()))
		}
		took := time.Duration(explained) * takes
		require.LessOrEqual(t, took, 61*50*time.Millisecond+50*takes, "50 ms a second, and one for each at once")
		require.Greater(t, took, time.Second, "and it is used")
	})
}
