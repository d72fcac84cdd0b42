package replay

import "context"

// TextDigest is the longest text that a [Digest] holds as it is, followed by zeros.
const TextDigest = 16

// DigestReader is a [Store] whose digests can be read without claiming anything. The guard uses it to name the provider
// that holds an endpoint's name.
type DigestReader interface {
	Store
	// Digests returns the digest that is remembered with each key, in the order of the keys, and the zero Digest where
	// nothing is remembered. A store may keep a hash of a digest, and then returns that; but a digest whose second half
	// is zero, as that of a text of up to [TextDigest] bytes, comes back as it was given.
	//
	// Errors: [ErrClosed], or the engine's.
	Digests(ctx context.Context, keys []Key) ([]Digest, error)
}
