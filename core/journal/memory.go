package journal

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

const (
	memoryRows  = 10_000
	memoryBytes = 64 << 20
	rowBytes    = 300 // what a row takes besides its blob, roughly
)

// Memory is a [Store] of one process: a restart forgets it. It holds 10,000 entries and 64 MiB. Beyond
// that the oldest closed entries make room, then the oldest open ones, which their provider sends
// again. Nothing parked does: full of parked entries it returns [ErrFull].
type Memory struct {
	mu    sync.Mutex
	rows  map[ID]Row
	order []Cursor    // of all rows, the oldest first
	drop  [2][]Cursor // of the rows that may make room: closed ones, and then open ones; the oldest first
	bytes int
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{rows: make(map[ID]Row)} }

// Save implements [Store].
func (m *Memory) Save(ctx context.Context, rows []Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.rows == nil { // the zero value is an empty Memory too
		m.rows = make(map[ID]Row)
	}
	// Everything is checked before anything is written, so that a call is all or nothing.
	saved := make(map[ID]bool, len(rows))
	// What the store would hold afterwards.
	count, size := len(m.rows), m.bytes
	for i := range rows {
		r := &rows[i]
		old, known := m.rows[r.ID]
		if old.Revision != r.Revision {
			return ErrChanged
		}
		saved[r.ID] = true
		size += r.size()
		if known {
			size -= old.size()
		} else {
			count++
		}
	}
	if !m.makeRoom(count-memoryRows, size-memoryBytes, saved) {
		return fmt.Errorf("%w: it holds %d entries in memory that may not be dropped; run or dismiss what is parked, "+
			"or keep the journal in a database", ErrFull, len(m.rows))
	}
	for _, r := range rows {
		// Its place in the order is by its old time.
		m.remove(r.ID)
		r.Revision++
		r.Blob = bytes.Clone(r.Blob)
		m.insert(r)
	}
	return nil
}

// makeRoom drops rows until so many rows and bytes are gained. It drops none where that cannot be
// reached. The caller must hold mu.
func (m *Memory) makeRoom(rows, size int, saved map[ID]bool) bool {
	// Chosen first and dropped last: where there is not enough room, nothing must be gone.
	var drop []ID
	// Fails closed: an open entry is at the provider too, a parked one is nowhere else.
	for _, droppable := range m.drop {
		for _, c := range droppable {
			if rows <= 0 && size <= 0 {
				break
			}
			if r := m.rows[c.ID]; !saved[c.ID] {
				drop = append(drop, c.ID)
				rows, size = rows-1, size-r.size()
			}
		}
	}
	if rows > 0 || size > 0 {
		return false
	}
	for _, id := range drop {
		m.remove(id)
	}
	return true
}

// lists returns the lists that a row of the state stands in.
func (m *Memory) lists(s State) []*[]Cursor {
	switch {
	case s.Closed():
		return []*[]Cursor{&m.order, &m.drop[0]}
	case s == Open:
		return []*[]Cursor{&m.order, &m.drop[1]}
	default:
		return []*[]Cursor{&m.order}
	}
}

// insert adds a row that is not there. The caller must hold mu.
func (m *Memory) insert(r Row) {
	for _, list := range m.lists(r.State) {
		at, _ := slices.BinarySearchFunc(*list, r.Cursor(), compareCursors)
		*list = slices.Insert(*list, at, r.Cursor())
	}
	m.rows[r.ID] = r
	m.bytes += r.size()
}

// remove removes a row, if it is there. The caller must hold mu.
func (m *Memory) remove(id ID) {
	r, known := m.rows[id]
	if !known {
		return
	}
	for _, list := range m.lists(r.State) {
		if at, found := slices.BinarySearchFunc(*list, r.Cursor(), compareCursors); found {
			*list = slices.Delete(*list, at, at+1)
		}
	}
	delete(m.rows, id)
	m.bytes -= r.size()
}

// size is what a row takes in memory, roughly.
func (r *Row) size() int { return rowBytes + len(r.Blob) }

// compareCursors orders the oldest first, and at one time the least ID.
func compareCursors(a, b Cursor) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, ids []ID) ([]Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(ids))
	for _, id := range ids {
		if r, known := m.rows[id]; known {
			// The caller may write into what it is given.
			r.Blob = bytes.Clone(r.Blob)
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// List implements [Store].
func (m *Memory) List(ctx context.Context, page Page) ([]Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// From the end, which is the newest, or from where the cursor's row is, or would be.
	at := len(m.order)
	if page.Before != (Cursor{}) {
		at, _ = slices.BinarySearchFunc(m.order, page.Before, compareCursors)
	}
	var rows []Row
	for at--; at >= 0 && len(rows) < page.Limit; at-- {
		r := m.rows[m.order[at].ID]
		if page.Endpoint != "" && r.Endpoint != page.Endpoint ||
			len(page.States) > 0 && !slices.Contains(page.States, r.State) {
			continue
		}
		r.Blob = nil
		rows = append(rows, r)
	}
	return rows, nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, ids []ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		m.remove(id)
	}
	return nil
}

// Prune implements [Pruner].
func (m *Memory) Prune(ctx context.Context, rows []Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range rows {
		if m.rows[rows[i].ID].Revision == rows[i].Revision {
			m.remove(rows[i].ID)
		}
	}
	return nil
}
