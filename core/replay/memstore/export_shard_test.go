package memstore

import "unsafe"

// LineSize is how much memory processors hand to one another at once.
const LineSize = 64

// ShardOffset and ShardSize say where the locks are.
const (
	ShardOffset = unsafe.Offsetof(Store{}.shards)
	ShardSize   = unsafe.Sizeof(shard{})
)
