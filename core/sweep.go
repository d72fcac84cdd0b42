package core

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
)

// sweeper closes open entries of events that were processed since, by the provider's own retry. A success is not written
// to the journal, because it would be a write for every event.
type sweeper struct {
	last atomic.Int64 // when the last one began; 0: none has
}

const (
	leastSweep = time.Hour // between two sweeps, however short the retention is
	sweepPage  = 500       // entries that are read and looked up at once
)

// sweepSometimes sweeps where the last time is long ago. It is called where something was kept: without failures there
// is nothing to close, and no goroutine.
func (g *Guard) sweepSometimes() {
	looker, ok := g.memory.Store.(replay.Looker)
	if !ok {
		return
	}
	s := &g.journaling.sweep
	now, last := time.Now(), s.last.Load()
	// Compare and swap: of many deliveries that fail at once, one starts the sweep. A quarter of the retention, because
	// "done" is forgotten after all of it.
	if now.Sub(time.Unix(0, last)) < max(leastSweep, g.memory.Retention/4) ||
		!s.last.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	g.journaling.runs.begin()
	go func() {
		defer g.journaling.runs.end()
		defer func() {
			if v := recover(); v != nil { // of a store: it must not take the process down
				g.logger.Error("sallyport: comparing the journal with the replay store panicked", "endpoint",
					g.endpoint,
					"provider", g.provider)
			}
		}()
		// Of its own: the delivery that started it may have been answered by then.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := g.closeProcessed(ctx, looker); err != nil {
			g.logger.Warn("sallyport: entries of the journal could not be compared with the replay store",
				"endpoint", g.endpoint, "provider", g.provider, "error", err.Error())
		}
	}()
}

// runCount counts what is under way. A sync.WaitGroup does not do: it may not be begun and waited for at once.
type runCount struct {
	mu   sync.Mutex
	n    int           // runs that began and have not ended
	idle chan struct{} // closed when n is 0 again; nil: nobody waits
}

func (c *runCount) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *runCount) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// wait waits until nothing is under way, or until ctx ends.
func (c *runCount) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.n == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CloseProcessed closes the journal's open entries of events that were processed since, by the provider's retry, and
// returns how many it closed. A guard does so by itself about every hour; call it before a list of what is open is
// shown. Without a journal, or with a store that is no [replay.Looker], it does nothing.
func (g *Guard) CloseProcessed(ctx context.Context) (closed int, err error) {
	looker, ok := g.memory.Store.(replay.Looker)
	if !ok || g.journaling.journal == nil {
		return 0, nil
	}
	return g.closeProcessed(ctx, looker)
}

// closeProcessed reads the open entries page by page and closes the processed ones. On an error it returns how many it
// has closed so far.
func (g *Guard) closeProcessed(ctx context.Context, looker replay.Looker) (closed int, err error) {
	j := g.journaling.journal
	page := journal.Page{Endpoint: g.endpoint, States: []journal.State{journal.Open}, Limit: sweepPage}
	for {
		rows, err := j.List(ctx, page)
		if err != nil || len(rows) == 0 {
			return closed, err
		}
		// Set before rows are closed: the cursor must not depend on which of them are left.
		page.Before = rows[len(rows)-1].Cursor()
		n, err := g.closeRows(ctx, looker, rows)
		closed += n
		if err != nil || len(rows) < sweepPage {
			return closed, err
		}
	}
}

// closeRows closes those of the rows whose events are done. Entries of an inbox are left as they are.
func (g *Guard) closeRows(ctx context.Context, looker replay.Looker, rows []journal.Row) (int, error) {
	var keys []replay.Key
	var known []journal.Row
	for _, row := range rows {
		// Of an event of an inbox, "done" means that it was enqueued: it says nothing of the work.
		if id, ok := row.ID.Identity(); ok && row.ID.Kind() == journal.FromRequest {
			keys, known = append(keys, id), append(known, row)
		}
	}
	results, err := looker.Look(ctx, keys)
	if err != nil {
		return 0, err
	}
	done := known[:0]
	for i, res := range results {
		// Fails closed: an entry stays open unless the store says that its event is done.
		if res.State == replay.Done {
			done = append(done, known[i])
		}
	}
	return g.journaling.journal.CloseDone(ctx, done)
}
