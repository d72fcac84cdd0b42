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
// An identity takes about 115 bytes. Memory grows with what is remembered and, once used, is kept for reuse until the
// store is closed.
//
// # Cost
//
// There is no goroutine and no timer. Each call removes a few ended identities on its way, so the time a call takes
// depends on the size of its batch, not on how much is remembered or how much ended at once.
package memstore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/maphash"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// DefaultCapacity is how many identities a store remembers unless its Config says otherwise: about 115 MB when full.
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

// Store is a [replay.Store] in memory. It is made by [New] or [NewWithConfig] and safe for concurrent use.
type Store struct {
	capacity int
	logger   *slog.Logger // nil means slog.Default()
	epoch    time.Time    // instants are kept as durations since then, on the monotonic clock

	// One lock for all: a batch that does not fit must take nothing, and that is plain to see only if nobody looks
	// on meanwhile. What is done under the lock is bounded by the batch.
	mu        sync.Mutex
	closed    bool
	table     table
	leases    deadlines // of the records that are claimed
	retention deadlines // of the records that are done
	lastToken replay.Token
	pressure  pressure
}

var _ replay.Store = (*Store)(nil)

// New returns an empty store with the default capacity.
func New() *Store { return NewWithConfig(Config{}) }

// NewWithConfig returns an empty store. It takes no memory to speak of before identities arrive.
func NewWithConfig(config Config) *Store {
	capacity := config.Capacity
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	return &Store{
		capacity: min(capacity, maxCapacity),
		logger:   config.Logger,
		epoch:    time.Now(),
		table:    table{seed: maphash.MakeSeed()},
		// A counter makes tokens unique within the store; a random start keeps apart those of another store.
		lastToken: randomToken(),
	}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.table, s.leases, s.retention = table{}, nil, nil
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
	for {
		if live, clean := s.sweepStep(); clean {
			return Stats{Live: live, Capacity: s.capacity}
		}
	}
}

func (s *Store) sweepStep() (live int, clean bool) {
	const step = 512
	s.mu.Lock()
	defer s.mu.Unlock()
	clean = s.sweep(s.now(), step)
	s.pressure.observe(s.table.live, s.capacity)
	return s.table.live, clean
}

// now is the monotonic time since the store was made: a clock that is set back or forward ends no claim.
func (s *Store) now() time.Duration { return time.Since(s.epoch) }

// begin takes the lock for a call, unless the call must not do anything. The caller unlocks if there is no error.
func (s *Store) begin(ctx context.Context) (now time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return 0, replay.ErrClosed
	}
	return s.now(), nil
}

// after adds without wrapping round: a TTL of centuries must not end in the past.
func after(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}
