package memstore

import (
	"hash/maphash"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// record is one identity: 64 bytes, a line of the processor's cache. It holds no pointers, so that the garbage
// collector does not look at ten million of them.
type record struct {
	key    replay.Key
	digest uint64 // keyed with the store's seed
	token  replay.Token
	doneAt time.Duration // since the store's epoch; pending while the identity is only claimed
	pos    uint32        // in the deadlines that the record is in
	next   recordNo      // in the free list
}

// pending is the doneAt of a record that is claimed. No commit happens before the store's epoch.
const pending time.Duration = -1

func (r *record) done() bool { return r.doneAt != pending }

// recordNo is a record's number; 0 is none.
type recordNo uint32

// chunkSize is how many records, or deadlines, are a piece of memory: 16 KiB of records, without waste.
const chunkSize = 256

// table finds records by key. Records stay where they are, in chunks; an index holds their numbers. Chunks and index
// grow piece by piece, so that no claim waits while a million records are moved or hashed again.
//
// The hash only leads to the record: keys are compared whole. It is seeded, because a key's bytes come from an event
// that somebody else chose, who could search for keys that fall into one place.
type table struct {
	used   uint32   // records ever used
	free   recordNo // records that are no longer used
	seed   maphash.Seed
	chunks []*[chunkSize]record
	index  index
}

func (t *table) at(no recordNo) *record {
	i := uint32(no) - 1
	return &t.chunks[i/chunkSize][i%chunkSize]
}

// find returns the record of key, and its number, or 0.
func (t *table) find(key *replay.Key, wanted tag) (recordNo, *record) {
	if t.used == 0 {
		return 0, nil
	}
	s, _ := t.index.lookup(wanted)
	for i := wanted.home(); s[i] != 0; i = (i + 1) % segmentSize {
		if s[i].tag() != wanted {
			continue
		}
		if r := t.at(s[i].record()); r.key == *key {
			return s[i].record(), r
		}
	}
	return 0, nil
}

// add makes a record for a key that has none.
func (t *table) add(key *replay.Key, tag tag) (recordNo, *record) {
	no := t.free
	if no != 0 {
		t.free = t.at(no).next
	} else {
		if int(t.used) == len(t.chunks)*chunkSize {
			t.chunks = grow(t.chunks)
		}
		t.used++
		no = recordNo(t.used)
	}
	t.index.add(tag, no)
	r := t.at(no)
	r.key = *key
	return no, r
}

// remove forgets a record and what it held.
func (t *table) remove(no recordNo) {
	r := t.at(no)
	t.index.remove(tagOf(maphash.Bytes(t.seed, r.key[:])), no)
	*r = record{next: t.free}
	t.free = no
}
