package memstore

import "time"

// deadlines is a heap, four children to a node, with the earliest deadline first: whether anything has ended is one
// look. Records know their place in it, so that any deadline can be moved or taken out.
//
// Claims and commits have a heap each. The leases are few and short-lived; a commit comes after nearly all commits
// before it and stays where it was put, so neither has far to go.
//
// It grows and shrinks by chunks, so that no claim waits for a million deadlines to be copied.
type deadlines struct {
	len    int
	chunks []*deadlineChunk
}

// deadlineChunk is a piece of a heap.
type deadlineChunk [chunkSize]deadline

// deadline is when one record ends. The instant is kept in halves, so that it takes twelve bytes and not sixteen.
type deadline struct {
	high, low uint32 // of the time since the store's epoch
	record    recordNo
}

func deadlineOf(at time.Duration, no recordNo) deadline {
	return deadline{high: uint32(at >> 32), low: uint32(at), record: no}
}

func (v deadline) at() time.Duration { return time.Duration(v.high)<<32 | time.Duration(v.low) }

const arity = 4

func (d *deadlines) get(i int) *deadline { return &d.chunks[i/chunkSize][i%chunkSize] }

func (d *deadlines) at(i int) time.Duration { return d.get(i).at() }

// put places a deadline and tells its record.
func (d *deadlines) put(t *table, i int, v deadline) {
	*d.get(i) = v
	t.at(v.record).pos = uint32(i)
}

func (d *deadlines) push(t *table, at time.Duration, no recordNo) {
	if d.len == len(d.chunks)*chunkSize {
		d.chunks = grow(d.chunks)
	}
	d.len++
	d.up(t, d.len-1, deadlineOf(at, no))
}

func (d *deadlines) remove(t *table, pos uint32) {
	i, last := int(pos), d.len-1
	moved := *d.get(last)
	d.len = last
	d.shrink()
	if i != last {
		d.fix(t, i, moved)
	}
}

// shrink gives back the last block when another one is empty too, so that a heap that hovers at the edge of a block
// does not make one again and again. What leases no longer need, retention may take.
func (d *deadlines) shrink() {
	n := len(d.chunks)
	if block := blockOf(n); d.len <= (n-2*block)*chunkSize {
		clear(d.chunks[n-block:])
		d.chunks = d.chunks[:n-block]
	}
}

// postpone gives a record another deadline.
func (d *deadlines) postpone(t *table, pos uint32, at time.Duration) {
	d.fix(t, int(pos), deadlineOf(at, d.get(int(pos)).record))
}

// fix puts a deadline where it belongs, from a place that is free.
func (d *deadlines) fix(t *table, i int, moved deadline) {
	if down := d.down(t, i, moved); down == i {
		d.up(t, i, moved)
	}
}

func (d *deadlines) up(t *table, i int, moved deadline) {
	for i > 0 {
		parent := (i - 1) / arity
		if d.at(parent) <= moved.at() {
			break
		}
		d.put(t, i, *d.get(parent))
		i = parent
	}
	d.put(t, i, moved)
}

// down returns where the deadline was put.
func (d *deadlines) down(t *table, i int, moved deadline) int {
	for {
		first := arity*i + 1
		if first >= d.len {
			break
		}
		least := first
		for c := first + 1; c < min(first+arity, d.len); c++ {
			if d.at(c) < d.at(least) {
				least = c
			}
		}
		if moved.at() <= d.at(least) {
			break
		}
		d.put(t, i, *d.get(least))
		i = least
	}
	d.put(t, i, moved)
	return i
}
