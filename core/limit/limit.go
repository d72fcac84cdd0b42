// Package limit has the contract of rate limiters. A guard counts in its own process where it is given none.
package limit

import (
	"context"
	"time"
)

// Limiter counts under keys and says when a key has used up what it may. Packages limit/memlimit and limit/redislimit
// have implementations; without one the guard counts in its own process. It must be safe for concurrent use.
type Limiter interface {
	// Allow takes n from what the key may still use, if there is that much. When there is not, it takes nothing and
	// says how long to wait.
	//
	// With n of 0 it takes nothing and says whether 1 would be allowed. The guard asks so before anything is proved:
	// the answer must come from memory, be it from what was last heard, and never from the network.
	//
	// An error means that it cannot tell; the guard then counts in its own process, and says so once a minute.
	Allow(ctx context.Context, key string, n int) (ok bool, retryAfter time.Duration, err error)
}
