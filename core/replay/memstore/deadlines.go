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

// deadlineChunk says when records end. Two arrays waste nothing where pairs of unequal size would.
type deadlineChunk struct {
	at     [chunkSize]time.Duration // since the store's epoch
	record [chunkSize]recordNo
}

// deadline is when one record ends.
type deadline struct {
	at     time.Duration
	record recordNo
}

const arity = 4

func (d *deadlines) at(i int) time.Duration { return d.chunks[i/chunkSize].at[i%chunkSize] }

func (d *deadlines) get(i int) deadline {
	c := d.chunks[i/chunkSize]
	return deadline{at: c.at[i%chunkSize], record: c.record[i%chunkSize]}
}

// put places a deadline and tells its record.
func (d *deadlines) put(t *table, i int, v deadline) {
	c := d.chunks[i/chunkSize]
	c.at[i%chunkSize], c.record[i%chunkSize] = v.at, v.record
	t.at(v.record).pos = uint32(i)
}

func (d *deadlines) push(t *table, at time.Duration, no recordNo) {
	if d.len == len(d.chunks)*chunkSize {
		d.chunks = grow(d.chunks)
	}
	d.len++
	d.up(t, d.len-1, deadline{at, no})
}

func (d *deadlines) remove(t *table, pos uint32) {
	i, last := int(pos), d.len-1
	moved := d.get(last)
	d.len = last
	d.shrink()
	if i != last {
		d.fix(t, i, moved)
	}
}

// shrink gives back the last block when another one is empty too, so that a heap that hovers at the edge of a block does
// not make one again and again. What leases no longer need, retention may take.
func (d *deadlines) shrink() {
	n := len(d.chunks)
	if block := blockOf(n); d.len <= (n-2*block)*chunkSize {
		clear(d.chunks[n-block:])
		d.chunks = d.chunks[:n-block]
	}
}

// postpone gives a record another deadline.
func (d *deadlines) postpone(t *table, pos uint32, at time.Duration) {
	moved := d.get(int(pos))
	moved.at = at
	d.fix(t, int(pos), moved)
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
		if d.at(parent) <= moved.at {
			break
		}
		d.put(t, i, d.get(parent))
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
		if moved.at <= d.at(least) {
			break
		}
		d.put(t, i, d.get(least))
		i = least
	}
	d.put(t, i, moved)
	return i
}
