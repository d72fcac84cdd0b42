package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// mostOpen bounds the open entries of an endpoint: while an app is down, every delivery fails, and the provider has
	// all of them.
	mostOpen   = 10_000
	openPage   = 1000
	recountIn  = time.Minute
	mostCounts = 1000 // endpoints
)

// openCount counts open entries by endpoint. It is an estimate: other processes add entries too, and closing counts down
// only at the next count.
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
	var full map[string]bool
	seen := make(map[string]bool)
	for _, e := range list {
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

// count returns how many open entries an endpoint has. It asks the store at the first time, and about once a minute
// while there are too many.
func (c *openCount) count(ctx context.Context, store Store, endpoint string) (int, error) {
	c.mu.Lock()
	is, known := c.known[endpoint]
	c.mu.Unlock()
	if known && (is.entries < mostOpen || time.Since(is.at) < recountIn) {
		return is.entries, nil
	}
	is = counted{at: time.Now()}
	page := Page{Endpoint: endpointOf(endpoint), States: []State{Open}, Limit: openPage}
	for is.entries < mostOpen {
		rows, err := store.List(ctx, page)
		if err != nil {
			return 0, err
		}
		is.entries += len(rows)
		if len(rows) < openPage {
			break
		}
		page.Before = rows[len(rows)-1].Cursor()
	}
	if is.entries >= mostOpen {
		slog.WarnContext(ctx, "journal: the endpoint has too many open entries; further ones are only counted until some close",
			"endpoint", endpoint, "entries", is.entries)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostCounts {
		c.known = make(map[string]counted)
	}
	c.known[endpoint] = is
	return is.entries, nil
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
