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

// KeepsMonotonicTime says whether the instant that all others are counted from has a monotonic reading.
func (s *Store) KeepsMonotonicTime() bool { return s.epoch != s.epoch.Round(0) }
