package memstore

import (
	"hash/maphash"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// record is one identity. It has 64 bytes, a cache line. It holds no pointers, so the garbage collector skips it.
type record struct {
	key    replay.Key
	digest uint64 // a hash under the store's seed: see Store.shorten
	token  replay.Token
	doneAt time.Duration // since the store's epoch; pending while the identity is only claimed
	pos    uint32        // the place in its heap, leases or retention
	next   recordNo      // in the free list; 0: the last one
}

// pending is the doneAt of a claimed record. A commit cannot be before the store's epoch, so the value is free.
const pending time.Duration = -1

func (r *record) done() bool { return r.doneAt != pending }

// recordNo is the number of a record, from 1 on. 0 stands for no record.
type recordNo uint32

// chunkSize is how many records, or deadlines, are allocated together: 16 KiB of records, which is a size class.
const chunkSize = 256

// table finds records by key. Records do not move; they are in chunks, and an index holds their numbers. Chunks and
// index grow piece by piece. So no claim waits while a million records are moved or hashed again.
//
// The hash only leads to the record: keys are compared in full. It is seeded, because a sender chooses the event that a
// key is made of. With a known hash the sender could search for keys that all fall into one place.
type table struct {
	used   uint32       // records that were ever used
	free   recordNo     // the first of the records that are no longer used
	seed   maphash.Seed // the store's
	chunks []*[chunkSize]record
	index  index
}

func (t *table) at(no recordNo) *record {
	i := uint32(no) - 1
	return &t.chunks[i/chunkSize][i%chunkSize]
}

// find returns the record of key and its number, or 0 and nil. It returns expired records too.
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

// add makes a record for a key, which must have none. The caller fills in the rest.
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

// remove removes a record and overwrites it, and adds it to the free list.
func (t *table) remove(no recordNo) {
	r := t.at(no)
	t.index.remove(tagOf(maphash.Bytes(t.seed, r.key[:])), no)
	*r = record{next: t.free}
	t.free = no
}
