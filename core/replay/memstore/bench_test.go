package memstore_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// mapStore is the peer: a mutex around a map, which never removes what has ended and knows no capacity.
type mapStore struct {
	replay.Store
	mu    sync.Mutex
	token replay.Token
	known map[replay.Key]mapEntry
}

type mapEntry struct {
	digest    replay.Digest
	token     replay.Token
	end, done time.Time
}

func (s *mapStore) Claim(_ context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	results := make([]replay.Result, len(items))
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, it := range items {
		e, ok := s.known[it.Key]
		switch {
		case !ok || !e.end.After(now):
			s.token++
			s.known[it.Key] = mapEntry{digest: it.Digest, token: s.token, end: now.Add(lease)}
			results[i] = replay.Result{State: replay.Claimed, Token: s.token}
		case e.done.IsZero():
			results[i] = replay.Result{State: replay.InFlight, RetryAfter: e.end.Sub(now),
				Conflict: e.digest != it.Digest}
		default:
			results[i] = replay.Result{State: replay.Done, DoneAt: e.done, Conflict: e.digest != it.Digest}
		}
	}
	return results, nil
}

func (s *mapStore) Settle(_ context.Context, settlements []replay.Settlement) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range settlements {
		e := s.known[st.Key]
		if e.token != st.Token {
			return replay.ErrLeaseLost
		}
		e.done, e.end = now, now.Add(st.TTL)
		s.known[st.Key] = e
	}
	return nil
}

var peers = []struct {
	name string
	open func() replay.Store
}{
	{"memstore", func() replay.Store {
		return memstore.NewWithConfig(memstore.Config{Capacity: 1 << 30,
			Logger: quiet})
	}},
	{"mutex+map", func() replay.Store { return &mapStore{known: map[replay.Key]mapEntry{}} }},
}

// once claims and commits one key, in slices that are used again.
type once struct {
	store       replay.Store
	items       [1]replay.Item
	settlements [1]replay.Settlement
}

func (o *once) claim(n int) replay.Result {
	o.items[0] = itemOf(n)
	results, err := o.store.Claim(context.Background(), o.items[:], time.Minute)
	if err != nil {
		panic(err)
	}
	return results[0]
}

func (o *once) commit(n int, ttl time.Duration) {
	r := o.claim(n)
	o.settlements[0] = replay.Settlement{Key: o.items[0].Key, Token: r.Token, Verdict: replay.Commit, TTL: ttl}
	if err := o.store.Settle(context.Background(), o.settlements[:]); err != nil {
		panic(err)
	}
}

func filled(store replay.Store, n int) *once {
	o := &once{store: store}
	for i := range n {
		o.commit(i, 72*time.Hour)
	}
	return o
}

const population = 200_000

// BenchmarkFresh claims and commits keys that are new, beside 200,000 that are remembered; making the key included.
func BenchmarkFresh(b *testing.B) {
	for _, peer := range peers {
		b.Run(peer.name, func(b *testing.B) {
			o := filled(peer.open(), population)
			b.ReportAllocs()
			n := population
			for b.Loop() {
				o.commit(n, 72*time.Hour)
				n++
			}
		})
	}
}

// BenchmarkTurnover is a store in which for every new key an old one has ended.
func BenchmarkTurnover(b *testing.B) {
	for _, peer := range peers[:1] { // the peer never removes anything
		b.Run(peer.name, func(b *testing.B) {
			o := filled(peer.open(), population)
			b.ReportAllocs()
			n := population
			for b.Loop() {
				o.commit(n, 100*time.Millisecond)
				n++
			}
		})
	}
}

// BenchmarkReplay claims keys that are done.
func BenchmarkReplay(b *testing.B) {
	for _, peer := range peers {
		b.Run(peer.name, func(b *testing.B) {
			o := filled(peer.open(), population)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = (n + 7919) % population
				if r := o.claim(n); r.State != replay.Done {
					b.Fatal(r.State)
				}
			}
		})
	}
}

// BenchmarkParallel claims and commits new keys from every processor.
func BenchmarkParallel(b *testing.B) {
	for _, peer := range peers {
		b.Run(peer.name, func(b *testing.B) {
			store := filled(peer.open(), population).store
			var next atomic.Int64
			next.Store(population)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				o := &once{store: store}
				for pb.Next() {
					o.commit(int(next.Add(1)), 72*time.Hour)
				}
			})
		})
	}
}

// BenchmarkFull claims new keys in a store that is full of live ones: what a flood costs.
func BenchmarkFull(b *testing.B) {
	s := memstore.NewWithConfig(memstore.Config{Capacity: population, Logger: quiet})
	o := filled(s, population)
	b.ReportAllocs()
	n := population
	for b.Loop() {
		o.items[0] = itemOf(n)
		if _, err := s.Claim(context.Background(), o.items[:], time.Minute); err == nil {
			b.Fatal("claimed")
		}
		n++
	}
}

// BenchmarkMemory remembers a million keys. B/identity is heap in use, gc-ms one forced collection with them live.
func BenchmarkMemory(b *testing.B) {
	const identities = 1_000_000
	for _, peer := range peers {
		b.Run(peer.name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				o := filled(peer.open(), identities)
				b.ReportMetric(float64(heap()-before)/identities, "B/identity")
				start := time.Now()
				runtime.GC()
				b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "gc-ms")
				runtime.KeepAlive(o)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
