package memstore

import "math/bits"

// tag is what the index keeps of a key's hash: 33 bits. The lower ten say where in its segment a key belongs, the
// others lead to the segment.
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

func slotOf(t tag, no recordNo) slot { return slot(t)<<numberBits | slot(no) }

func (s slot) tag() tag { return tag(s >> numberBits) }

func (s slot) record() recordNo { return recordNo(s & (1<<numberBits - 1)) }

const (
	segmentSize = 1 << homeBits
	// segmentFull leaves three empty slots in sixteen: a search ends at the first it meets.
	segmentFull = segmentSize / 16 * 13
)

// segment is a table of slots of its own, with open addressing. It holds the tags whose path ends in its own number, of
// which depth bits count.
type segment [segmentSize]slot

// pageSize is how many segments are numbered at once.
const pageSize = 64

// page is what is known of the segments with so many numbers. What every search reads stands apart from what every
// claim writes, so that two processors may keep it both.
type page struct {
	segments [pageSize]*segment // nil is a segment that does not exist
	depth    [pageSize]uint8
	used     [pageSize]uint16
}

// index is an extendible hash table: a segment that is full is split in two, alone, and nothing else is touched. Its
// half keeps the number; the other's has one more bit. A number whose segment does not exist belongs to the segment
// whose number lacks the topmost bit, so that doubling the numbers writes nothing.
type index struct {
	pages    []*page
	depth    uint8      // the most bits that count in any segment
	segments []*segment // all of them, in the order in which they were made, and some to come
	made     int
}

// lookup returns the segment for a tag, and its number. There must be one: the index is not empty.
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

// add notes where the record of a tag is.
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

// make starts a segment.
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
		// The pages that the numbers may now name; they are made when they are needed.
		for len(x.pages)*pageSize < 1<<x.depth {
			x.pages = append(x.pages, nil)
		}
	}
	other, moved := x.make(number|half, *depth), uint16(0)
	// Nothing that is kept reaches over an empty slot. Taken up in order from behind one, each slot that stays finds
	// its own place or one before it, which was left already.
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

func (s *segment) put(v slot) {
	i := v.tag().home()
	for s[i] != 0 {
		i = (i + 1) % segmentSize
	}
	s[i] = v
}

// remove takes out a record, which must be there, and closes the gap: a search would end at it.
func (x *index) remove(t tag, no recordNo) {
	s, number := x.lookup(t)
	gone := slotOf(t, no)
	gap := t.home()
	for s[gap] != gone {
		gap = (gap + 1) % segmentSize
	}
	for i := (gap + 1) % segmentSize; s[i] != 0; i = (i + 1) % segmentSize {
		// A slot may move into the gap if the gap lies between its home and where it is.
		if (i-s[i].tag().home())%segmentSize >= (i-gap)%segmentSize {
			s[gap] = s[i]
			gap = i
		}
	}
	s[gap] = 0
	*x.used(number)--
}
