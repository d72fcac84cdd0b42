package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// curve is how a cost grows. Its shape is checked: from the first to the last point the cost may grow by so much as the
// expected power of x does, and the tolerance.
type curve struct {
	file, title, x, y string
	power             float64 // of x that y is expected to follow at the end: 0 flat, 1 linear
	tolerance         float64
	points            []point
	step              int    // the first point behind a step, where one is expected; it is flat on both its sides
	note              string // printed below the points
}

// coldMemory is the tolerance where each delivery meets memory that no cache holds, and that a collection may just have
// gone through: a machine's other work weighs most there. What grows with the number grows a hundred times.
const coldMemory = 20

type point struct{ x, y float64 }

// check compares the growth over the last part of the curve, where fixed costs no longer hide it.
func (c *curve) check() error {
	if c.step > 0 {
		before, after := *c, *c
		before.points, before.step = c.points[:c.step], 0
		after.points, after.step = c.points[c.step:], 0
		return errors.Join(before.check(), after.check())
	}
	last, from := c.points[len(c.points)-1], c.points[0]
	if c.power > 0 && len(c.points) > 2 {
		from = c.points[len(c.points)/2]
	}
	grew, expected := last.y/from.y, math.Pow(last.x/from.x, c.power)
	if grew > expected*c.tolerance {
		return fmt.Errorf("%s: from %g to %g it grew %.2f times, and %.2f were expected", c.title, from.x, last.x, grew,
			expected)
	}
	return nil
}

func (c *curve) shape() string {
	if c.power == 0 {
		return "flat"
	}
	return "linear"
}

func benchGrowth(s settings, w io.Writer, docs string) error {
	fmt.Fprint(w, "## Growth\n\nEach shape is checked when this page is written.\n\n")
	var bad []error
	one := func(measure func(settings) curve) func(settings) []curve {
		return func(s settings) []curve { return []curve{measure(s)} }
	}
	for _, measure := range []func(settings) []curve{one(growthBody), one(growthSecrets), one(growthSignatures),
		one(growthBatch), one(growthIdentities), one(growthEndpoints), one(growthTenants), growthJournal,
		one(growthCallers)} {
		start := time.Now()
		curves := measure(s)
		for i := range curves {
			bad = append(bad, curves[i].check())
			curves[i].print(w, docs)
		}
		fmt.Fprintln(os.Stderr, " ", curves[0].title, "took", time.Since(start).Round(time.Second))
	}
	return errors.Join(bad...)
}

func (c *curve) print(w io.Writer, docs string) {
	fmt.Fprintf(w, "### %s\n\n", c.title)
	if docs != "" {
		name := c.file + ".svg"
		write(docs, map[string]string{"performance/" + name: c.svg()})
		fmt.Fprintf(w, "![%s](%s)\n\n", c.title, name)
	}
	fmt.Fprintf(w, "Expected: %s.\n\n| %s | %s |\n|---:|---:|\n", c.shape(), c.x, c.y)
	for _, p := range c.points {
		fmt.Fprintf(w, "| %s | %.4g |\n", count(p.x), p.y)
	}
	fmt.Fprintln(w)
	if c.note != "" {
		fmt.Fprintf(w, "%s\n\n", c.note)
	}
}

func count(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// cost is the best of the rounds of one thing.
func (s settings) cost(run func()) float64 {
	return s.measure([]subject{{name: "", run: run}})[0].best
}

func receiver(g *core.Guard, r *request) func() {
	return func() {
		d, reply := g.Receive(nil, r.rewind(), adapter.Inbound{})
		if reply != nil {
			panic(fmt.Sprint("status ", reply.Status))
		}
		d.Finish(adapter.Outcome{})
	}
}

func growthBody(s settings) curve {
	c := curve{file: "body", title: "Body size (Stripe)", x: "bytes", y: "µs", power: 1, tolerance: 1.6}
	g := newGuard(provider.Stripe(), stripeSecret)
	for _, size := range []int{256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 25 << 20} {
		c.points = append(c.points,
			point{float64(size), s.cost(receiver(g,
				newRequest(provider.Stripe(), stripeSecret, jsonBody(size)))) / 1e3})
	}
	return c
}

func growthSecrets(s settings) curve {
	c := curve{file: "secrets", title: "Number of secrets, a forgery, which none of them made (GitHub, 1 KiB)",
		x: "secrets", y: "µs", power: 1, tolerance: 1.3}
	_, bad := pair(1 << 10)
	for _, n := range []int{1, 2, 4, 8, 16, 32} {
		secrets := make([]string, n)
		for i := range secrets {
			secrets[i] = plainSecret + strconv.Itoa(i)
		}
		g := newGuard(provider.GitHub(), secrets...)
		c.points = append(c.points, point{float64(n), s.cost(func() {
			if d, _ := g.Receive(nil, bad.rewind(), adapter.Inbound{}); d != nil {
				panic("accepted")
			}
		}) / 1e3})
	}
	return c
}

func growthSignatures(s settings) curve {
	c := curve{file: "signatures", title: "Signatures in the header, the right one last (Stripe, 1 KiB)",
		x: "signatures", y: "µs", power: 1, tolerance: 1.3}
	g := newGuard(provider.Stripe(), stripeSecret)
	for _, n := range []int{1, 2, 4, 8, 16} {
		r := newRequest(provider.Stripe(), stripeSecret, jsonBody(1<<10))
		header := r.Header.Get("Stripe-Signature")
		r.Header.Set("Stripe-Signature",
			strings.Replace(header, ",v1=", strings.Repeat(",v1="+strings.Repeat("0", 64), n-1)+",v1=", 1))
		c.points = append(c.points, point{float64(n), s.cost(receiver(g, r)) / 1e3})
	}
	return c
}

// growthBatch runs each event of a batch.
func growthBatch(s settings) curve {
	c := curve{file: "batch", title: "Events in a batch, each claimed, run and committed (SendGrid)", x: "events",
		y: "µs", power: 1, tolerance: 1.6}
	public, private := webhooktest.KeyPair(provider.SendGrid())
	store := memstore.New()
	g, err := core.New(core.Config{
		Endpoint: "bench", Provider: provider.SendGrid(), Secrets: secrets.Static(public), Replay: store,
		Logger:               quiet(),
		DangerouslyAllowHTTP: true,
		Limits:               core.Limits{MaxBody: 64 << 20}, Observers: noObserver(),
		StoreFailure: core.RefuseDelivery,
	})
	must(err)
	var ran []core.Identity
	h := httpwebhook.Verify(g)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		ran = append(ran, e.Identity)
		return nil
	}))
	for _, n := range []int{1, 10, 100, 1000, 10000} {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(`{"email":"a@example.com","event":"delivered","sg_event_id":"event-%d",`+
				`"timestamp":1767225600}`, i)
		}
		r := newRequest(provider.SendGrid(), private, []byte("["+strings.Join(items, ",")+"]"))
		c.points = append(c.points, point{float64(n), s.cost(func() {
			ran = ran[:0]
			out := sink{header: http.Header{}}
			if h.ServeHTTP(&out, r.rewind()); out.status != http.StatusOK || len(ran) != n {
				panic(fmt.Sprint("status ", out.status, ", ran ", len(ran)))
			}
			forget(store, ran...)
		}) / 1e3})
	}
	return c
}

// growthIdentities claims and commits one more key among so many live ones.
func growthIdentities(settings) curve {
	c := curve{file: "identities", title: "Live identities in memstore: claim and commit of one more", x: "identities",
		y: "ns", power: 0, tolerance: 8}
	ctx := context.Background()
	store := memstore.NewWithConfig(memstore.Config{Capacity: 1 << 24})
	next := 0
	add := func(n int) float64 {
		start := time.Now()
		for range n {
			key := replay.Key(sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(next)))) // it counts up
			next++
			results, err := store.Claim(ctx, []replay.Item{{Key: key}}, time.Minute)
			must(err)
			must(store.Settle(ctx,
				[]replay.Settlement{{Key: key, Token: results[0].Token, Verdict: replay.Commit, TTL: time.Hour}}))
		}
		return float64(time.Since(start)) / float64(n)
	}
	for _, live := range []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000} {
		add(live - next)
		best := math.Inf(1)
		for range 8 {
			best = min(best, add(500))
		}
		c.points = append(c.points, point{float64(live), best})
	}
	must(store.Close())
	runtime.GC()
	return c
}

func growthEndpoints(s settings) curve {
	// Each guard has buffers and an observer's goroutine of its own. Taken in turn, a thousand and more find all of
	// theirs cold, and the buffers collected: that is a step, and flat on both its sides.
	c := curve{file: "endpoints", title: "Endpoints in one process, taken in turn (GitHub, 1 KiB)", x: "endpoints",
		y: "µs", power: 0, tolerance: coldMemory, step: 3}
	genuine, _ := pair(1 << 10)
	for _, n := range []int{1, 10, 100, 1000, 10_000, 100_000} {
		before := inUse()
		runs := make([]func(), n)
		for i := range runs {
			runs[i] = receiver(newGuard(provider.GitHub(), plainSecret), genuine)
			runs[i]() // all of them have received
		}
		at := 0
		c.points = append(c.points, point{float64(n), s.cost(func() { at++; runs[at%n]() }) / 1e3})
		c.note = fmt.Sprintf("An endpoint takes %.1f KiB of memory, its stacks included, with %d of them. The step is "+
			"where they no longer fit the processor's caches, and where a collection of garbage comes between two "+
			"deliveries of one endpoint and empties its buffers.", float64(inUse()-before)/float64(n)/1024, n)
		runtime.KeepAlive(runs)
	}
	return c
}

// inUse is the memory that the process uses after a collection, its stacks included.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // what the pools held is gone after the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// growthTenants has deliveries for one tenant after the other, in an order that is not the one of their making.
func growthTenants(s settings) curve {
	c := curve{file: "tenants", title: "Tenants of one endpoint, taken in turn (GitHub, 1 KiB)", x: "tenants", y: "µs",
		power: 0, tolerance: coldMemory, step: 2} // behind it no cache of the processor holds what tenants have
	genuine, _ := pair(1 << 10)
	for _, n := range []int{100, 1000, 10_000, 100_000, 1_000_000} {
		names := make([]string, n)
		for i := range names {
			names[i] = "tenant-" + strconv.Itoa(i)
		}
		before := inUse()
		sources := make(map[string]secrets.Source, n)
		for _, name := range names {
			sources[name] = secrets.Static(plainSecret)
		}
		g, err := core.New(core.Config{
			Endpoint: "bench", Provider: provider.GitHub(), Secrets: secrets.ByTenant(sources),
			Tenant: core.TenantFromHeader("X-Tenant"), Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true,
			Observers: noObserver(), Logger: quiet(),
		})
		must(err)
		sources = nil
		run, at := receiver(g, genuine), 0
		header := []string{""}
		genuine.Header["X-Tenant"] = header
		next := func() {
			at = (at + 7919) % n // a prime: every tenant's turn comes
			header[0] = names[at]
			run()
		}
		for range n { // all of them have received
			next()
		}
		took := s.cost(next) / 1e3
		c.points = append(c.points, point{float64(n), took})
		c.note = fmt.Sprintf("A tenant that has received takes %.0f bytes of memory with %d of them, its secret's "+
			"text and its source in the map of secrets.ByTenant included.", float64(inUse()-before)/float64(n), n)
		runtime.KeepAlive(g)
		runtime.KeepAlive(names)
	}
	return c
}

// growthCallers is the time that one delivery takes all callers together, so that it falls until there are as many as
// processors, and is flat from there.
func growthCallers(s settings) curve {
	c := curve{file: "callers", title: "Deliveries at once (GitHub, 1 KiB): time for each, all together", x: "at once",
		y: "µs", power: 0, tolerance: 1.5}
	g := newGuard(provider.GitHub(), plainSecret)
	for _, n := range []int{1, 2, 8, 32, 128, 1024} {
		const each = 64
		var mine []func()
		for range n {
			genuine, _ := pair(1 << 10)
			mine = append(mine, receiver(g, genuine))
		}
		c.points = append(c.points, point{float64(n), s.cost(func() {
			var wg sync.WaitGroup
			for _, run := range mine {
				wg.Go(func() {
					for range each {
						run()
					}
				})
			}
			wg.Wait()
		}) / float64(n*each) / 1e3})
	}
	return c
}
