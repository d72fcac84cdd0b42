package intake

import "sync"

const (
	// smallBuffer is the size of the buffer that every body is read into first. Most deliveries fit.
	smallBuffer = 16 << 10
	// largeBuffer is the size of the buffer for bodies that do not fit. It has room beyond 64 KiB to meet the end of a
	// body of that length without growing.
	largeBuffer = 64<<10 + 64
)

// Buffer is the memory that bodies are read into before they are proved. One body at a time may stand in it, and the
// caller must copy what it keeps of that body before Release.
//
// A forged body costs no memory that way: only what is proved gets memory of its own.
type Buffer struct {
	small [smallBuffer]byte
	large *[largeBuffer]byte // nil: no body has needed it
	pool  *sync.Pool         // of large ones; nil: one is allocated
}

// SetPool sets where large buffers come from, and go back to. All users of a pool see what the others have read, so it
// must belong to one endpoint.
func (b *Buffer) SetPool(large *sync.Pool) { b.pool = large }

// takeLarge returns the large buffer. The caller must have reserved its room.
func (b *Buffer) takeLarge() []byte {
	if b.large == nil && b.pool != nil {
		b.large, _ = b.pool.Get().(*[largeBuffer]byte)
	}
	if b.large == nil {
		b.large = new([largeBuffer]byte)
	}
	return b.large[:0]
}

// Holds reports whether a body stands in the buffer. A body that was too long for it has memory of its own.
func (b *Buffer) Holds(body []byte) bool {
	if cap(body) == 0 {
		return false
	}
	first := &body[:1][0]
	return first == &b.small[0] || b.large != nil && first == &b.large[0]
}

// Release gives the large buffer back. A body that stood in it must not be used any more.
func (b *Buffer) Release() {
	if b.large != nil && b.pool != nil {
		b.pool.Put(b.large)
	}
	b.large = nil
}
