// Package memstore is the embedded [replay.Store]: it remembers in the memory of this process.
//
//	guard, err := core.New(core.Config{Replay: memstore.New(), ...})
//
// # What it is for
//
// One process. It is not durable: a restart forgets every identity, and a second process behind the same load balancer
// knows nothing of the first. Where a duplicate costs money, or more than one process receives, use a store with
// [replay.Shared] scope.
//
// # Capacity
//
// A store has a capacity and never forgets a live identity to make room: whoever could fill it with fresh events
// could otherwise push out the one that is to be replayed. A full store refuses with [replay.ErrFull], and a warning
// is logged well before, at 80 %.
//
// An identity takes about 90 bytes. Memory grows with what is remembered and, once used, is kept for reuse until the
// store is closed.
//
// # Cost
//
// There is no goroutine and no timer. Each call removes a few ended identities on its way, and memory grows piece by
// piece, so the time a call takes depends on the size of its batch, not on how much is remembered or how much ended at
// once. Nothing that is remembered holds a pointer: ten million identities do not slow the garbage collector down.
package memstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/maphash"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// DefaultCapacity is how many identities a store remembers unless its Config says otherwise: about 90 MB when full.
const DefaultCapacity = 1_000_000

// maxCapacity keeps the numbers of records within 32 bits; number 0 means none.
const maxCapacity = math.MaxInt32

// Config sets up a [Store]. The zero Config is a good one.
type Config struct {
	// Capacity is the number of identities, claimed or done, that the store remembers at most. What is not positive
	// means DefaultCapacity, never "no limit"; what is beyond 2^31-1 means 2^31-1.
	Capacity int

	// Logger is told when the store is filling up; nil means slog.Default(), as it is at that moment. No keys are
	// logged. It must be safe for concurrent use.
	Logger *slog.Logger
}

// shardCount is how many locks share the work. More would let more processors claim at once, and cost memory in a store
// that holds little.
const shardCount = 8

// Store is a [replay.Store] in memory. It is made by [New] or [NewWithConfig] and safe for concurrent use.
type Store struct {
	shards   [shardCount]shard // first: each is to start a line of the processor's cache
	logger   *slog.Logger      // nil means slog.Default()
	epoch    time.Time         // instants are kept as durations since then, on the monotonic clock
	seed     maphash.Seed
	closed   atomic.Bool // set before the shards are cleared; looked at under the lock of one
	pressure pressure
	room     room

	replay.Roster // of the guards that use it
}

var _ replay.Rostered = (*Store)(nil)

// New returns an empty store with the default capacity.
func New() *Store { return NewWithConfig(Config{}) }

// NewWithConfig returns an empty store. It takes no memory to speak of before identities arrive.
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
		// A counter makes tokens unique within the shard; a random start keeps apart those of another store.
		sh.lastToken = randomToken()
	}
	return s
}

func randomToken() replay.Token {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return replay.Token(binary.BigEndian.Uint64(b[:]))
}

// Scope returns [replay.Process].
func (s *Store) Scope() replay.Scope { return replay.Process }

// Close forgets everything and gives the memory back. Every later call answers [replay.ErrClosed].
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

// Stats are numbers for gauges.
type Stats struct {
	Live     int // identities remembered: claimed, or done
	Capacity int
}

// Stats counts what is remembered now. It removes all that has ended, a bounded number at a time, so that other
// callers are not held up. A closed store remembers nothing.
func (s *Store) Stats() Stats {
	live := 0
	for i := range s.shards {
		live += s.sweepAll(&s.shards[i])
	}
	s.pressure.due(int64(live), s.room.capacity)
	return Stats{Live: live, Capacity: int(s.room.capacity)}
}

func (s *Store) sweepAll(sh *shard) (live int) {
	const step = 512
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

// now is the monotonic time since the store was made: a clock that is set back or forward ends no claim.
func (s *Store) now() time.Duration { return time.Since(s.epoch) }

// begin says when a call happens, unless the call must not do anything.
func (s *Store) begin(ctx context.Context) (now time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if s.closed.Load() {
		return 0, replay.ErrClosed
	}
	return s.now(), nil
}

func (s *Store) hash(key *replay.Key) uint64 { return maphash.Bytes(s.seed, key[:]) }

// digest shortens a digest. Two bodies pass for one with a chance of 2^-64, which nobody can better: the seed is
// secret.
func (s *Store) digest(digest *replay.Digest) uint64 { return maphash.Bytes(s.seed, digest[:]) }

// shardOf takes the bits of a hash that its tag leaves.
func (s *Store) shardOf(hash uint64) *shard { return &s.shards[hash%shardCount] }

// lockAll takes the locks in the one order in which anybody takes more than one.
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

// after adds without wrapping round: a TTL of centuries must not end in the past.
func after(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}
