// Package sources keeps lists of the addresses that providers send from, as the providers publish them.
//
//	list, err := sources.Open(ctx, sources.Config{Document: sources.GitHub()})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer list.Close()
//	guard, err := core.New(core.Config{Provider: provider.GitHub(), Sources: list, ...})
//
// A list is fetched once by Open, and again when it is asked for after Every has passed; whoever asks gets what is
// known and never waits. A document that cannot be fetched, cannot be read, is empty, or holds a network wider than any
// provider has changes nothing: the last good list stays, and [List.Status] says how old it is.
//
// The request goes to the provider's host over https, to public addresses only, without a proxy and without redirects:
// [Config.ProxyFromEnvironment] and [Config.Transport] are the ways through a proxy.
//
// An address proves little by itself. It keeps strangers away from a check that proves more; where a provider's
// addresses are those of a cloud, anybody can rent one.
package sources
