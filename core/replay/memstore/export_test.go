package memstore

import "github.com/sallyport-go/sallyport/core/replay"

// Kept is how many records the store keeps, those included that have ended and were not removed yet.
func (s *Store) Kept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table.live
}

// SetLastToken sets the counter of tokens.
func (s *Store) SetLastToken(token replay.Token) { s.lastToken = token }
