package journal

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Query says which entries to list.
type Query struct {
	Endpoint string    // empty: of all endpoints
	State    State     // 0: in any state
	Type     string    // of the event; empty: any
	Since    time.Time // changed at this time or after it; zero: ever
	Until    time.Time // changed before this time; zero: until now
	Err      string    // a part of the error's text; empty: any
	Limit    int       // at most so many entries; 0: all
	// Before is the place behind which the list begins: that of the last entry of the page before. It takes the place
	// of Until. Zero: at the newest.
	Before Cursor
}

// queryPage is how many entries are held in memory at a time. Each may have a body of Config.MaxBody.
const queryPage = 25

// Load returns an entry. Errors: [ErrNotFound], [ErrForged], [ErrSealed], or the store's.
func (j *Journal) Load(ctx context.Context, id ID) (*Entry, error) {
	if !id.valid() {
		return nil, ErrNotFound
	}
	rows, err := j.store.Load(ctx, []ID{id})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ErrNotFound
	}
	return j.decode(ctx, rows[0])
}

// List returns a page of rows without their blobs, the newest first: less than Entries returns, at less
// cost.
func (j *Journal) List(ctx context.Context, page Page) ([]Row, error) {
	if page.Endpoint != "" {
		page.Endpoint = endpointOf(page.Endpoint)
	}
	return j.store.List(ctx, page)
}

// Entries returns the entries of a query, the one that changed last first. An entry that cannot be read
// is an [UnreadableError] instead, which says its ID, and the loop goes on behind it. Any other error
// ends the loop.
//
// An entry that changes while the loop runs moves to the front, and may be left out; none is listed
// twice.
func (j *Journal) Entries(ctx context.Context, q Query) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		page := Page{Endpoint: q.Endpoint, Limit: queryPage}
		if q.State != 0 {
			page.States = []State{q.State}
		}
		switch {
		case q.Before != Cursor{}:
			page.Before = Cursor{At: micro(q.Before.At), ID: q.Before.ID}
		case !q.Until.IsZero():
			page.Before.At = micro(q.Until)
		}
		// Each page is loaded, read and yielded before the next: memory is bounded, and a loop that
		// ends early asks no more.
		count := 0
		for {
			rows, err := j.List(ctx, page)
			if err != nil {
				yield(nil, err)
				return
			}
			more, err := j.yieldPage(ctx, q, rows, &count, yield)
			if err != nil {
				yield(nil, err)
				return
			}
			if !more || len(rows) < queryPage {
				return
			}
			page.Before = rows[len(rows)-1].Cursor()
		}
	}
}

// yieldPage yields the entries of a page that match. It reports whether the loop goes on.
func (j *Journal) yieldPage(
	ctx context.Context, q Query, listed []Row, count *int, yield func(*Entry, error) bool,
) (bool, error) {
	// The list has no blobs. What it can decide is decided before they are loaded.
	ids := make([]ID, 0, len(listed))
	for i := range listed {
		if !q.Since.IsZero() && listed[i].At.Before(micro(q.Since)) {
			break
		}
		ids = append(ids, listed[i].ID)
	}
	if len(ids) == 0 {
		return false, nil
	}
	// One round trip for the whole page.
	rows, err := j.store.Load(ctx, ids)
	if err != nil {
		return false, err
	}
	byID := make(map[ID]Row, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	// Stores load in any order. The order of the list is the one that counts.
	for i, id := range ids {
		row, ok := byID[id]
		if !ok || row.Revision != listed[i].Revision {
			continue // deleted or changed since it was listed
		}
		// An unreadable entry is yielded whatever the query says: nobody can tell whether it matches,
		// and to leave it out would hide that somebody has changed it.
		e, err := j.decode(ctx, row)
		if err == nil && !q.matches(e) {
			continue
		}
		*count++
		if !yield(e, err) || *count == q.Limit {
			return false, nil
		}
	}
	return len(ids) == len(listed), nil
}

// matches checks what stands in the blob alone.
func (q *Query) matches(e *Entry) bool {
	return (q.Type == "" || e.Type == q.Type) && (q.Err == "" || strings.Contains(e.Err, q.Err))
}

// Delete erases entries, whatever their state. It passes over IDs that do not exist.
func (j *Journal) Delete(ctx context.Context, ids ...ID) error {
	// Erasing is not hindered by one ID that is not valid.
	known := make([]ID, 0, len(ids))
	for _, id := range ids {
		if id.valid() {
			known = append(known, id)
		}
	}
	if len(known) == 0 {
		return nil
	}
	return j.store.Delete(ctx, known)
}
