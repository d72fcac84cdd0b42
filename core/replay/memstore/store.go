// Package memstore provides a [replay.Store] in the memory of this process.
//
//	guard, err := core.New(core.Config{Replay: memstore.New(), ...})
//
// # What it is for
//
// It is for one process. It is not durable: a restart forgets every identity, and a second process behind the same load
// balancer does not share them. Where a duplicate costs money, or more than one process receives, use a store with
// [replay.Shared] scope.
//
// # Capacity
//
// A full store fails closed: it refuses with [replay.ErrFull], and never forgets a live identity to make room.
// Otherwise an attacker could fill it with fresh events until the event to be replayed is forgotten. At 80 % the store
// logs a warning.
//
// An identity takes about 90 bytes. Memory that was once used is kept for reuse until the store is closed.
//
// # Cost
//
// There is no goroutine and no timer. Each call removes a few expired identities, and memory grows piece by piece. So
// the time of a call depends on the size of its batch alone. Neither the number of identities matters, nor how many
// expire at once. Records hold no pointers: ten million identities do not slow the garbage collector down.
package memstore

import (
	"crypto/rand"
	"encoding/binary"
	"hash/maphash"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// DefaultCapacity is how many identities a store holds unless its Config sets another number: about 90 MB when full.
const DefaultCapacity = 1_000_000

// maxCapacity keeps the numbers of records within the 31 bits that a slot of the index has for them. Number 0 means
// none.
const maxCapacity = math.MaxInt32

// Config configures a [Store]. The zero value is safe and suits most programs.
type Config struct {
	// Capacity is how many identities, claimed or done, the store holds at most. Zero and less mean DefaultCapacity,
	// never "no limit". More than 2^31-1 means 2^31-1.
	Capacity int

	// Logger receives a warning when the store is filling up. No keys are logged. It must be safe for concurrent use.
	// Default: slog.Default() at the time of the warning.
	Logger *slog.Logger
}

// shardCount is how many locks share the work. More would let more processors claim at once, but cost memory in a store
// that holds little.
const shardCount = 8

// Store is a [replay.Store] in memory. It is made by [New] or [NewWithConfig] and safe for concurrent use.
type Store struct {
	shards   [shardCount]shard // the first field, so that each shard starts a cache line
	logger   *slog.Logger      // nil means slog.Default()
	epoch    time.Time         // instants are durations since then, on the monotonic clock
	seed     maphash.Seed      // secret: it keeps senders from choosing keys that collide
	closed   atomic.Bool       // set before the shards are cleared; read under the lock of one
	pressure pressure
	room     room

	replay.Roster // of the guards that use it
}

var (
	_ replay.Rostered = (*Store)(nil)
	_ replay.Digester = (*Store)(nil)
)

// New returns an empty store with the default capacity.
func New() *Store { return NewWithConfig(Config{}) }

// NewWithConfig returns an empty store. It allocates little before identities arrive.
func NewWithConfig(config Config) *Store {
	capacity := config.Capacity
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	s := &Store{logger: config.Logger, epoch: time.Now(), seed: maphash.MakeSeed()}
	s.room.open(int64(min(capacity, maxCapacity)))
	for i := range s.shards {
		sh := &s.shards[i]
		sh.room, sh.table.seed = &s.room, s.seed
		// A counter makes tokens unique within the shard. A random start makes those of two stores differ, so that a
		// token of before a restart does not match.
		sh.lastToken = randomToken()
	}
	return s
}

func randomToken() replay.Token {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never returns an error: without randomness, crypto/rand stops the program
	return replay.Token(binary.BigEndian.Uint64(b[:]))
}

// Scope returns [replay.Process].
func (s *Store) Scope() replay.Scope { return replay.Process }

// Close forgets everything and releases the memory. Every later call returns [replay.ErrClosed].
func (s *Store) Close() error {
	s.closed.Store(true)
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.clear()
		sh.mu.Unlock()
	}
	return nil
}

// Stats holds numbers for gauges.
type Stats struct {
	Live     int // identities remembered: claimed, or done
	Capacity int
}

// Stats counts the live identities. It first removes all expired ones, a bounded number at a time, so that other
// callers do not wait long. A closed store has none.
func (s *Store) Stats() Stats {
	live := 0
	for i := range s.shards {
		live += s.sweepAll(&s.shards[i])
	}
	s.pressure.due(int64(live), s.room.capacity)
	return Stats{Live: live, Capacity: int(s.room.capacity)}
}

// sweepAll removes all expired identities of a shard and returns how many are left. It releases the lock in between.
func (s *Store) sweepAll(sh *shard) (live int) {
	const step = 512 // identities under one hold of the lock
	for {
		sh.mu.Lock()
		clean := sh.sweep(s.now(), step)
		live = sh.live()
		sh.mu.Unlock()
		if clean {
			return live
		}
	}
}

// now returns the monotonic time since the store was made. A wall clock that is set back or forward has no effect on
// leases and TTLs.
func (s *Store) now() time.Duration { return time.Since(s.epoch) }

// begin returns the time of a call, or the error with which the call must return at once.
func (s *Store) begin() (now time.Duration, err error) {
	if s.closed.Load() {
		return 0, replay.ErrClosed
	}
	return s.now(), nil
}

func (s *Store) hash(key *replay.Key) uint64 { return maphash.Bytes(s.seed, key[:]) }

// shardOf selects a shard by the lowest bits of a hash, which its tag does not hold.
func (s *Store) shardOf(hash uint64) *shard { return &s.shards[hash%shardCount] }

// lockAll takes all the locks. It is the only place that takes more than one, always in this order.
func (s *Store) lockAll() {
	for i := range s.shards {
		s.shards[i].mu.Lock()
	}
}

func (s *Store) unlockAll() {
	for i := range s.shards {
		s.shards[i].mu.Unlock()
	}
}

// after returns now+d, or the latest instant where the sum overflows: a TTL of centuries must not lie in the past.
func after(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}
