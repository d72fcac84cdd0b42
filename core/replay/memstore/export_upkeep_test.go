package memstore

// Allocated is how many records the store has memory for.
func (s *Store) Allocated() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.table.chunks) * chunkSize
}

// KeepsMonotonicTime says whether the instant that all others are counted from has a monotonic reading.
func (s *Store) KeepsMonotonicTime() bool { return s.epoch != s.epoch.Round(0) }
