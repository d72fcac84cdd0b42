package replay

import "context"

// TextDigest is the longest text that a [Digest] holds as it is, followed by zeros.
const TextDigest = 16

// DigestReader is a [Store] that returns digests without claiming anything. The guard uses it to name the provider that
// holds an endpoint's name.
type DigestReader interface {
	Store
	// Digests returns the digest that is remembered with each key, in the order of the keys. It is the zero Digest
	// where nothing is remembered.
	//
	// A store may keep and return a hash of a digest instead. A digest whose second half is zero is returned unchanged,
	// though: it holds a text of up to [TextDigest] bytes.
	//
	// Errors: [ErrClosed], or the engine's.
	Digests(ctx context.Context, keys []Key) ([]Digest, error)
}
