// Package redislimit is a [limit.Limiter] in Redis, so that several processes share a source's allowance.
//
// A key is one instant in Redis, by the generic cell rate algorithm, changed in one script by Redis's own clock; it
// goes when the allowance is whole again. Keys are hashed: Redis holds no addresses. A guard asks Redis only about
// deliveries that were proved and failures that it has found; what it asks before the proof is answered from memory.
package redislimit

import (
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

// script takes ARGV[3] from the key, or says in microseconds how long to wait. Redis gives Lua's numbers as integers
// back, and microseconds since 1970 are exact in them.
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
	maxRemembered = 1 << 16
)

// Config is what [New] takes.
type Config struct {
	Client    redis.UniversalClient // required; the app closes it
	PerSecond float64               // sustained, for each key; required, at most 1,000,000
	Burst     int                   // at once; required
	// Prefix is what the keys in Redis begin with. Limiters at different rates need different ones.
	// Default "sallyport:limit:".
	Prefix string
}

// Limiter counts in Redis. It is safe for concurrent use.
type Limiter struct {
	client   redis.UniversalClient
	script   *redis.Script
	prefix   string
	interval int64 // microseconds
	depth    int64

	mu   sync.Mutex
	over map[string]time.Time // what Redis refused, until when
}

var _ limit.Limiter = (*Limiter)(nil)

// New makes a limiter. It does not ask Redis anything.
func New(c Config) (*Limiter, error) {
	const most = 1e6 // a microsecond is the least that is counted
	switch {
	case c.Client == nil:
		return nil, errors.New("sallyport: redislimit: Client is missing")
	case !(c.PerSecond > 0 && c.PerSecond <= most) || c.Burst < 1:
		return nil, fmt.Errorf("sallyport: redislimit: PerSecond must be above 0 and at most %d, and Burst at least 1",
			int(most))
	}
	interval := math.Round(1e6 / c.PerSecond)
	if interval*float64(c.Burst) > 1e15 {
		return nil, errors.New("sallyport: redislimit: a burst at this rate would take more than 30 years to come back")
	}
	l := &Limiter{
		client: c.Client, script: redis.NewScript(script), prefix: c.Prefix,
		interval: int64(interval), depth: int64(interval) * int64(c.Burst), over: map[string]time.Time{},
	}
	if l.prefix == "" {
		l.prefix = defaultPrefix
	}
	return l, nil
}

// Allow takes n of what the key may still use, or none and says how long to wait. With n of 0 it does not ask Redis: it
// knows what this process was refused last. The error is Redis's.
func (l *Limiter) Allow(ctx context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error) {
	if n <= 0 {
		wait := l.remembered(key)
		return wait <= 0, max(wait, 0), nil
	}
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
	l.remember(key, wait)
	return false, wait, nil
}

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

// remember keeps a refusal in memory. Where there is no place for it nothing is lost but the shortcut: Redis is asked.
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
