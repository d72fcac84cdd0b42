package memstore

import (
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// shard is the part of a store that remembers some of the keys, under a lock of its own. All its methods expect the
// lock to be held; what is done under it is bounded by the batch.
type shard struct {
	// What every claim writes stands together, at the start of a line of the cache: where two processors take turns,
	// each line costs a journey.
	mu        sync.Mutex
	spare     int64 // records there is room for beyond those that live
	lastToken replay.Token
	leases    deadlines // of the records that are claimed
	retention deadlines // of the records that are done
	table     table
	room      *room

	_ [56]byte // up to a whole number of lines: two locks are not to be in one
}

// sweepPerItem is how many ended identities a call removes from the shard of each item it handles. As an item adds one
// at most, a batch always finds the room that ended identities can give it, and they cannot pile up.
const sweepPerItem = 4

// live counts what is remembered, and what has ended and was not removed yet.
func (s *shard) live() int { return s.leases.len + s.retention.len }

// find returns the record of a key, and its number, if the key is remembered. What has ended is removed on the way: it
// is absent from the instant its deadline is reached, whether or not it has been swept.
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

// deadlinesOf returns the heap a record is in.
func (s *shard) deadlinesOf(r *record) *deadlines {
	if r.done() {
		return &s.retention
	}
	return &s.leases
}

func (s *shard) endOf(r *record) time.Duration { return s.deadlinesOf(r).at(int(r.pos)) }

// claim starts a record for a key that is absent and for which there is room.
func (s *shard) claim(item *replay.Item, tag tag, digest uint64, end time.Duration) replay.Token {
	s.lastToken++
	if s.lastToken == 0 {
		s.lastToken++
	}
	no, r := s.table.add(&item.Key, tag)
	r.digest, r.token, r.doneAt = digest, s.lastToken, pending
	s.leases.push(&s.table, end, no)
	return s.lastToken
}

// commit turns a claim into a memory of what was done.
func (s *shard) commit(no recordNo, now, ttl time.Duration) {
	r := s.table.at(no)
	s.leases.remove(&s.table, r.pos)
	r.doneAt = now
	s.retention.push(&s.table, after(now, ttl), no)
}

// forget removes a record.
func (s *shard) forget(no recordNo) {
	r := s.table.at(no)
	s.deadlinesOf(r).remove(&s.table, r.pos)
	s.table.remove(no)
	s.free()
}

// clear forgets everything and gives the memory back. The room is left as it is: nobody claims in a store that is
// closed.
func (s *shard) clear() {
	s.table, s.leases, s.retention = table{}, deadlines{}, deadlines{}
}

// sweep removes up to limit identities that have ended, and reports whether none is left.
func (s *shard) sweep(now time.Duration, limit int) (clean bool) {
	for range limit {
		if !s.sweepOne(now) {
			return true
		}
	}
	return false
}

// sweepOne removes one identity that has ended, if there is one. It never touches a live one.
func (s *shard) sweepOne(now time.Duration) bool {
	for _, d := range [...]*deadlines{&s.leases, &s.retention} {
		if d.len > 0 && d.at(0) <= now {
			s.forget(d.get(0).record)
			return true
		}
	}
	return false
}
