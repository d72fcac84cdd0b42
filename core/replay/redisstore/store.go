// Package redisstore provides a replay store in Redis or Valkey, shared by every process that uses the same database.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	store, err := redisstore.New(ctx, client, "billing") // the namespace: the application that owns the memory
//	if err != nil {
//		log.Fatal(err)
//	}
//	guard, err := core.New(core.Config{Replay: store, ...})
//
// It works with any [redis.UniversalClient]: a single server, Sentinel, or a cluster. Each identity is one key, so no
// command spans two slots. A batch is one pipeline: one round trip to each server that holds a part of it. Only a
// server without the scripts costs two more.
//
// With a [redis.Client] whose ContextTimeoutEnabled is set, and without [WithReplicas], many calls at once share
// pipelines. That is several times as fast under load. A pipeline that fails fails all of its calls.
//
// # Keys
//
// A key is the namespace, a colon and the identity in hexadecimal, as logs show it: "billing:9f86d081...". Applications
// with different namespaces can share a database. Applications with the same namespace share one memory. In an ACL,
// "~billing:*" limits a user to the keys of the namespace.
//
// # When Redis does not answer
//
// A call returns after a second, see [WithTimeout], and the delivery is answered 503. That fails closed: an event that
// cannot be claimed does not run.
//
// The client's own limits are longer. With go-redis' defaults it waits three to five seconds for a server that hangs,
// and the abandoned call holds a connection for as long. Configure a client that only the store uses like this:
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
// A claim is a script with one SET NX. A verdict is a script that changes the key only for the token that holds it.
// Leases and retention are TTLs of the server, so the clocks of the clients do not matter. Only [replay.Result].DoneAt
// comes from a client. If the clock of the server jumps ahead, or a server takes over whose clock is ahead, all TTLs
// expire early by as much.
//
// A server that persists every write ("appendonly yes", "appendfsync always") loses no commit when it crashes. With the
// usual "appendfsync everysec" a crash may lose the last second, and without persistence everything.
//
// # What is not promised
//
// Redis replicates after it has answered. A failover to a replica may lose the last writes that the old primary
// acknowledged. An event that was committed then runs again when it is delivered again. [WithReplicas] makes that less
// likely: a claim or a commit counts only once so many replicas have it. It does not exclude it, because a failover may
// choose another replica. Where running an event twice costs money, use sqlstore and its transactions.
//
// Eviction would forget live identities to make room. So [New] refuses a server whose maxmemory-policy is not
// noeviction. With noeviction a full server reports "out of memory", which is [replay.ErrFull].
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
	timeout  time.Duration // of a call, with wait; 0: only the context's
	take     *script
	settle   *script
	extend   *script
	gather   *gatherer     // nil: each call sends its own commands
	direct   bool          // the client returns when a context ends, see do
	replicas int           // 0: do not wait for replicas
	wait     time.Duration // for the replicas
	evicts   bool          // DangerouslyAllowEviction: the policy is not checked
	closed   atomic.Bool

	forgetDone *script

	replay.Roster // of the guards that use it
}

var (
	_ replay.Versioned    = (*Store)(nil) //lint:immutable an assertion
	_ replay.Rostered     = (*Store)(nil) //lint:immutable an assertion
	_ replay.DigestReader = (*Store)(nil) //lint:immutable an assertion
	_ replay.Looker       = (*Store)(nil) //lint:immutable an assertion

	_ replay.DoneForgetter = (*Store)(nil) //lint:immutable an assertion
)

// Option changes a default of [New].
type Option func(*Store)

// WithTimeout limits how long a call waits for the server, whatever the client's options are. Default one second, at
// least 1 ms. The timeout of [WithReplicas] is added to it.
func WithTimeout(timeout time.Duration) Option { return func(s *Store) { s.timeout = timeout } }

// WithReplicas makes claims and verdicts count only once n replicas have them. If they do not within the timeout, it
// fails closed: the delivery is answered 503. It cannot be used with clusters.
func WithReplicas(n int, timeout time.Duration) Option {
	return func(s *Store) { s.replicas, s.wait = n, timeout }
}

// DangerouslyAllowEviction accepts a server that forgets live identities when its memory is full, or that does not
// report whether it does. This fails open: an event that the server forgot runs again when it is replayed.
func DangerouslyAllowEviction() Option { return func(s *Store) { s.evicts = true } }

const (
	defaultTimeout = time.Second
	defaultWait    = time.Second
)

// New makes a store that uses a client. The caller must close the client. The namespace is the name of the application
// that owns the memory, see [replay.CheckNamespace]. It is part of every key.
//
// New checks the server, so a wrong version, missing permissions and an eviction policy are found at start. It waits as
// long as ctx and the client do.
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
		forgetDone: newScript(forgetDoneScript),
	}
	for _, o := range options {
		o(s)
	}
	if s.replicas < 0 || s.wait < time.Millisecond {
		return nil, fmt.Errorf("redisstore: WithReplicas needs a number that is not negative, and a timeout of at " +
			"least 1ms")
	}
	if s.timeout < time.Millisecond {
		return nil, fmt.Errorf("redisstore: WithTimeout needs at least 1ms, not %s", s.timeout)
	}
	// Of other kinds of clients the option cannot be read. They are treated as clients that ignore the context.
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
	// At start there is no delivery that waits, and a slow server is better than none.
	timeout := s.timeout
	s.timeout = 0
	if err := s.inspect(ctx); err != nil {
		return nil, err
	}
	if s.timeout = timeout; s.replicas > 0 {
		s.timeout += s.wait
	}
	// In a cluster a slow server would delay the calls of all others. A WAIT is for the commands of one connection.
	if c, ok := client.(*redis.Client); ok && s.direct && s.replicas == 0 {
		s.gather = &gatherer{client: c, timeout: s.timeout}
	}
	return s, nil
}

// Scope returns [replay.Shared]: every process with the same database shares the memory.
func (s *Store) Scope() replay.Scope { return replay.Shared }

// Version returns the version that this release writes, the first byte of each value.
func (s *Store) Version() int { return version - '0' }

// Close makes every later call return [replay.ErrClosed]. It does not close the client, which is the caller's. It
// returns nil.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// key returns the name of an identity in Redis. It allocates once.
func (s *Store) key(k *replay.Key) string {
	var b strings.Builder
	var digits [2 * len(replay.Key{})]byte
	hex.Encode(digits[:], k[:])
	b.Grow(len(s.prefix) + len(digits))
	b.WriteString(s.prefix)
	b.Write(digits[:])
	return b.String()
}

// do runs fn until ctx ends or the store's timeout has passed. Without ContextTimeoutEnabled go-redis ignores the
// deadline of a context. Then fn runs in a goroutine of its own, and may still run after do has returned. So it must
// not use memory that the caller shares, see own.
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
	// The channel has room for the result, so the goroutine ends even if do has returned.
	done := make(chan error, 1)
	go func() {
		err := errEnded
		defer func() { done <- err }()
		defer panicked(&err)
		err = fn(ctx)
	}()
	select {
	case err := <-done:
		return explain(err)
	case <-ctx.Done():
		return explain(ctx.Err())
	}
}

// own returns the batch, or a copy of it where do may return before fn: the caller may change its slice then.
func own[T any](s *Store, batch []T) []T {
	if s.direct {
		return batch
	}
	return slices.Clone(batch)
}

// milliseconds rounds up, so that a lease is never shorter than requested. It returns at least 1, and at most what fits
// in a Duration.
func milliseconds(d time.Duration) int64 {
	ms := d / time.Millisecond
	if d > ms*time.Millisecond && ms < math.MaxInt64/time.Millisecond {
		ms++
	}
	return max(1, int64(ms))
}
