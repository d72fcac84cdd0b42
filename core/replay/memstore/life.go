package memstore

import (
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// What happens to a record in its life. The lock is held in all of these.

// sweepPerItem is how many ended identities a call removes for each item it handles. As an item adds one at most, a
// batch always finds the room that ended identities can give it, and they cannot pile up.
const sweepPerItem = 4

// find returns the record of a key, and its number, if the key is remembered. What has ended is removed on the way: it
// is absent from the instant its deadline is reached, whether or not it has been swept.
func (s *Store) find(now time.Duration, key *replay.Key) (recordNo, *record) {
	no := s.table.find(key)
	if no == 0 {
		return 0, nil
	}
	r := s.table.at(no)
	if s.endOf(r) <= now {
		s.forget(no)
		return 0, nil
	}
	return no, r
}

// deadlinesOf returns the heap a record is in.
func (s *Store) deadlinesOf(r *record) *deadlines {
	if r.done() {
		return &s.retention
	}
	return &s.leases
}

func (s *Store) endOf(r *record) time.Duration { return (*s.deadlinesOf(r))[r.pos].at }

// claim starts a record for a key that is absent.
func (s *Store) claim(item *replay.Item, end time.Duration) replay.Token {
	s.lastToken++
	if s.lastToken == 0 {
		s.lastToken++
	}
	no := s.table.add(&item.Key)
	r := s.table.at(no)
	r.digest, r.token, r.doneAt = item.Digest, s.lastToken, pending
	s.leases.push(&s.table, end, no)
	return r.token
}

// commit turns a claim into a memory of what was done.
func (s *Store) commit(no recordNo, now, ttl time.Duration) {
	r := s.table.at(no)
	s.leases.remove(&s.table, r.pos)
	r.doneAt = now
	s.retention.push(&s.table, after(now, ttl), no)
}

// forget removes a record.
func (s *Store) forget(no recordNo) {
	r := s.table.at(no)
	s.deadlinesOf(r).remove(&s.table, r.pos)
	s.table.remove(no)
}

// sweep removes up to limit identities that have ended, and reports whether none is left.
func (s *Store) sweep(now time.Duration, limit int) (clean bool) {
	for range limit {
		if !s.sweepOne(now) {
			return true
		}
	}
	return false
}

// sweepOne removes one identity that has ended, if there is one. It never touches a live one.
func (s *Store) sweepOne(now time.Duration) bool {
	for _, d := range [...]*deadlines{&s.leases, &s.retention} {
		if len(*d) > 0 && (*d)[0].at <= now {
			s.forget((*d)[0].record)
			return true
		}
	}
	return false
}
