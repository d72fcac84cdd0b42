package memstore

import "sync/atomic"

// room says how many records there may be. Shards take it by lots, so that processors that claim at once do not pass
// one number to and fro for every claim. It changes only under the lock of a shard, so that whoever holds all of them
// has it to itself.
type room struct {
	capacity int64
	lot      int64
	_        [64]byte // what every call reads is not to be in the line of the processor's cache that changes
	taken    atomic.Int64
	_        [64]byte
}

// mostLot bounds what shards may hold without using it; a small store is exact to the record.
const mostLot = 32

func (r *room) open(capacity int64) {
	r.capacity, r.lot = capacity, min(max(capacity/4096, 1), mostLot)
}

// take makes sure of room for one more record in the shard, if need be for a lot of them.
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

// free is the end of a record. A lot is kept for the next claim; a second one is not.
func (s *shard) free() {
	s.spare++
	if lot := s.room.lot; s.spare >= 2*lot-1 {
		s.room.taken.Add(-lot)
		s.spare -= lot
	}
}

// freeSpare leaves nothing that is taken and not used.
func (s *shard) freeSpare() {
	s.room.taken.Add(-s.spare)
	s.spare = 0
}
