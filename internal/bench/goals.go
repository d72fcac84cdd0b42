package main

import (
	"fmt"
	"io"
	"math"
)

// goal is what a measured value is held to.
type goal struct {
	task  string
	what  string // "x of the plain operation", "allocations"
	most  float64
	value float64
	why   string // it may be missed, where that is known
}

// goals are those of one run, in the order in which they were measured.
type goals struct{ list []goal }

// hold notes a value with what it is held to.
func (g *goals) hold(task, what string, value, most float64) {
	g.list = append(g.list, goal{task: task, what: what, most: most, value: value})
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
	fmt.Fprintf(w, "## Targets\n\nBy the medians of this run, %d of %d are met.\n\n| | at most | measured | "+
		"|\n|---|---:|---:|---|\n", met, held)
	for i := range g.list {
		x := &g.list[i]
		verdict := "met"
		switch {
		case x.stated():
			fmt.Fprintf(w, "| %s | %s | %s | stated |\n", x.task, x.what, number(x.value))
			continue
		case !x.met():
			verdict = "**missed** by " + missed(x.value, x.most)
			if x.why != "" {
				verdict += ": " + x.why
			}
		}
		fmt.Fprintf(w, "| %s | %s %s | %s | %s |\n", x.task, number(x.most), x.what, number(x.value), verdict)
	}
	fmt.Fprintln(w)
}

func (x *goal) stated() bool { return math.IsInf(x.most, 1) }

// met goes by the value as it is printed.
func (x *goal) met() bool { return number(x.value) == number(x.most) || x.value <= x.most }

func missed(value, most float64) string {
	if most == 0 {
		return number(value)
	}
	return fmt.Sprintf("%.0f%%", math.Max(1, 100*(value/most-1)))
}

func number(v float64) string {
	if v == math.Trunc(v) || v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
