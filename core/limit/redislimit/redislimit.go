// Package redislimit provides a [limit.Limiter] in Redis. Several processes share one allowance for each source.
//
//	limiter, err := redislimit.New(redislimit.Config{Client: client, PerSecond: 10, Burst: 20})
//
// # Promises
//
// A key in Redis holds one instant, by the generic cell rate algorithm (GCRA). One script reads and changes it by the
// clock of Redis, so the clocks of the processes do not matter. The key expires when the allowance is whole again.
//
// Keys are hashed: Redis holds no addresses. A guard calls Redis only for deliveries that it has proved and for
// failures that it has found. Before the proof it is answered from memory.
//
// # Limits
//
// When Redis cannot be reached, the guard counts in its own process. Each process then allows the full rate.
package redislimit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/limit"
)

// script takes ARGV[3] from the key, or returns in microseconds how long to wait. The key holds the instant at which
// the allowance is whole again ("theoretical arrival time" in GCRA).
//
// Lua's numbers are doubles, which hold microseconds since 1970 exactly until the year 2255. Redis truncates them to
// integers in replies, therefore the ceil. "%.0f" writes all digits: tostring would round to 14.
const script = `
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, depth, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local till = at + interval * n
local wait = till - now - depth
if wait > 0 then return {0, math.ceil(wait)} end
redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil((till - now) / 1000))
return {1, 0}`

const (
	defaultPrefix = "sallyport:limit:"
	maxRemembered = 1 << 16 // refusals in memory: some 10 MB at most
)

// Config configures [New].
type Config struct {
	Client    redis.UniversalClient // required; the caller closes it
	PerSecond float64               // the sustained rate of each key, at most 1,000,000; required
	Burst     int                   // how many a key may use at once, at least 1; required
	// Prefix begins every key in Redis. Limiters with different rates must have different prefixes: the stored instants
	// would otherwise be read at another rate. Default "sallyport:limit:".
	Prefix string
}

// Limiter counts in Redis. It is safe for concurrent use.
type Limiter struct {
	client   redis.UniversalClient
	script   *redis.Script
	prefix   string
	interval int64 // between two events at the sustained rate, in microseconds
	depth    int64 // of the burst, in microseconds: Burst times interval

	mu   sync.Mutex
	over map[string]time.Time // keys that Redis refused, and until when
}

var _ limit.Limiter = (*Limiter)(nil)

// New makes a limiter. It does not call Redis.
func New(c Config) (*Limiter, error) {
	const most = 1e6 // the script counts in whole microseconds
	switch {
	case c.Client == nil:
		return nil, errors.New("sallyport: redislimit: Client is missing")
	case !(c.PerSecond > 0 && c.PerSecond <= most) || c.Burst < 1:
		return nil, fmt.Errorf("sallyport: redislimit: PerSecond must be above 0 and at most %d, and Burst at least 1",
			int(most))
	}
	interval := math.Round(1e6 / c.PerSecond)
	if interval*float64(c.Burst) > 1e15 { // keeps instants far below 2^53, up to which Lua is exact
		return nil, errors.New("sallyport: redislimit: a burst at this rate would take more than 30 years to come back")
	}
	l := &Limiter{
		client: c.Client, script: redis.NewScript(script), prefix: c.Prefix,
		interval: int64(interval), depth: int64(interval) * int64(c.Burst), over: map[string]time.Time{},
	}
	l.prefix = cmp.Or(l.prefix, defaultPrefix)
	return l, nil
}

// Allow takes n from the allowance of the key, or takes nothing and returns how long to wait. With an n of 0 it does
// not call Redis: it only knows what this process was refused. An error is that of Redis, and the guard then counts by
// itself.
func (l *Limiter) Allow(ctx context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error) {
	if n <= 0 {
		wait := l.remembered(key)
		return wait <= 0, max(wait, 0), nil
	}
	// A key holds a sender's address, which Redis must not store. 16 bytes suffice: nobody gains from a collision but a
	// share of another's allowance.
	sum := sha256.Sum256([]byte(key))
	res, err := l.script.Run(ctx, l.client, []string{l.prefix + hex.EncodeToString(sum[:16])}, l.interval, l.depth,
		n).Int64Slice()
	if err != nil {
		return false, 0, fmt.Errorf("sallyport: redislimit: %w", err)
	}
	if len(res) != 2 {
		return false, 0, errors.New("sallyport: redislimit: Redis gave another answer than the script's")
	}
	if res[0] == 1 {
		return true, 0, nil
	}
	wait := time.Duration(res[1]) * time.Microsecond
	if n == 1 { // where several do not fit, one still may
		l.remember(key, wait)
	}
	return false, wait, nil
}

// remembered returns how long the key is still refused, as far as this process knows. 0 and less mean that it is not.
// It fails open for a key that only another process was refused for: the check after the proof calls Redis.
func (l *Limiter) remembered(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	until, known := l.over[key]
	if !known {
		return 0
	}
	wait := time.Until(until)
	if wait <= 0 {
		delete(l.over, key)
	}
	return wait
}

// remember keeps a refusal in memory. Where the memory is full it drops the refusal, which costs only the shortcut:
// Redis still refuses the key.
func (l *Limiter) remember(key string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if _, known := l.over[key]; !known && len(l.over) >= maxRemembered {
		for k, until := range l.over {
			if !now.Before(until) {
				delete(l.over, k)
			}
		}
		if len(l.over) >= maxRemembered {
			return
		}
	}
	l.over[key] = now.Add(wait)
}
