package memstore

import (
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// shard is the part of a store that holds some of the keys, under a lock of its own. For all its methods the caller
// must hold the lock. The work under the lock is bounded by the batch.
type shard struct {
	// The fields that every claim writes are together, at the start of a cache line. Where two processors take turns,
	// each further line would have to move between them.
	mu        sync.Mutex
	spare     int64        // room that is reserved and not used, in records
	lastToken replay.Token // the newest token; it starts at random
	leases    deadlines    // of the records that are claimed
	retention deadlines    // of the records that are done
	table     table
	room      *room // the store's

	_ [56]byte // pads to whole cache lines, so that two locks do not share one
}

// sweepPerItem is how many expired identities a call removes from the shard of each of its items. An item adds at most
// one. So a batch always finds the room that expired identities can give, and they cannot accumulate.
const sweepPerItem = 4

// live returns the number of records, with those that have expired and are not removed yet.
func (s *shard) live() int { return s.leases.len + s.retention.len }

// find returns the record of a key and its number, or 0 and nil. It removes an expired record: a key is absent from its
// deadline on, whether or not it was swept.
func (s *shard) find(now time.Duration, key *replay.Key, tag tag) (recordNo, *record) {
	no, r := s.table.find(key, tag)
	if no == 0 {
		return 0, nil
	}
	if s.endOf(r) <= now {
		s.forget(no)
		return 0, nil
	}
	return no, r
}

// deadlinesOf returns the heap that a record is in.
func (s *shard) deadlinesOf(r *record) *deadlines {
	if r.done() {
		return &s.retention
	}
	return &s.leases
}

func (s *shard) endOf(r *record) time.Duration { return s.deadlinesOf(r).at(int(r.pos)) }

// claim adds a claimed record for a key, and returns its token. The key must be absent, and its room reserved.
func (s *shard) claim(item *replay.Item, tag tag, digest uint64, end time.Duration) replay.Token {
	s.lastToken++
	if s.lastToken == 0 { // a token is never zero: a caller that forgot to set one must not match
		s.lastToken++
	}
	no, r := s.table.add(&item.Key, tag)
	r.digest, r.token, r.doneAt = digest, s.lastToken, pending
	s.leases.push(&s.table, end, no)
	return s.lastToken
}

// commit makes a claimed record done, and moves it from the leases to the retention.
func (s *shard) commit(no recordNo, now, ttl time.Duration) {
	r := s.table.at(no)
	s.leases.remove(&s.table, r.pos)
	r.doneAt = now
	s.retention.push(&s.table, after(now, ttl), no)
}

// forget removes a record and returns its room.
func (s *shard) forget(no recordNo) {
	r := s.table.at(no)
	s.deadlinesOf(r).remove(&s.table, r.pos)
	s.table.remove(no)
	s.free()
}

// clear removes everything and releases the memory. It does not return the room, because a closed store takes no
// claims.
func (s *shard) clear() {
	s.table, s.leases, s.retention = table{}, deadlines{}, deadlines{}
}

// sweep removes up to limit expired identities. It reports whether it removed all of them.
func (s *shard) sweep(now time.Duration, limit int) (clean bool) {
	for range limit {
		if !s.sweepOne(now) {
			return true
		}
	}
	return false
}

// sweepOne removes one expired identity, and reports whether there was one. It never removes a live one.
func (s *shard) sweepOne(now time.Duration) bool {
	for _, d := range [...]*deadlines{&s.leases, &s.retention} {
		if d.len > 0 && d.at(0) <= now {
			s.forget(d.get(0).record)
			return true
		}
	}
	return false
}
