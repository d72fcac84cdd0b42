package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// mostOpen bounds the open entries of an endpoint: while an app is down, every delivery fails, and
	// the provider has all of them.
	mostOpen   = 10_000
	openPage   = 1000
	recountIn  = time.Minute
	mostCounts = 1000 // endpoints
)

// openCount counts open entries by endpoint. It is an estimate: other processes add entries too, and
// closing counts down only at the next count.
type openCount struct {
	mu    sync.Mutex
	known map[string]counted
}

type counted struct {
	entries int
	at      time.Time // when they were counted in the store
}

// full returns the endpoints of new open entries that have too many already.
func (c *openCount) full(ctx context.Context, store Store, list []*Entry) (map[string]bool, error) {
	// Most deliveries have one endpoint, and it is not full: then nothing is allocated but this set.
	var full map[string]bool
	seen := make(map[string]bool)
	for _, e := range list {
		// Nothing parked is bounded here: nobody else would send it again.
		if e.State != Open || seen[e.Endpoint] {
			continue
		}
		seen[e.Endpoint] = true
		n, err := c.count(ctx, store, e.Endpoint)
		if err != nil {
			return nil, err
		}
		if n >= mostOpen {
			if full == nil {
				full = make(map[string]bool)
			}
			full[e.Endpoint] = true
		}
	}
	return full, nil
}

// count returns how many open entries an endpoint has. It asks the store at the first time, and about
// once a minute while there are too many.
func (c *openCount) count(ctx context.Context, store Store, endpoint string) (int, error) {
	is, due := c.due(endpoint)
	if !due {
		return is.entries, nil
	}
	n, err := countOpen(ctx, store, endpoint)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		delete(c.known, endpoint) // the next one counts
		return 0, err
	}
	if n >= mostOpen {
		slog.WarnContext(ctx, "journal: an endpoint has too many open entries; further ones are only counted",
			"endpoint", endpoint, "entries", n)
	}
	c.known[endpoint] = counted{entries: n, at: is.at}
	return n, nil
}

// due returns what is known of an endpoint, and whether the caller must count. Of many who fail at once
// one counts, because an app that is down has a database that is busy. The others go by what was known,
// or by nothing: a few entries too many are no harm.
func (c *openCount) due(endpoint string) (is counted, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	is, known := c.known[endpoint]
	if known && (is.entries < mostOpen || time.Since(is.at) < recountIn) {
		return is, false
	}
	// Endpoints are configured, not sent. The bound is for an app that makes names up.
	if c.known == nil || len(c.known) >= mostCounts {
		c.known = make(map[string]counted)
	}
	is.at = time.Now()
	c.known[endpoint] = is
	return is, true
}

// countOpen counts the open entries of an endpoint in the store, up to the bound.
func countOpen(ctx context.Context, store Store, endpoint string) (n int, err error) {
	page := Page{Endpoint: endpointOf(endpoint), States: []State{Open}, Limit: openPage}
	// Rows without blobs, in pages: ten thousand of them are a megabyte.
	for n < mostOpen {
		rows, err := store.List(ctx, page)
		if err != nil {
			return 0, err
		}
		n += len(rows)
		if len(rows) < openPage {
			break
		}
		page.Before = rows[len(rows)-1].Cursor()
	}
	return n, nil
}

// add notes a new open entry.
func (c *openCount) add(endpoint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if is, known := c.known[endpoint]; known {
		is.entries++
		c.known[endpoint] = is
	}
}
