package main

import (
	"fmt"
	"io"
	"math"
)

// goal is what a measured value is held to.
type goal struct {
	task    string
	what    string // "x of the plain operation", "allocations"
	bound   float64
	atLeast bool // the bound is the least that the value may be, not the most
	value   float64
	why     string // it may be missed, where that is known
}

// goals are those of one run, in the order in which they were measured.
type goals struct{ list []goal }

// hold notes a value with what it is held to.
func (g *goals) hold(task, what string, value, most float64) {
	g.list = append(g.list, goal{task: task, what: what, bound: most, value: value})
}

// holdAtLeast notes a value that must not be less.
func (g *goals) holdAtLeast(task, what string, value, least float64) {
	g.list = append(g.list, goal{task: task, what: what, bound: least, atLeast: true, value: value})
}

// state notes a value that is held to nothing.
func (g *goals) state(task, what string, value float64) { g.hold(task, what, value, math.Inf(1)) }

// because says why the goals that were noted last may be missed; it is printed where they are.
func (g *goals) because(n int, why string) {
	for i := len(g.list) - n; why != "" && i < len(g.list); i++ {
		g.list[i].why = why
	}
}

// write prints what was met and what was missed, by the medians of this run.
func (g *goals) write(w io.Writer) {
	if len(g.list) == 0 {
		return
	}
	met, held := 0, 0
	for i := range g.list {
		if x := &g.list[i]; !x.stated() {
			held++
			if x.met() {
				met++
			}
		}
	}
	fmt.Fprintf(w, "## Targets\n\nBy the medians of this run, %d of %d are met.\n\n| | target | measured | "+
		"|\n|---|---:|---:|---|\n", met, held)
	for i := range g.list {
		x := &g.list[i]
		verdict := "met"
		switch {
		case x.stated():
			fmt.Fprintf(w, "| %s | %s | %s | stated |\n", x.task, x.what, number(x.value))
			continue
		case !x.met():
			verdict = "**missed** by " + x.missed()
			if x.why != "" {
				verdict += ": " + x.why
			}
		}
		sign := "≤"
		if x.atLeast {
			sign = "≥"
		}
		fmt.Fprintf(w, "| %s | %s %s %s | %s | %s |\n", x.task, sign, number(x.bound), x.what, number(x.value), verdict)
	}
	fmt.Fprintln(w)
}

func (x *goal) stated() bool { return math.IsInf(x.bound, 1) }

// met goes by the value as it is printed.
func (x *goal) met() bool {
	printed := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	return printed(x.value) == printed(x.bound) || x.value < x.bound != x.atLeast
}

func (x *goal) missed() string {
	if x.bound == 0 {
		return number(x.value)
	}
	return fmt.Sprintf("%.0f%%", math.Max(1, 100*math.Abs(x.value/x.bound-1)))
}

func number(v float64) string {
	if v == math.Trunc(v) || v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
