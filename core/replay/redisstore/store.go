// Package redisstore is a replay store in Redis or Valkey, shared by every process that uses the same database.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	store, err := redisstore.New(ctx, client)
//
// Any [redis.UniversalClient] will do: a single server, Sentinel, or a cluster. Each identity is one key, so that no
// command spans two slots; a batch is one pipeline, one round trip to each server that holds a part of it, whatever is
// found there. Only a server that does not have the scripts yet costs two more.
//
// # What is promised
//
// A claim is a script of one SET with NX; a verdict is a script that changes the key only for the token that holds it.
// Leases and memories are the server's own TTLs, so that no clock of a client matters, but for what [replay.Result].DoneAt
// tells; a server whose clock jumps ahead, or that takes over with one that is ahead, ends all of them early by as much. A
// server that persists every write ("appendonly yes", "appendfsync always") loses nothing that was committed when it
// crashes; with the usual "appendfsync everysec" a crash may lose the last second, and without persistence everything.
//
// # What is not promised
//
// Redis replicates after it has answered. A failover to a replica may forget what the old primary acknowledged last, and
// an event that was committed then runs again when it is delivered again. [WithReplicas] narrows that: a claim or a commit
// counts only once so many replicas have it. It does not close it, because a failover may choose another replica. Where
// running an event twice costs money, use sqlstore and its transactions.
//
// Eviction would forget live identities to make room. [New] therefore refuses a server whose maxmemory-policy is any but
// noeviction; such a server answers "out of memory" instead, which is [replay.ErrFull].
package redisstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Store keeps identities in Redis. It is safe for concurrent use.
type Store struct {
	client   redis.UniversalClient
	prefix   string
	take     *script
	settle   *script
	extend   *script
	direct   bool // the client gives up when a context ends
	replicas int
	wait     time.Duration
	evicts   bool // accepted by the loud option
	closed   atomic.Bool
}

var _ replay.Store = (*Store)(nil) //lint:immutable an assertion

// Option changes a default of [New].
type Option func(*Store)

// WithPrefix is what the keys begin with, so that several applications can share a database. Default "sallyport:".
func WithPrefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// WithReplicas makes claims and verdicts count only once n replicas have them; where they do not within the timeout
// (default one second), the delivery is answered 503. Not for clusters.
func WithReplicas(n int, timeout time.Duration) Option {
	return func(s *Store) { s.replicas, s.wait = n, timeout }
}

// DangerouslyAllowEviction accepts a server that forgets live identities when its memory is full, or that does not say
// whether it does. What it forgets may run again.
func DangerouslyAllowEviction() Option { return func(s *Store) { s.evicts = true } }

const (
	defaultPrefix = "sallyport:"
	defaultWait   = time.Second
)

// New makes a store of a client, which stays the caller's to close. It asks the server for what the store relies on, so
// that a wrong version, missing permissions and a policy of eviction are found at start.
func New(ctx context.Context, client redis.UniversalClient, options ...Option) (*Store, error) {
	if client == nil {
		return nil, fmt.Errorf("redisstore: the client is nil")
	}
	s := &Store{
		client: client, prefix: defaultPrefix, wait: defaultWait,
		take: newScript(claimScript), settle: newScript(settleScript), extend: newScript(extendScript),
	}
	for _, o := range options {
		o(s)
	}
	if s.replicas < 0 || s.wait < time.Millisecond {
		return nil, fmt.Errorf("redisstore: WithReplicas needs a number that is not negative, and a timeout of at least 1ms")
	}
	switch c := client.(type) {
	case *redis.Client:
		s.direct = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		s.direct = c.Options().ContextTimeoutEnabled
		if s.replicas > 0 {
			return nil, fmt.Errorf("redisstore: WithReplicas is not for clusters, where a batch is spread over several servers")
		}
	}
	if err := s.inspect(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Scope says that every process with the same database shares the memory.
func (s *Store) Scope() replay.Scope { return replay.Shared }

// Close ends the use of the store. The client stays open: it is the caller's.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

func (s *Store) key(k *replay.Key) string {
	var b strings.Builder
	b.Grow(len(s.prefix) + len(k))
	b.WriteString(s.prefix)
	b.Write(k[:])
	return b.String()
}

// do runs fn until ctx ends. Unless it was told otherwise, go-redis looks at its own timeouts and not at a context's.
func (s *Store) do(ctx context.Context, fn func(context.Context) error) error {
	if s.closed.Load() {
		return replay.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.direct {
		return explain(fn(ctx))
	}
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	select {
	case err := <-done:
		return explain(err)
	case <-ctx.Done():
		return explain(ctx.Err())
	}
}

// own is what a call may go on reading when it has returned: without a client that gives up, it does.
func own[T any](s *Store, batch []T) []T {
	if s.direct {
		return batch
	}
	return slices.Clone(batch)
}

// milliseconds rounds up, so that a lease is never shorter than it was asked for; but not beyond what fits a duration.
func milliseconds(d time.Duration) int64 {
	ms := d / time.Millisecond
	if d > ms*time.Millisecond && ms < math.MaxInt64/time.Millisecond {
		ms++
	}
	return max(1, int64(ms))
}
