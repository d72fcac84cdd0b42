package memstore

import "time"

// deadline is when one record ends.
type deadline struct {
	at     time.Duration // since the store's epoch
	record recordNo
}

// deadlines is a heap, four children to a node, with the earliest deadline first: whether anything has ended is one
// look. Records know their place in it, so that any deadline can be moved or taken out.
//
// Claims and commits have a heap each. The leases are few and short-lived; a commit comes after nearly all commits
// before it and stays where it was put, so neither has far to go.
type deadlines []deadline

const arity = 4

func (d *deadlines) push(t *table, at time.Duration, no recordNo) {
	*d = append(*d, deadline{at, no})
	d.up(t, len(*d)-1)
}

func (d *deadlines) remove(t *table, pos uint32) {
	i, last := int(pos), len(*d)-1
	moved := (*d)[last]
	*d = (*d)[:last]
	if i == last {
		return
	}
	d.put(t, i, moved)
	d.fix(t, i)
}

// postpone gives a record another deadline.
func (d *deadlines) postpone(t *table, pos uint32, at time.Duration) {
	(*d)[pos].at = at
	d.fix(t, int(pos))
}

func (d *deadlines) fix(t *table, i int) {
	if !d.down(t, i) {
		d.up(t, i)
	}
}

func (d *deadlines) up(t *table, i int) {
	moved := (*d)[i]
	for i > 0 {
		parent := (i - 1) / arity
		if (*d)[parent].at <= moved.at {
			break
		}
		d.put(t, i, (*d)[parent])
		i = parent
	}
	d.put(t, i, moved)
}

// down reports whether the deadline at i moved.
func (d *deadlines) down(t *table, i int) bool {
	start, moved := i, (*d)[i]
	for {
		first := arity*i + 1
		if first >= len(*d) {
			break
		}
		least := first
		for c := first + 1; c < min(first+arity, len(*d)); c++ {
			if (*d)[c].at < (*d)[least].at {
				least = c
			}
		}
		if moved.at <= (*d)[least].at {
			break
		}
		d.put(t, i, (*d)[least])
		i = least
	}
	d.put(t, i, moved)
	return i > start
}

func (d *deadlines) put(t *table, i int, v deadline) {
	(*d)[i] = v
	t.at(v.record).pos = uint32(i)
}
