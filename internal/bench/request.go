package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const (
	bareRow    = "unguarded"
	byHandRow  = "hand-written"
	leastHands = "the least"
	unobserved = "**sallyport**, without an observer"
	bodyCopy   = "a copy of the body"
)

// added is what a request costs more than through the router alone.
type added struct {
	router                string
	hand, library, own    float64 // ns on the wall, without another heap
	handCPU, ownCPU       float64 // ns of CPU, with a heap
	noise                 float64 // of own and hand on the wall, as a part of their ratio
	allocs, bytes         float64
	hash, copied, least   float64 // ns on the wall
	hashCPU, copiedCPU    float64
	handAllocs, handBytes float64
}

func (a *added) ofHand() float64    { return a.own / a.hand }
func (a *added) ofLibrary() float64 { return a.own / a.library }
func (a *added) ofHandCPU() float64 { return a.ownCPU / a.handCPU }

func benchRequest(s settings, w io.Writer) error {
	fmt.Fprint(w, "## A whole request, in process\n\nThrough the router to a handler that reads the body. The "+
		"hand-written middleware checks one secret and keeps no replay out; the vendor's library stands in the same "+
		"middleware. Each column is what is added to the unguarded router: ns on the wall, without another heap, and "+
		"in the column that says so CPU time with one, as a part of what the hand-written check adds. An observer is "+
		"included that gets every record and needs no names of events, as those of metrics do. Allocations and "+
		"bytes are ours without it, because its records are made in a goroutine of its own.\n\n")
	for _, from := range senders() {
		for _, size := range []int{1 << 10, 64 << 10} {
			if err := s.requestTable(w, &from, size); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s settings) requestTable(w io.Writer, from *sender, size int) error {
	var rows []added
	for _, r := range routers() {
		row, err := s.throughRouter(from, &r, size)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", from.name, r.name, err)
		}
		rows = append(rows, row)
	}
	lib := from.library.name
	fmt.Fprintf(w, "### %s, %s\n\n| router | hand-written | %s | sallyport | of hand-written | of %s | "+
		"CPU of hand-written | allocations | bytes |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n", from.name,
		sizeName(size), lib, lib)
	for i := range rows {
		a := &rows[i]
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.0f | %.2f ±%.0f%% | %.2f | %.2f | %.0f | %.0f |\n", a.router, a.hand,
			a.library, a.own, a.ofHand(), 50*a.noise, a.ofLibrary(), a.ofHandCPU(), whole(a.allocs), a.bytes)
	}
	first := &rows[0]
	fmt.Fprintf(w, "\nThe hand-written check makes %.0f allocations of %.0f bytes. Of its time on the wall the hash "+
		"alone is %.2f, and one copy of the body %.2f.\n\n", whole(first.handAllocs), first.handBytes,
		first.hash/first.hand, first.copied/first.hand)
	s.holdRequest(from, size, rows)
	return nil
}

// throughRouter measures one delivery through one router.
func (s settings) throughRouter(from *sender, r *router, size int) (added, error) {
	genuine, bad := pairOf(from.p, from.secret, size)
	g := newGuard(from.p, from.secret)
	subjects := []subject{
		ofHandler(bareRow, r.bare(), genuine, bad),
		ofHandler(byHandRow, r.checked(checking(from.naive)), genuine, bad),
		ofHandler(from.library.name, r.checked(checking(from.library.verify)), genuine, bad),
		ofHandler(ours, r.guarded(g), genuine, bad),
		hashOf(genuine.body),
		copyOf(genuine.body),
		ofHandler(unobserved, r.guarded(guardAlone(from)), genuine, bad),
	}
	if from.name == "GitHub" {
		subjects = append(subjects, ofHandler(leastHands, r.checked(leastCheck()), genuine, bad))
	}
	if err := checkAll(subjects); err != nil {
		return added{}, err
	}
	var wall []figure
	s.heap.without(func() { wall = s.measure(subjects) })
	spent := s.measure(subjects)
	a := added{
		router: r.name,
		hand:   wall[1].wall - wall[0].wall, library: wall[2].wall - wall[0].wall, own: wall[3].wall - wall[0].wall,
		handCPU: spent[1].median - spent[0].median, ownCPU: spent[3].median - spent[0].median,
		noise:  wall[3].wallSpread + wall[1].wallSpread,
		allocs: spent[6].allocs - spent[0].allocs, bytes: spent[6].bytes - spent[0].bytes,
		hash: wall[4].wall, copied: wall[5].wall, hashCPU: spent[4].median, copiedCPU: spent[5].median,
		handAllocs: spent[1].allocs - spent[0].allocs, handBytes: spent[1].bytes - spent[0].bytes,
	}
	if len(wall) > 7 {
		a.least = wall[7].wall - wall[0].wall
	}
	return a, nil
}

// guardAlone is a guard without a store and without an observer.
func guardAlone(from *sender) *core.Guard {
	g, err := core.New(core.Config{
		Endpoint: "bench", Provider: from.p, Secrets: secrets.Static(from.secret), Replay: core.DangerouslyNoReplay,
		DangerouslyAllowHTTP: true, Logger: quiet(),
	})
	must(err)
	return g
}

// copyOf is a copy of a body, as an app gets one that it may keep.
func copyOf(body []byte) subject {
	var kept []byte
	return subject{name: bodyCopy, run: func() {
		kept = bytes.Clone(body)
		runtime.KeepAlive(kept)
	}}
}

// holdRequest holds the worst of the routers to the targets.
func (s settings) holdRequest(from *sender, size int, rows []added) {
	task := func(a *added) string {
		return fmt.Sprintf("A whole request, %s, %s, every router (the most on %s)", from.name, sizeName(size),
			a.router)
	}
	most := map[int]float64{1 << 10: 1, 64 << 10: 0.5}[size]
	a := worst(rows, (*added).ofHand)
	s.goals.hold(task(a), "× what the hand-written check adds, on the wall", a.ofHand(), most)
	s.goals.because(1, a.remains(most))
	a = worst(rows, (*added).ofLibrary)
	s.goals.hold(task(a), "× what "+from.library.name+" adds in the same middleware, on the wall", a.ofLibrary(), 1)
	s.goals.because(1, "as above")
	a = worst(rows, (*added).ofHandCPU)
	if size == 1<<10 {
		s.goals.state(task(a), "× what the hand-written check adds, CPU time", a.ofHandCPU())
	} else {
		s.goals.hold(task(a), "× what the hand-written check adds, CPU time", a.ofHandCPU(), 0.85)
		s.goals.because(1, fmt.Sprintf("the hash is %.2f and the one copy of the body, which the app may keep, %.2f: "+
			"neither can be left out (laws 3, 7); %.2f remain for everything else, the observer's record included (24)",
			a.hashCPU/a.handCPU, a.copiedCPU/a.handCPU, a.ofHandCPU()-(a.hashCPU+a.copiedCPU)/a.handCPU))
	}
	s.holdAllocations(from, size, rows)
}

// holdAllocations holds routers that hand on the request of net/http to less than those with contexts of their own.
func (s settings) holdAllocations(from *sender, size int, rows []added) {
	few, more := rows[:2], rows[2:] // net/http and Chi; Gin and Echo
	for _, group := range []struct {
		name string
		rows []added
		most float64
	}{{"net/http and Chi", few, 4}, {"Gin and Echo", more, 7}} {
		a := worst(group.rows, func(a *added) float64 { return whole(a.allocs) })
		s.goals.hold(fmt.Sprintf("A whole request, %s, %s, %s", from.name, sizeName(size), group.name),
			"allocations more than the router's own", whole(a.allocs), group.most)
		s.goals.because(1, "three are the guard's own: the handle, the body and the function that gives it again; "+
			"what "+a.router+" adds, and why, is said in internal/adaptertest/routers_test.go, whose test holds it. "+
			"With large bodies the collector comes more often, and empties the router's own pools")
	}
}

func worst(rows []added, of func(*added) float64) *added {
	most := &rows[0]
	for i := range rows {
		if of(&rows[i]) > of(most) {
			most = &rows[i]
		}
	}
	return most
}

// remains says what forbids less than a part of what the hand-written check adds.
func (a *added) remains(part float64) string {
	text := fmt.Sprintf("the hash is %.2f, the one copy of the body, which the app may keep, %.2f", a.hash/a.hand,
		a.copied/a.hand)
	if a.least > 0 {
		text += fmt.Sprintf(", the least check that hands on such a body %.2f", a.least/a.hand)
		if a.least/a.hand > part {
			text += ", which alone is above the target"
		}
	}
	return text + "; the rest is what laws 2, 7, 8, 10, 18, 19 and 24 ask for, [each](the-complete-path.md) with its " +
		"time. A body that is lent to the handler would save the copy. It is not lent, because a goroutine that " +
		"outlives its " +
		"handler, and asks for the event only then, would find nothing after the provider got its 200"
}
