package replay

// Versioned is a [Store] that reports in which version it writes values. A store of version n also reads the values of
// version n-1. It refuses those of a later version, which fails closed. The guard records the version with the
// endpoint, and warns when another version has written there.
type Versioned interface {
	Store
	// Version returns the version of the values, 1 or more.
	Version() int
}
