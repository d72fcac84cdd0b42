package memstore

import "sync/atomic"

// room counts the records that the store may hold. Shards take room in lots, so that concurrent claims do not all write
// one number. It changes only under the lock of a shard. A caller that holds all the locks sees it unchanged.
type room struct {
	capacity int64    // in records; it does not change
	lot      int64    // how many records a shard reserves at once
	_        [64]byte // keeps the fields above, which every call reads, out of the cache line that changes
	taken    atomic.Int64
	_        [64]byte // the same for what follows
}

// mostLot bounds how much room shards may hold unused. In a small store a lot is 1, and the capacity is exact.
const mostLot = 32

// open sets the capacity. It is called once, before the store is used.
func (r *room) open(capacity int64) {
	r.capacity, r.lot = capacity, min(max(capacity/4096, 1), mostLot)
}

// take reserves room for one record in the shard. Where the shard has none left, it takes a lot from the store. It
// reports false where the store has none left either, which fails closed: the claim is refused.
func (s *shard) take(lot int64) bool {
	if s.spare == 0 {
		if s.room.taken.Add(lot) > s.room.capacity {
			s.room.taken.Add(-lot)
			return false
		}
		s.spare = lot
	}
	s.spare--
	return true
}

// free returns the room of one record. The shard keeps up to a lot for its next claims, and returns the rest.
func (s *shard) free() {
	s.spare++
	if lot := s.room.lot; s.spare >= 2*lot-1 {
		s.room.taken.Add(-lot)
		s.spare -= lot
	}
}

// freeSpare returns all room that the shard has reserved and does not use.
func (s *shard) freeSpare() {
	s.room.taken.Add(-s.spare)
	s.spare = 0
}
