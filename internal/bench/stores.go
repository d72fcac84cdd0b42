package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/sallyport-go/sallyport/internal/bench/stores"
)

// benchStores remembers new keys in an empty store, whose growth is in the figure, and offers all of them again.
func benchStores(s settings, w io.Writer) error {
	n := min(max(int(s.each/(200*time.Nanosecond)), 10_000), 1_000_000)
	fmt.Fprintf(w, `## Replay stores in memory

A key is remembered unless it is there: %d new ones in an empty store, its growth included, and then the same ones again.
Otter and ttlcache may drop a live key to make room, which a replay store must not; sync.Map lets no key in again when its
time has ended, unless that is written on top of it, as in the row with expiry. Ours is the claim of a delivery, with its fencing token.

`, n)
	all := stores.Make(n)
	peers := stores.Peers()
	fresh, seen := make([]figure, len(peers)), make([]figure, len(peers))
	tookFresh, tookSeen := make([][]float64, len(peers)), make([][]float64, len(peers))
	for round := range s.rounds {
		for i, p := range peers {
			runtime.GC() // what the one before left
			add := p.Open(2 * n)()
			for _, pass := range []struct {
				figure *figure
				took   *[]float64
				want   int
			}{{&fresh[i], &tookFresh[i], n}, {&seen[i], &tookSeen[i], 0}} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start, added := cpu(), 0
				for k := range all.Values {
					if add(all, k) {
						added++
					}
				}
				*pass.took = append(*pass.took, float64(cpu()-start)/float64(n))
				runtime.ReadMemStats(&after)
				if added != pass.want && !p.Forgets {
					return fmt.Errorf("%s: %d of %d keys were new, not %d", p.Name, added, n, pass.want)
				}
				if round == 0 {
					pass.figure.allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
					pass.figure.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
				}
			}
		}
	}
	for i, p := range peers {
		fresh[i].name, seen[i].name = p.Name, p.Name
		if i == 0 {
			fresh[i].name, seen[i].name = "**memstore**", "**memstore**"
		}
		fresh[i].of(tookFresh[i])
		seen[i].of(tookSeen[i])
	}
	fmt.Fprint(w, "### New keys\n\n")
	writeTable(w, fresh, "**memstore**")
	fmt.Fprint(w, "### Keys that are there\n\n")
	writeTable(w, seen, "**memstore**")
	return nil
}
