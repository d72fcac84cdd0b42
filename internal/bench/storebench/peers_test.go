package storebench_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
	"github.com/patrickmn/go-cache"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// ttl is how long every peer remembers a key.
const ttl = 10 * time.Minute

// keys are what is to be remembered, as every peer likes it best: made before the clock starts, and without pointers, so
// that no peer's collections are paid by another.
type keys struct {
	values []replay.Key
	text   string // the same, one after the other
	// owned makes each string one of its own, as that of an event is: for what it takes, not for how long.
	owned bool
}

func makeKeys(n int) *keys {
	all := &keys{values: make([]replay.Key, n)}
	text := make([]byte, 0, n*len(replay.Key{}))
	for i := range all.values {
		all.values[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		text = append(text, all.values[i][:]...)
	}
	all.text = string(text)
	return all
}

func (k *keys) string(i int) string {
	text := k.text[i*len(replay.Key{}) : (i+1)*len(replay.Key{})]
	if k.owned {
		text = strings.Clone(text)
	}
	return text
}

// adder is one caller's way to a peer: it remembers a key unless it is remembered already, and says whether it was new.
type adder func(all *keys, i int) bool

// peer is something that remembers keys. open makes an empty one and returns what each caller gets.
type peer struct {
	name string
	// forgets says that it may drop a live key to make room, or is not atomic: no measure for a replay store.
	forgets bool
	open    func(capacity int) func() adder
}

// The first is ours. The next three never forget a live key by themselves.
var peers = []peer{
	{name: "memstore", open: func(capacity int) func() adder {
		s := memstore.NewWithConfig(memstore.Config{Capacity: capacity, Logger: slog.New(slog.DiscardHandler)})
		ctx := context.Background()
		return func() adder {
			items := make([]replay.Item, 1)
			return func(all *keys, i int) bool {
				items[0].Key = all.values[i]
				results, err := s.Claim(ctx, items, ttl)
				return err == nil && results[0].State == replay.Claimed
			}
		}
	}},
	{name: "mutex+map", open: func(int) func() adder {
		var mu sync.Mutex
		known := map[replay.Key]time.Time{}
		return func() adder {
			return func(all *keys, i int) bool {
				now := time.Now()
				mu.Lock()
				defer mu.Unlock()
				if end, ok := known[all.values[i]]; ok && end.After(now) {
					return false
				}
				known[all.values[i]] = now.Add(ttl)
				return true
			}
		}
	}},
	{name: "sync.Map", open: func(int) func() adder {
		var known sync.Map
		return func() adder {
			return func(all *keys, i int) bool {
				_, loaded := known.LoadOrStore(all.values[i], time.Now().Add(ttl))
				return !loaded
			}
		}
	}},
	{name: "go-cache", open: func(int) func() adder {
		c := cache.New(ttl, 0)
		return func() adder {
			return func(all *keys, i int) bool { return c.Add(all.string(i), struct{}{}, ttl) == nil }
		}
	}},
	{name: "otter", forgets: true, open: func(capacity int) func() adder {
		c := otter.Must(&otter.Options[replay.Key, struct{}]{
			MaximumSize:      capacity,
			ExpiryCalculator: otter.ExpiryWriting[replay.Key, struct{}](ttl),
		})
		return func() adder {
			return func(all *keys, i int) bool { _, set := c.SetIfAbsent(all.values[i], struct{}{}); return set }
		}
	}},
	{name: "ttlcache", forgets: true, open: func(capacity int) func() adder {
		c := ttlcache.New(ttlcache.WithTTL[replay.Key, struct{}](ttl), ttlcache.WithCapacity[replay.Key, struct{}](uint64(capacity)))
		return func() adder {
			return func(all *keys, i int) bool { _, found := c.GetOrSet(all.values[i], struct{}{}); return !found }
		}
	}},
}
