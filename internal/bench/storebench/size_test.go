package storebench_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/bench/stores"
)

// BenchmarkSize fills a store with ten million live keys (a million with -short) and prints what each takes of the
// heap, how long the slowest insert took, and how long one forced collection takes while they live.
func BenchmarkSize(b *testing.B) {
	n := 10_000_000
	if testing.Short() {
		n /= 10
	}
	all := stores.Make(n)
	all.Owned = true
	for _, p := range stores.Peers() {
		if p.Forgets {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				before := heapInUse()
				add := p.Open(n)()
				var worst time.Duration
				for i := range n {
					start := time.Now()
					if !add(all, i) {
						b.Fatal("not new")
					}
					worst = max(worst, time.Since(start))
				}
				b.ReportMetric(float64(heapInUse()-before)/float64(n), "B/key")
				b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
				best := time.Hour // of five: what the machine does besides makes it longer
				for range 5 {
					start := time.Now()
					runtime.GC()
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Microseconds())/1000, "gc-ms")
				b.ReportMetric(0, "ns/op")
				runtime.KeepAlive(add)
			}
		})
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
