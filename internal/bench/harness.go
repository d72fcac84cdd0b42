package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// subject is one way to do a task. Run does it once and panics where it fails; what is judged was made before.
type subject struct {
	name string
	run  func()
	// check proves, before anything is timed, that the subject accepts what is genuine and refuses what is forged.
	check func() error
}

// figure is what was measured of a subject: CPU time and time on the wall, in nanoseconds.
type figure struct {
	name          string
	median, best  float64
	spread        float64 // the middle half of the rounds, as a part of the median
	wall          float64 // the median
	wallSpread    float64
	allocs, bytes float64
}

// settings say how long and how often is measured.
type settings struct {
	each   time.Duration // of one subject in one round
	rounds int
	goals  *goals
	heap   *heap
}

// heap is what an application keeps in memory. A process without one collects its garbage all the time.
type heap struct{ memory []byte }

func newHeap() *heap {
	h := &heap{}
	h.take()
	return h
}

func (h *heap) take() { h.memory = make([]byte, applicationHeap) }

// without runs a function while the heap is not there.
func (h *heap) without(run func()) {
	h.memory = nil
	runtime.GC()
	run()
	h.take()
}

// cpu is what the process has used so far, its collector and its goroutines included. Time on the wall would be that of
// whatever else a machine does.
func cpu() time.Duration {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure lets the subjects take turns: each round runs every one of them, so that what a busy machine adds falls on
// all.
func (s settings) measure(subjects []subject) []figure {
	turns := make([]int, len(subjects))
	for i := range subjects {
		turns[i] = s.calibrate(subjects[i].run)
	}
	took, wall := make([][]float64, len(subjects)), make([][]float64, len(subjects))
	allocs, bytes := make([][]float64, len(subjects)), make([][]float64, len(subjects))
	figures := make([]figure, len(subjects))
	for range s.rounds {
		for i := range subjects {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin, start := time.Now(), cpu()
			for range turns[i] {
				subjects[i].run()
			}
			wall[i] = append(wall[i], float64(time.Since(begin))/float64(turns[i]))
			took[i] = append(took[i], float64(cpu()-start)/float64(turns[i]))
			runtime.ReadMemStats(&after)
			allocs[i] = append(allocs[i], float64(after.Mallocs-before.Mallocs)/float64(turns[i]))
			bytes[i] = append(bytes[i], float64(after.TotalAlloc-before.TotalAlloc)/float64(turns[i]))
		}
	}
	for i := range subjects {
		figures[i].name = subjects[i].name
		figures[i].of(took[i])
		figures[i].wall, figures[i].wallSpread = middle(wall[i])
		figures[i].allocs, _ = middle(allocs[i])
		figures[i].bytes, _ = middle(bytes[i])
	}
	return figures
}

// of fills in what the rounds took.
func (f *figure) of(took []float64) {
	f.median, f.spread = middle(took)
	f.best = took[0]
}

// middle sorts what the rounds took. It returns the median, and the middle half as a part of it.
func middle(took []float64) (median, spread float64) {
	slices.Sort(took)
	median = quantile(took, 0.5)
	return median, (quantile(took, 0.75) - quantile(took, 0.25)) / median
}

// calibrate gives how often a subject runs in a round.
func (s settings) calibrate(run func()) int {
	for n := 1; ; n *= 2 {
		start := cpu()
		for range n {
			run()
		}
		if took := cpu() - start; took > s.each/4 {
			return max(1, int(float64(n)*float64(s.each)/float64(took)))
		}
	}
}

func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low, high := sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))]
	return low + (high-low)*(at-math.Floor(at))
}

// checkAll stops at the first subject that does not agree with the others.
func checkAll(subjects []subject) error {
	for _, s := range subjects {
		if s.check == nil {
			continue
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// writeTable prints figures: ratios of medians to the first subject, the floor, and to ours. A difference to ours that
// does not exceed the noise of the two is marked, and is no difference.
func writeTable(w io.Writer, figures []figure, ours string) { writeFigures(w, figures, ours, true) }

// writeTimes leaves out what was allocated, where the process is not all that works.
func writeTimes(w io.Writer, figures []figure, ours string) { writeFigures(w, figures, ours, false) }

func writeFigures(w io.Writer, figures []figure, ours string, memory bool) {
	head, line := "", ""
	if memory {
		head, line = " allocations | bytes |", "---:|---:|"
	}
	fmt.Fprintln(w, "| | median ns | best ns | middle half | to the first | to ours |"+head)
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|---:|"+line)
	for _, f := range figures {
		row := fmt.Sprintf("| %s | %.0f | %.0f | ±%.0f%% | %.2f | %s |",
			strings.ReplaceAll(f.name, "|", "/"), f.median, f.best, 50*f.spread, f.median/figures[0].median,
			toOurs(&f, find(figures, ours)))
		if memory {
			row += fmt.Sprintf(" %.0f | %.0f |", f.allocs, f.bytes)
		}
		fmt.Fprintln(w, row)
	}
	fmt.Fprintln(w)
}

func toOurs(f, ours *figure) string {
	if ours == nil || f.name == ours.name {
		return "-"
	}
	ratio := fmt.Sprintf("%.2f", f.median/ours.median)
	if noise := (f.spread*f.median + ours.spread*ours.median) / 2; math.Abs(f.median-ours.median) <= noise {
		ratio += " (noise)"
	}
	return ratio
}

// find gives the figure of a name.
func find(figures []figure, name string) *figure {
	for i := range figures {
		if figures[i].name == name {
			return &figures[i]
		}
	}
	return nil
}

// whole is a number of allocations without what the collector takes out of a pool now and then.
func whole(allocs float64) float64 { return math.Round(max(allocs, 0)) }
