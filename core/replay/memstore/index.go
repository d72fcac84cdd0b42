package memstore

import "math/bits"

// tag is what the index keeps of a key's hash: 33 bits. The lower ten say where in its segment a key belongs, the others
// lead to the segment.
type tag uint64

const (
	numberBits = 31 // of a record; a tag and a number share a slot's 64 bits
	homeBits   = 10
)

func tagOf(hash uint64) tag { return tag(hash >> numberBits) }

func (t tag) home() uint32 { return uint32(t) % segmentSize }

func (t tag) path() uint32 { return uint32(t >> homeBits) }

// slot is a tag and the number of a record; 0 is empty. As the tag is at hand, a search looks at nearly no record but
// the one it is after, and what the index holds can move without a look at any.
type slot uint64

func (s slot) tag() tag { return tag(s >> numberBits) }

func (s slot) record() recordNo { return recordNo(s & (1<<numberBits - 1)) }

const (
	segmentSize = 1 << homeBits
	// segmentFull leaves three empty slots in sixteen: a search ends at the first it meets.
	segmentFull = segmentSize / 16 * 13
)

// segment is a table of slots of its own, with open addressing. It holds the tags whose path ends in its own number, of
// which depth bits count.
type segment struct {
	slots *[segmentSize]slot // nil is a segment that does not exist
	used  uint16
	depth uint8
}

// pageSize is how many segments are numbered at once.
const pageSize = 64

// index is an extendible hash table: a segment that is full is split in two, alone, and nothing else is touched. Its
// half keeps the number; the other's has one more bit. A number whose segment does not exist belongs to the segment
// whose number lacks the topmost bit, so that doubling the numbers writes nothing.
type index struct {
	pages []*[pageSize]segment
	depth uint8                // the most bits that count in any segment
	slots []*[segmentSize]slot // of every segment, in the order in which they were made, and some to come
	made  int
}

// segmentOf returns the segment for a tag. There must be one: the index is not empty.
func (x *index) segmentOf(t tag) *segment {
	n := t.path() & (1<<x.depth - 1)
	for {
		if page := x.pages[n/pageSize]; page != nil && page[n%pageSize].slots != nil {
			return &page[n%pageSize]
		}
		n &^= 1 << (bits.Len32(n) - 1)
	}
}

// add notes where the record of a tag is.
func (x *index) add(t tag, no recordNo) {
	if len(x.pages) == 0 {
		x.make(0, 0)
	}
	s := x.segmentOf(t)
	for s.used == segmentFull {
		x.split(s, t)
		s = x.segmentOf(t)
	}
	s.put(slot(t)<<numberBits | slot(no))
}

// make starts a segment.
func (x *index) make(number uint32, depth uint8) *segment {
	for int(number/pageSize) >= len(x.pages) {
		x.pages = append(x.pages, nil)
	}
	page := &x.pages[number/pageSize]
	if *page == nil {
		*page = new([pageSize]segment)
	}
	s := &(*page)[number%pageSize]
	if x.made == len(x.slots) {
		x.slots = grow(x.slots)
	}
	*s = segment{slots: x.slots[x.made], depth: depth}
	x.made++
	return s
}

// split moves half of the segment that t belongs to into a new one.
func (x *index) split(s *segment, t tag) {
	number := t.path() & (1<<s.depth - 1)
	half := uint32(1) << s.depth
	s.depth++
	if s.depth > x.depth {
		x.depth = s.depth
		// The pages that the numbers may now name; they are made when they are needed.
		for len(x.pages)*pageSize < 1<<x.depth {
			x.pages = append(x.pages, nil)
		}
	}
	other := x.make(number|half, s.depth)
	old := s.slots
	s.used = 0
	// Nothing that is kept reaches over an empty slot. Taken up in order from behind one, each slot that stays finds
	// its own place or one before it, which was left already.
	start := uint32(0)
	for old[start] != 0 {
		start++
	}
	for i := range uint32(segmentSize) {
		at := (start + i) % segmentSize
		moved := old[at]
		if moved == 0 {
			continue
		}
		old[at] = 0
		if moved.tag().path()&half != 0 {
			other.put(moved)
		} else {
			s.put(moved)
		}
	}
}

func (s *segment) put(v slot) {
	i := v.tag().home()
	for s.slots[i] != 0 {
		i = (i + 1) % segmentSize
	}
	s.slots[i] = v
	s.used++
}

// remove takes out a record, which must be there, and closes the gap: a search would end at it.
func (x *index) remove(t tag, no recordNo) {
	s := x.segmentOf(t)
	gone := slot(t)<<numberBits | slot(no)
	gap := t.home()
	for s.slots[gap] != gone {
		gap = (gap + 1) % segmentSize
	}
	for i := (gap + 1) % segmentSize; s.slots[i] != 0; i = (i + 1) % segmentSize {
		// A slot may move into the gap if the gap lies between its home and where it is.
		if (i-s.slots[i].tag().home())%segmentSize >= (i-gap)%segmentSize {
			s.slots[gap] = s.slots[i]
			gap = i
		}
	}
	s.slots[gap] = 0
	s.used--
}
