package storebench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/bench/stores"
)

// identities is how many keys a round adds.
const identities = 1_000_000

// BenchmarkSetIfAbsent adds a million new keys to an empty store, its growth included, and then offers all of them
// again. x/cache is how many times the rate of the general cache that forgets nothing live memstore has; x/fastest the
// same of the fastest of all that forget nothing live and let a key end, the few lines of one's own included; x/endless
// of the fastest in which nothing ever ends. One iteration is a round of all the peers, in an
// order of its own; -benchtime 8x gives medians of eight.
func BenchmarkSetIfAbsent(b *testing.B) {
	all := stores.Make(identities)
	for _, callers := range []int{1, 2} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(callers))
			fresh, seen := map[string][]float64{}, map[string][]float64{}
			for b.Loop() {
				peers := stores.Peers()
				rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
				for _, p := range peers {
					runtime.GC() // what the peer before left
					open := p.Open(2 * identities)
					fresh[p.Name] = append(fresh[p.Name], rate(b, open, all, callers, len(all.Values), p.Forgets))
					seen[p.Name] = append(seen[p.Name], rate(b, open, all, callers, 0, p.Forgets))
				}
			}
			report(b, "fresh", fresh)
			report(b, "seen", seen)
		})
	}
}

// rate returns the nanoseconds that one key takes, all callers together.
func rate(b *testing.B, open func() stores.Adder, all *stores.Keys, callers, fresh int, lenient bool) float64 {
	var wg sync.WaitGroup
	added := make([]int, callers)
	start := time.Now()
	for c := range callers {
		add := open()
		wg.Go(func() {
			n := 0
			for i := c; i < len(all.Values); i += callers {
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
		b.Fatalf("%d of %d keys were new, not %d", sum, len(all.Values), fresh)
	}
	return float64(took.Nanoseconds()) / float64(len(all.Values))
}

func report(b *testing.B, what string, took map[string][]float64) {
	var table strings.Builder
	peers := stores.Peers()
	ours, cache, fastest, endless := median(took[peers[0].Name]), math.Inf(1), math.Inf(1), math.Inf(1)
	for i, p := range peers {
		ns, note := median(took[p.Name]), ""
		switch {
		case i == 0:
		case p.Forgets:
			note = "may forget what is live"
		case p.Endless:
			note, endless = "no expiry", min(endless, ns)
		default:
			if fastest = min(fastest, ns); p.Cache {
				note, cache = "a general cache", min(cache, ns)
			}
		}
		fmt.Fprintf(&table, "%-6s %-15s %7.0f ns/key  %5.2fx  %s\n", what, p.Name, ns, ns/ours, note)
	}
	b.Log("\n" + table.String())
	b.ReportMetric(cache/ours, what+"-x/cache")
	b.ReportMetric(fastest/ours, what+"-x/fastest")
	b.ReportMetric(endless/ours, what+"-x/endless")
	b.ReportMetric(ours, what+"-ns/key")
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
