// Package sweep closes open entries of a journal whose events were processed since, by the provider's own retry. A
// success is not written to the journal, because it would be a write for every event.
package sweep

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
)

const (
	least  = time.Hour // between two sweeps, however short the retention is
	atOnce = 500       // entries that are read and looked up at once
)

// Times keeps sweeps apart. The zero value is ready. It is safe for concurrent use.
type Times struct {
	last atomic.Int64 // when the last one began; 0: none has
}

// Due reports whether the last sweep is long ago, and notes that one begins. It reports true to one of several callers.
func (t *Times) Due(now time.Time, retention time.Duration) bool {
	last := t.last.Load()
	// Compare and swap: of many deliveries that fail at once, one starts the sweep. A quarter of the retention, because
	// "done" is forgotten after all of it.
	return now.Sub(time.Unix(0, last)) >= max(least, retention/4) && t.last.CompareAndSwap(last, now.UnixNano())
}

// Close reads the open entries of an endpoint page by page and closes the processed ones. On an error it returns how
// many it has closed so far.
func Close(ctx context.Context, j *journal.Journal, endpoint string, store replay.Looker) (closed int, err error) {
	page := journal.Page{Endpoint: endpoint, States: []journal.State{journal.Open}, Limit: atOnce}
	for {
		rows, err := j.List(ctx, page)
		if err != nil || len(rows) == 0 {
			return closed, err
		}
		// Set before rows are closed: the cursor must not depend on which of them are left.
		page.Before = rows[len(rows)-1].Cursor()
		n, err := closeRows(ctx, j, store, rows)
		closed += n
		if err != nil || len(rows) < atOnce {
			return closed, err
		}
	}
}

// closeRows closes those of the rows whose events are done. Entries of an inbox are left as they are.
func closeRows(ctx context.Context, j *journal.Journal, store replay.Looker, rows []journal.Row) (int, error) {
	var keys []replay.Key
	var known []journal.Row
	for _, row := range rows {
		// Of an event of an inbox, "done" means that it was enqueued: it says nothing of the work.
		if id, ok := row.ID.Identity(); ok && row.ID.Kind() == journal.FromRequest {
			keys, known = append(keys, id), append(known, row)
		}
	}
	results, err := store.Look(ctx, keys)
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
	batches, err := doneBatches(ctx, j, store, rows)
	if err != nil {
		return 0, err
	}
	return j.CloseDone(ctx, append(done, batches...))
}

// doneBatches returns the rows of whole batches of which every event is done.
func doneBatches(
	ctx context.Context, j *journal.Journal, store replay.Looker, rows []journal.Row,
) (done []journal.Row, err error) {
	for _, row := range rows {
		if row.ID.Kind() != journal.FromBatch {
			continue
		}
		e, err := j.Load(ctx, row.ID)
		if err != nil {
			continue // it stays open; whoever lists it learns why it cannot be read
		}
		keys := make([]replay.Key, len(e.Parts))
		for i := range e.Parts {
			keys[i] = e.Parts[i].Identity
		}
		results, err := store.Look(ctx, keys)
		if err != nil {
			return nil, err
		}
		// Fails closed: an event that nothing remembers is never done.
		open := func(r replay.Result) bool { return r.State != replay.Done }
		if len(results) > 0 && !slices.ContainsFunc(results, open) {
			done = append(done, row)
		}
	}
	return done, nil
}
