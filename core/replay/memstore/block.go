package memstore

// blockOf returns how many pieces are allocated at once where there are n. More pieces mean larger blocks, because the
// garbage collector visits each allocation. The limit is small, so that no claim waits for much memory to be cleared.
func blockOf(n int) int { return min(max(n/8, 1), 16) }

// grow appends pointers to the pieces of a new block.
func grow[T any](pieces []*T) []*T {
	block := make([]T, blockOf(len(pieces)))
	for i := range block {
		pieces = append(pieces, &block[i])
	}
	return pieces
}
