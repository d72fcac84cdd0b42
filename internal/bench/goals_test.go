package main

import (
	"strings"
	"testing"
)

func TestTargetsSayWhetherTheyAreMetAndWhyNot(t *testing.T) {
	g := &goals{}
	g.hold("at the bound", "×", 1.004, 1)
	g.hold("above it", "×", 1.5, 1)
	g.because(1, "the hash is 1.4")
	g.hold("one where none may be", "allocations", 1, 0)
	g.holdAtLeast("a rate that is high enough", "×", 3, 0.9)
	g.holdAtLeast("a rate that is too low", "×", 0.45, 0.9)
	g.state("only stated", "×", 7)
	var b strings.Builder
	g.write(&b)
	for _, line := range []string{
		"2 of 5 are met.",
		"| at the bound | ≤ 1 × | 1.00 | met |",
		"| above it | ≤ 1 × | 1.50 | **missed** by 50%: the hash is 1.4 |",
		"| one where none may be | ≤ 0 allocations | 1 | **missed** by 1 |",
		"| a rate that is high enough | ≥ 0.90 × | 3 | met |",
		"| a rate that is too low | ≥ 0.90 × | 0.45 | **missed** by 50% |",
		"| only stated | × | 7 | stated |",
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("lacks %q:\n%s", line, &b)
		}
	}
}
