package replay

// Digester is a [Store] of one process with a digest of its own, which costs less than SHA-256. The guard uses it for
// events whose identity is an id: there a digest only tells another body under the same id from a true duplicate. An
// event that is remembered by its digest keeps SHA-256, and so does an endpoint with a journal.
//
// The guard asks a store of [Process] scope only: the processes of a [Shared] store would have to agree on the digest.
// It asks no store that is embedded in another type: what that type keeps by itself may outlive the other one's secret.
type Digester interface {
	Store
	// DigestOf returns the digest of an event's bytes, for [Item.Digest]. It must not keep or change them. Equal bytes
	// have equal digests for as long as the store is open.
	//
	// Nobody may be able to find other bytes with the same digest: a hash that is not cryptographic must be keyed with
	// a secret that never leaves the store.
	//
	// One key may come with a digest of either kind, because an endpoint was given a journal in between. Two digests of
	// different kinds cannot be compared, and are no [Result.Conflict].
	DigestOf(event []byte) Digest
}
