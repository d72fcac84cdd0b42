package memstore

import "math/bits"

// tag is the part of a key's hash that the index keeps: 33 bits. The lower ten are the place in a segment (home), the
// others select the segment (path).
type tag uint64

const (
	numberBits = 31 // of a record; a tag and a number share a slot's 64 bits
	homeBits   = 10
)

// tagOf returns the upper bits of a hash. The lower ones select the shard, so they are the same for all keys of an
// index.
func tagOf(hash uint64) tag { return tag(hash >> numberBits) }

func (t tag) home() uint32 { return uint32(t) % segmentSize }

func (t tag) path() uint32 { return uint32(t >> homeBits) }

// slot is a tag and the number of a record. 0 is an empty slot. Because of the tag, a search reads hardly any record
// but the wanted one. A segment is split without reading any.
type slot uint64

func slotOf(t tag, no recordNo) slot { return slot(t)<<numberBits | slot(no) }

func (s slot) tag() tag { return tag(s >> numberBits) }

func (s slot) record() recordNo { return recordNo(s & (1<<numberBits - 1)) }

const (
	segmentSize = 1 << homeBits
	// segmentFull is how many slots of a segment are used before it is split. A search stops at the first empty slot,
	// so three in sixteen stay empty.
	segmentFull = segmentSize / 16 * 13
)

// segment is a hash table of its own, with open addressing. It holds the tags whose path ends in the segment's number.
// Of that number, depth bits count.
type segment [segmentSize]slot

// pageSize is how many segments share a page.
const pageSize = 64

// page holds the state of pageSize segments with consecutive numbers. The fields that every search reads are apart from
// the one that every claim writes. So a write does not invalidate the cached lines of other processors.
type page struct {
	segments [pageSize]*segment // nil: the segment does not exist
	depth    [pageSize]uint8    // how many bits of the number count
	used     [pageSize]uint16   // slots in use
}

// index is an extendible hash table (Fagin and others, 1979): a full segment is split in two, and nothing else moves.
// So no claim waits for the whole table to grow.
//
// After a split one half keeps the number, and the number of the other has one more bit. A number without a segment
// belongs to the segment whose number lacks the topmost bit. So doubling the numbers writes nothing.
type index struct {
	pages    []*page
	depth    uint8      // the largest depth of any segment
	segments []*segment // in the order of use, and some that are allocated and not used yet
	made     int        // how many segments are in use
}

// lookup returns the segment for a tag, and its number. The index must not be empty: segment 0 always exists.
func (x *index) lookup(t tag) (s *segment, number uint32) {
	number = t.path() & (1<<x.depth - 1)
	for {
		if p := x.pages[number/pageSize]; p != nil {
			if s = p.segments[number%pageSize]; s != nil {
				return s, number
			}
		}
		number &^= 1 << (bits.Len32(number) - 1)
	}
}

// used counts the slots of a segment that are not empty.
func (x *index) used(number uint32) *uint16 { return &x.pages[number/pageSize].used[number%pageSize] }

// add stores the record number of a tag, and splits the segment where it is full.
func (x *index) add(t tag, no recordNo) {
	if len(x.pages) == 0 {
		x.make(0, 0)
	}
	s, number := x.lookup(t)
	for *x.used(number) == segmentFull {
		x.split(s, number)
		s, number = x.lookup(t)
	}
	s.put(slotOf(t, no))
	*x.used(number)++
}

// make takes the next allocated segment into use, under a number that has none.
func (x *index) make(number uint32, depth uint8) *segment {
	for int(number/pageSize) >= len(x.pages) {
		x.pages = append(x.pages, nil)
	}
	p := x.pages[number/pageSize]
	if p == nil {
		p = new(page)
		x.pages[number/pageSize] = p
	}
	if x.made == len(x.segments) {
		x.segments = grow(x.segments)
	}
	s := x.segments[x.made]
	x.made++
	p.segments[number%pageSize], p.depth[number%pageSize] = s, depth
	return s
}

// split moves half of a segment into a new one.
func (x *index) split(s *segment, number uint32) {
	depth := &x.pages[number/pageSize].depth[number%pageSize]
	half := uint32(1) << *depth
	*depth++
	if *depth > x.depth {
		x.depth = *depth
		// The new numbers need places for their pages. The pages are allocated when they are needed.
		for len(x.pages)*pageSize < 1<<x.depth {
			x.pages = append(x.pages, nil)
		}
	}
	other, moved := x.make(number|half, *depth), uint16(0)
	// No run of used slots crosses an empty one. The walk begins at an empty slot and stores each slot again that
	// stays. Each then lands in its own place, or in one before it that the walk has already emptied.
	start := uint32(0)
	for s[start] != 0 {
		start++
	}
	for i := range uint32(segmentSize) {
		at := (start + i) % segmentSize
		v := s[at]
		if v == 0 {
			continue
		}
		s[at] = 0
		if v.tag().path()&half != 0 {
			other.put(v)
			moved++
		} else {
			s.put(v)
		}
	}
	*x.used(number) -= moved
	*x.used(number | half) = moved
}

// put stores a slot in the first empty place from its home on. The segment must not be full.
func (s *segment) put(v slot) {
	i := v.tag().home()
	for s[i] != 0 {
		i = (i + 1) % segmentSize
	}
	s[i] = v
}

// remove removes the slot of a record, which must be there. It closes the gap, because a search would stop there.
func (x *index) remove(t tag, no recordNo) {
	s, number := x.lookup(t)
	gone := slotOf(t, no)
	gap := t.home()
	for s[gap] != gone {
		gap = (gap + 1) % segmentSize
	}
	for i := (gap + 1) % segmentSize; s[i] != 0; i = (i + 1) % segmentSize {
		// A slot may move into the gap if the gap is between its home and its place.
		if (i-s[i].tag().home())%segmentSize >= (i-gap)%segmentSize {
			s[gap] = s[i]
			gap = i
		}
	}
	s[gap] = 0
	*x.used(number)--
}
