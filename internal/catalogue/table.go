package catalogue

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
)

// proved are the entries of core/provider: those without parameters come of themselves.
func proved() []Entry {
	return append(plain(Proved, "core/provider", provider.All()), published()...)
}

// library are the entries of core/provider's subpackages that need a library.
func library() []Entry {
	return nil
}

// unprovedOnes are the entries of core/provider/unproved.
func unprovedOnes() []Entry {
	return plain(Unproved, "core/provider/unproved", unproved.All())
}

// plain makes entries of providers that need no parameter.
func plain(kind Kind, path string, providers []core.Provider) []Entry {
	all := make([]Entry, len(providers))
	for i, p := range providers {
		all[i] = Entry{Kind: kind, Package: path, make: func(Values) core.Provider { return p }}
	}
	return all
}
