// Package redisstore is a replay store in Redis or Valkey, shared by every process that uses the same database.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	store, err := redisstore.New(ctx, client, "billing") // the namespace: whose memory it is
//
// Any [redis.UniversalClient] will do: a single server, Sentinel, or a cluster. Each identity is one key, so that no
// command spans two slots; a batch is one pipeline, one round trip to each server that holds a part of it, whatever is
// found there. Only a server that does not have the scripts yet costs two more.
//
// # Keys
//
// A key is the namespace, a colon and the identity in hexadecimal, as logs show it: "billing:9f86d081...". Applications
// with different namespaces share a database without seeing each other; those with the same one share what they
// remember. A user that may do nothing else needs "~billing:*" in its ACL.
//
// # When Redis does not answer
//
// A call gives up after a second, see [WithTimeout], and the delivery is answered 503. The client's own limits are
// longer: with go-redis' defaults a server that stands still is waited for three to five seconds, and what nobody
// waits for any more holds a connection for as long. A client that is made for the store alone gives up with it:
//
//	client := redis.NewClient(&redis.Options{
//		Addr:                  "127.0.0.1:6379",
//		ContextTimeoutEnabled: true,                   // the store's timeout ends its commands
//		DialTimeout:           500 * time.Millisecond, // default 5s
//		MaxRetries:            1,                      // default 3
//	})
//
// # What is promised
//
// A claim is a script of one SET with NX; a verdict is a script that changes the key only for the token that holds
// it. Leases and memories are the server's own TTLs, so that no clock of a client matters, but for what
// [replay.Result].DoneAt tells; a server whose clock jumps ahead, or that takes over with one that is ahead, ends all
// of them early by as much. A server that persists every write ("appendonly yes", "appendfsync always") loses nothing
// that was committed when it crashes; with the usual "appendfsync everysec" a crash may lose the last second, and
// without persistence everything.
//
// # What is not promised
//
// Redis replicates after it has answered. A failover to a replica may forget what the old primary acknowledged last,
// and an event that was committed then runs again when it is delivered again. [WithReplicas] narrows that: a claim or
// a commit counts only once so many replicas have it. It does not close it, because a failover may choose another
// replica. Where running an event twice costs money, use sqlstore and its transactions.
//
// Eviction would forget live identities to make room. [New] therefore refuses a server whose maxmemory-policy is any
// but noeviction; such a server answers "out of memory" instead, which is [replay.ErrFull].
package redisstore

import (
	"context"
	"encoding/hex"
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
	prefix   string        // of every key: the namespace and a colon
	timeout  time.Duration // of a call; 0: the context's
	take     *script
	settle   *script
	extend   *script
	direct   bool // the client gives up when a context ends
	replicas int
	wait     time.Duration
	evicts   bool // accepted by the loud option
	closed   atomic.Bool

	replay.Roster // of the guards that use it
}

var (
	_ replay.Versioned    = (*Store)(nil) //lint:immutable an assertion
	_ replay.Rostered     = (*Store)(nil) //lint:immutable an assertion
	_ replay.DigestReader = (*Store)(nil) //lint:immutable an assertion
	_ replay.Looker       = (*Store)(nil) //lint:immutable an assertion
)

// Option changes a default of [New].
type Option func(*Store)

// WithTimeout limits how long a call waits for the server, whatever the client's options are. Default one second. The
// time that [WithReplicas] allows comes on top.
func WithTimeout(timeout time.Duration) Option { return func(s *Store) { s.timeout = timeout } }

// WithReplicas makes claims and verdicts count only once n replicas have them; where they do not within the timeout
// (default one second), the delivery is answered 503. Not for clusters.
func WithReplicas(n int, timeout time.Duration) Option {
	return func(s *Store) { s.replicas, s.wait = n, timeout }
}

// DangerouslyAllowEviction accepts a server that forgets live identities when its memory is full, or that does not say
// whether it does. What it forgets may run again.
func DangerouslyAllowEviction() Option { return func(s *Store) { s.evicts = true } }

const (
	defaultTimeout = time.Second
	defaultWait    = time.Second
)

// New makes a store of a client, which stays the caller's to close. The namespace names the application whose memory
// it is, see [replay.CheckNamespace]: it is part of every key. New asks the server for what the store relies on, so
// that a wrong version, missing permissions and a policy of eviction are found at start. It waits as long as ctx and
// the client do.
func New(ctx context.Context, client redis.UniversalClient, namespace string, options ...Option) (*Store, error) {
	if client == nil {
		return nil, fmt.Errorf("redisstore: the client is nil")
	}
	if err := replay.CheckNamespace(namespace); err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	s := &Store{
		client: client, prefix: namespace + ":", timeout: defaultTimeout, wait: defaultWait,
		take: newScript(claimScript), settle: newScript(settleScript), extend: newScript(extendScript),
	}
	for _, o := range options {
		o(s)
	}
	if s.replicas < 0 || s.wait < time.Millisecond {
		return nil, fmt.Errorf("redisstore: WithReplicas needs a number that is not negative, and a timeout of at least 1ms")
	}
	if s.timeout < time.Millisecond {
		return nil, fmt.Errorf("redisstore: WithTimeout needs at least 1ms, not %s", s.timeout)
	}
	switch c := client.(type) {
	case *redis.Client:
		s.direct = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		s.direct = c.Options().ContextTimeoutEnabled
		if s.replicas > 0 {
			return nil, fmt.Errorf("redisstore: WithReplicas is not for clusters, where a batch is spread over " +
				"several servers")
		}
	}
	timeout := s.timeout
	s.timeout = 0
	if err := s.inspect(ctx); err != nil {
		return nil, err
	}
	if s.timeout = timeout; s.replicas > 0 {
		s.timeout += s.wait
	}
	return s, nil
}

// Scope says that every process with the same database shares the memory.
func (s *Store) Scope() replay.Scope { return replay.Shared }

// Version is the version of the values: what a value begins with.
func (s *Store) Version() int { return version - '0' }

// Close ends the use of the store. The client stays open: it is the caller's.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

func (s *Store) key(k *replay.Key) string {
	var b strings.Builder
	var digits [2 * len(replay.Key{})]byte
	hex.Encode(digits[:], k[:])
	b.Grow(len(s.prefix) + len(digits))
	b.WriteString(s.prefix)
	b.Write(digits[:])
	return b.String()
}

// do runs fn until ctx ends, or the store's timeout has passed. Without ContextTimeoutEnabled go-redis looks at its own
// timeouts and not at a context's.
func (s *Store) do(ctx context.Context, fn func(context.Context) error) error {
	if s.closed.Load() {
		return replay.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
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
