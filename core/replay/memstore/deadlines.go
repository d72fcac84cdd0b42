package memstore

import "time"

// deadlines is a heap with the earliest deadline first and four children to a node. So one comparison shows whether
// anything has expired. Records know their place in it, so any deadline can be moved or removed. The shard's lock
// guards it.
//
// Claims and commits have a heap each. Leases are few and short. A commit nearly always expires after all earlier ones
// and stays where it was appended. So neither moves far.
//
// It grows and shrinks by chunks: no claim waits for a million deadlines to be copied.
type deadlines struct {
	len    int // deadlines in use; the chunks may have room for more
	chunks []*deadlineChunk
}

// deadlineChunk is a piece of a heap.
type deadlineChunk [chunkSize]deadline

// deadline is the expiry of one record. The instant is kept in halves, because a 64-bit field would be aligned to 8
// bytes and make the struct 16 bytes instead of 12.
type deadline struct {
	high, low uint32 // of the nanoseconds since the store's epoch
	record    recordNo
}

func deadlineOf(at time.Duration, no recordNo) deadline {
	return deadline{high: uint32(at >> 32), low: uint32(at), record: no}
}

func (v deadline) at() time.Duration { return time.Duration(v.high)<<32 | time.Duration(v.low) }

// arity is the number of children of a node. Four make the heap flatter than two, and they are next to each other in
// memory.
const arity = 4

func (d *deadlines) get(i int) *deadline { return &d.chunks[i/chunkSize][i%chunkSize] }

func (d *deadlines) at(i int) time.Duration { return d.get(i).at() }

// set stores a deadline at place i, and the place in its record.
func (d *deadlines) set(t *table, i int, v deadline) {
	*d.get(i) = v
	t.at(v.record).pos = uint32(i)
}

// push adds the deadline of a record. The record must not be in this heap yet.
func (d *deadlines) push(t *table, at time.Duration, no recordNo) {
	if d.len == len(d.chunks)*chunkSize {
		d.chunks = grow(d.chunks)
	}
	d.len++
	d.up(t, d.len-1, deadlineOf(at, no))
}

// remove removes the deadline at a place. The last one of the heap takes its place, and moves up or down from there.
func (d *deadlines) remove(t *table, pos uint32) {
	i, last := int(pos), d.len-1
	moved := *d.get(last)
	d.len = last
	d.shrink()
	if i != last {
		d.fix(t, i, moved)
	}
}

// shrink releases the last block when the one before it is empty too. So a heap that hovers at the edge of a block does
// not allocate again and again. Memory that leases no longer need is then free for retention.
func (d *deadlines) shrink() {
	n := len(d.chunks)
	if block := blockOf(n); d.len <= (n-2*block)*chunkSize {
		clear(d.chunks[n-block:])
		d.chunks = d.chunks[:n-block]
	}
}

// postpone replaces the deadline at a place, and moves it to where it belongs.
func (d *deadlines) postpone(t *table, pos uint32, at time.Duration) {
	d.fix(t, int(pos), deadlineOf(at, d.get(int(pos)).record))
}

// fix stores a deadline where it belongs, beginning at a free place.
func (d *deadlines) fix(t *table, i int, moved deadline) {
	if down := d.down(t, i, moved); down == i {
		d.up(t, i, moved)
	}
}

// up moves the free place i towards the root, past all later deadlines, and stores moved in it.
func (d *deadlines) up(t *table, i int, moved deadline) {
	for i > 0 {
		parent := (i - 1) / arity
		if d.at(parent) <= moved.at() {
			break
		}
		d.set(t, i, *d.get(parent))
		i = parent
	}
	d.set(t, i, moved)
}

// down moves the free place i towards the leaves, past all earlier deadlines, and stores moved in it. It returns the
// final place.
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
		d.set(t, i, *d.get(least))
		i = least
	}
	d.set(t, i, moved)
	return i
}
