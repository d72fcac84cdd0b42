package memstore

import "github.com/sallyport-go/sallyport/core/replay"

// Kept is how many records the store keeps, those included that have ended and were not removed yet.
func (s *Store) Kept() int {
	s.lockAll()
	defer s.unlockAll()
	n := 0
	for i := range s.shards {
		n += s.shards[i].live()
	}
	return n
}

// SetLastToken sets the counters of tokens.
func (s *Store) SetLastToken(token replay.Token) {
	for i := range s.shards {
		s.shards[i].lastToken = token
	}
}

// Locked calls f while nobody else can look at a record.
func (s *Store) Locked(f func()) {
	s.lockAll()
	defer s.unlockAll()
	f()
}

// IsClosed says whether Close has begun.
func (s *Store) IsClosed() bool { return s.closed.Load() }
