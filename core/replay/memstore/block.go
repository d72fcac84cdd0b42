package memstore

// blockOf is how many pieces are allocated at once where there are n: more the more there are, because the garbage
// collector visits each allocation, and few enough that no claim waits for memory to be cleared.
func blockOf(n int) int { return min(max(n/8, 1), 16) }

// grow adds a block of pieces.
func grow[T any](pieces []*T) []*T {
	block := make([]T, blockOf(len(pieces)))
	for i := range block {
		pieces = append(pieces, &block[i])
	}
	return pieces
}
