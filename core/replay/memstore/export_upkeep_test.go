package memstore

// Allocated is how many records the store has memory for.
func (s *Store) Allocated() int {
	s.lockAll()
	defer s.unlockAll()
	n := 0
	for i := range s.shards {
		n += len(s.shards[i].table.chunks) * chunkSize
	}
	return n
}

// Segments is how many segments the store's indexes have, and SegmentFull how many keys one of them takes.
func (s *Store) Segments() int {
	s.lockAll()
	defer s.unlockAll()
	n := 0
	for i := range s.shards {
		n += s.shards[i].table.index.made
	}
	return n
}

const SegmentFull = segmentFull

// KeepsMonotonicTime says whether the instant that all others are counted from has a monotonic reading.
func (s *Store) KeepsMonotonicTime() bool { return s.epoch != s.epoch.Round(0) }
