// Package limit defines the contract of rate limiters. Without a limiter a guard counts in its own process.
//
// To share the counts between guards of one process use package limit/memlimit, and between processes limit/redislimit.
package limit

import (
	"context"
	"time"
)

// Limiter counts per key, and reports when a key has used up its allowance. Packages limit/memlimit and
// limit/redislimit implement it. It must be safe for concurrent use.
type Limiter interface {
	// Allow takes n from the allowance of the key, if that much is left. If it is not, Allow takes nothing, and
	// retryAfter is how long to wait.
	//
	// With an n of 0 it takes nothing and reports whether 1 would be allowed. The guard calls it so before anything is
	// proved. The answer must then come from memory, even if it is old, and never from the network: an attacker would
	// otherwise cause a network call with each request.
	//
	// An error means that the limiter cannot answer. The guard then neither lets everything in nor refuses everything:
	// it counts in its own process, and logs that once a minute.
	Allow(ctx context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error)
}
