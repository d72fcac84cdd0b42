// Package stores is memstore and what people use in its place, each as a way to remember a key that is not remembered
// yet.
package stores

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

// TTL is how long every peer remembers a key.
const TTL = 10 * time.Minute

// Keys are what is to be remembered, as every peer likes it best: made before the clock starts, and without pointers,
// so that no peer's collections are paid by another.
type Keys struct {
	Values []replay.Key
	text   string // the same, one after the other
	// Owned makes each string one of its own, as that of an event is: for what it takes, not for how long.
	Owned bool
}

// Make makes n keys.
func Make(n int) *Keys {
	all := &Keys{Values: make([]replay.Key, n)}
	text := make([]byte, 0, n*len(replay.Key{}))
	for i := range all.Values {
		all.Values[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		text = append(text, all.Values[i][:]...)
	}
	all.text = string(text)
	return all
}

// String gives a key as a text.
func (k *Keys) String(i int) string {
	text := k.text[i*len(replay.Key{}) : (i+1)*len(replay.Key{})]
	if k.Owned {
		text = strings.Clone(text)
	}
	return text
}

// Adder is one caller's way to a peer: it remembers a key unless it is remembered already, and says whether it was new.
type Adder func(all *Keys, i int) bool

// Peer is something that remembers keys. Open makes an empty one and returns what each caller gets.
type Peer struct {
	Name string
	// Forgets says that it may drop a live key to make room, or is not atomic: no measure for a replay store.
	Forgets bool
	// Cache says that it is a general cache and forgets nothing live. Those beside it are a few lines of one's own.
	Cache bool
	// Endless says that no key ever ends: what is not a cache. It shows what that saves, and is no measure either: an
	// event whose lease ended would be refused for ever.
	Endless bool
	Open    func(capacity int) func() Adder
}

// Peers are all of them. The first is ours; the next four never forget a live key by themselves. None of those knows a
// capacity, and neither the map nor sync.Map gives up the memory of what has ended, which would cost them more.
func Peers() []Peer {
	return []Peer{
		{Name: "memstore", Open: func(capacity int) func() Adder {
			s := memstore.NewWithConfig(memstore.Config{Capacity: capacity, Logger: slog.New(slog.DiscardHandler)})
			ctx := context.Background()
			return func() Adder {
				items := make([]replay.Item, 1)
				return func(all *Keys, i int) bool {
					items[0].Key = all.Values[i]
					results, err := s.Claim(ctx, items, TTL)
					return err == nil && results[0].State == replay.Claimed
				}
			}
		}},
		{Name: "mutex+map", Open: func(int) func() Adder {
			var mu sync.Mutex
			known := map[replay.Key]time.Time{}
			return func() Adder {
				return func(all *Keys, i int) bool {
					now := time.Now()
					mu.Lock()
					defer mu.Unlock()
					if end, ok := known[all.Values[i]]; ok && end.After(now) {
						return false
					}
					known[all.Values[i]] = now.Add(TTL)
					return true
				}
			}
		}},
		{Name: "sync.Map+expiry", Open: func(int) func() Adder {
			var known sync.Map
			return func() Adder {
				return func(all *Keys, i int) bool {
					now := time.Now()
					old, loaded := known.LoadOrStore(all.Values[i], now.Add(TTL))
					return !loaded || (!old.(time.Time).After(now) &&
						known.CompareAndSwap(all.Values[i], old, now.Add(TTL)))
				}
			}
		}},
		{Name: "go-cache", Cache: true, Open: func(int) func() Adder {
			c := cache.New(TTL, 0)
			return func() Adder {
				return func(all *Keys, i int) bool { return c.Add(all.String(i), struct{}{}, TTL) == nil }
			}
		}},
		{Name: "sync.Map", Endless: true, Open: func(int) func() Adder {
			var known sync.Map
			return func() Adder {
				return func(all *Keys, i int) bool {
					_,
						loaded := known.LoadOrStore(all.Values[i], struct{}{})
					return !loaded
				}
			}
		}},
		{Name: "otter", Forgets: true, Open: func(capacity int) func() Adder {
			c := otter.Must(&otter.Options[replay.Key, struct{}]{
				MaximumSize:      capacity,
				ExpiryCalculator: otter.ExpiryWriting[replay.Key, struct{}](TTL),
			})
			return func() Adder {
				return func(all *Keys, i int) bool { _, set := c.SetIfAbsent(all.Values[i], struct{}{}); return set }
			}
		}},
		{Name: "ttlcache", Forgets: true, Open: func(capacity int) func() Adder {
			c := ttlcache.New(ttlcache.WithTTL[replay.Key, struct{}](TTL),
				ttlcache.WithCapacity[replay.Key, struct{}](uint64(capacity)))
			return func() Adder {
				return func(all *Keys, i int) bool { _, found := c.GetOrSet(all.Values[i], struct{}{}); return !found }
			}
		}},
	}
}
