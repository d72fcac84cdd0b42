package replay

// Versioned is a [Store] that says in which version it writes values. A store of version n also reads what version
// n-1 has written, and refuses what a later version has. The guard notes the version with the endpoint, and warns
// when another version has written there.
type Versioned interface {
	Store
	// Version is the version of the values, 1 or more.
	Version() int
}
