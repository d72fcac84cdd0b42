package memstore

import (
	"hash/maphash"
	"math/bits"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// record is one identity. It holds no pointers, so that the garbage collector does not look at a million of them.
type record struct {
	key    replay.Key
	digest replay.Digest
	token  replay.Token
	doneAt time.Duration // since the store's epoch; pending while the identity is only claimed
	next   recordNo      // in the same bucket, or in the free list
	pos    uint32        // in the deadlines that the record is in
}

// pending is the doneAt of a record that is claimed. No commit happens before the store's epoch.
const pending time.Duration = -1

func (r *record) done() bool { return r.doneAt != pending }

// recordNo is a record's number; 0 is none.
type recordNo uint32

// chunkSize is how many records are allocated at once: 11 pages of 8 KiB, without waste.
const chunkSize = 1024

// table finds records by key. Records stay where they are; buckets are chains of record numbers. It grows by linear
// hashing, one bucket for one new record, so that no claim waits for a million records to be hashed again.
//
// The hash only picks the bucket: keys are compared whole. It is seeded, because a key's bytes come from an event that
// somebody else chose, who could search for keys that fall into one bucket.
type table struct {
	seed    maphash.Seed
	chunks  []*[chunkSize]record
	buckets []recordNo
	free    recordNo // records that are no longer used
	used    uint32   // records ever used
	live    int
}

func (t *table) at(no recordNo) *record {
	i := uint32(no) - 1
	return &t.chunks[i/chunkSize][i%chunkSize]
}

// bucketOf picks one of the buckets there are. With n of them it takes the hash modulo the power of two above n; a
// bucket that does not exist yet has not been split from the one half as far on.
func (t *table) bucketOf(key *replay.Key) uint32 {
	n := uint32(len(t.buckets))
	half := uint32(1) << (bits.Len32(n) - 1)
	b := uint32(maphash.Bytes(t.seed, key[:])) & (2*half - 1)
	if b >= n {
		b -= half
	}
	return b
}

// find returns the record of key, or 0.
func (t *table) find(key *replay.Key) recordNo {
	if t.live == 0 {
		return 0
	}
	no := t.buckets[t.bucketOf(key)]
	for no != 0 {
		r := t.at(no)
		if r.key == *key {
			break
		}
		no = r.next
	}
	return no
}

// add makes a record for a key that has none.
func (t *table) add(key *replay.Key) recordNo {
	no := t.free
	if no != 0 {
		t.free = t.at(no).next
	} else {
		if int(t.used) == len(t.chunks)*chunkSize {
			t.chunks = append(t.chunks, new([chunkSize]record))
		}
		t.used++
		no = recordNo(t.used)
	}
	t.live++
	if t.live > len(t.buckets) {
		t.split()
	}
	b := t.bucketOf(key)
	r := t.at(no)
	r.key, r.next = *key, t.buckets[b]
	t.buckets[b] = no
	return no
}

// split adds a bucket and moves into it what now belongs there, all of it from one older bucket.
func (t *table) split() {
	n := uint32(len(t.buckets))
	t.buckets = append(t.buckets, 0)
	if n == 0 {
		return
	}
	from := n - uint32(1)<<(bits.Len32(n)-1)
	no := t.buckets[from]
	t.buckets[from] = 0
	for no != 0 {
		r := t.at(no)
		next := r.next
		b := t.bucketOf(&r.key)
		r.next = t.buckets[b]
		t.buckets[b] = no
		no = next
	}
}

// remove forgets a record and what it held.
func (t *table) remove(no recordNo) {
	r := t.at(no)
	link := &t.buckets[t.bucketOf(&r.key)]
	for *link != no {
		link = &t.at(*link).next
	}
	*link = r.next
	*r = record{next: t.free}
	t.free = no
	t.live--
}
