package storebench_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// identities is how many keys a round adds.
const identities = 1_000_000

// BenchmarkSetIfAbsent adds a million new keys to an empty store, its growth included, and then offers all of them
// again. x/fastest is how many times the rate of the fastest peer that forgets nothing memstore has. One iteration is a
// round of all the peers; -benchtime 8x gives medians of eight.
func BenchmarkSetIfAbsent(b *testing.B) {
	all := makeKeys(identities)
	for _, callers := range []int{1, 2} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(callers))
			fresh, seen := map[string][]float64{}, map[string][]float64{}
			for b.Loop() {
				for _, p := range peers {
					runtime.GC() // what the peer before left
					open := p.open(2 * identities)
					fresh[p.name] = append(fresh[p.name], rate(b, open, all, callers, len(all.values), p.forgets))
					seen[p.name] = append(seen[p.name], rate(b, open, all, callers, 0, p.forgets))
				}
			}
			report(b, "fresh", fresh)
			report(b, "seen", seen)
		})
	}
}

// rate returns the nanoseconds that one key takes, all callers together.
func rate(b *testing.B, open func() adder, all *keys, callers, fresh int, lenient bool) float64 {
	var wg sync.WaitGroup
	added := make([]int, callers)
	start := time.Now()
	for c := range callers {
		add := open()
		wg.Go(func() {
			n := 0
			for i := c; i < len(all.values); i += callers {
				if add(all, i) {
					n++
				}
			}
			added[c] = n
		})
	}
	wg.Wait()
	took := time.Since(start)
	sum := 0
	for _, n := range added {
		sum += n
	}
	if sum != fresh && !lenient {
		b.Fatalf("%d of %d keys were new, not %d", sum, len(all.values), fresh)
	}
	return float64(took.Nanoseconds()) / float64(len(all.values))
}

func report(b *testing.B, what string, took map[string][]float64) {
	var table strings.Builder
	ours, fastest := median(took[peers[0].name]), 0.0
	for _, p := range peers {
		ns := median(took[p.name])
		fmt.Fprintf(&table, "%-6s %-10s %7.0f ns/key  %5.2fx\n", what, p.name, ns, ns/ours)
		if p.name != peers[0].name && !p.forgets && (fastest == 0 || ns < fastest) {
			fastest = ns
		}
	}
	b.Log("\n" + table.String())
	b.ReportMetric(fastest/ours, what+"-x/fastest")
	b.ReportMetric(ours, what+"-ns/key")
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
