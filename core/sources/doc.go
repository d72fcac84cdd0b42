// Package sources keeps lists of the addresses that providers send from, as the providers publish them.
//
//	list, err := sources.Open(ctx, sources.Config{Document: sources.GitHub()})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer list.Close()
//	guard, err := core.New(core.Config{Provider: provider.GitHub(), Sources: list, ...})
//
// # Promises
//
// Open fetches the list once. The first delivery after Every has passed starts another fetch in the background. A
// delivery never waits for one.
//
// A document changes nothing if it cannot be fetched, cannot be read, is empty, or holds a network wider than any
// provider has. The last good list stays in force. This fails open for an address that the provider has just given up,
// and [List.Status] reports how old the list is.
//
// The request goes to the provider's host over https, to public addresses only, without a proxy and without redirects.
// To use a proxy, set [Config.ProxyFromEnvironment] or [Config.Transport].
//
// # Limits
//
// An address proves little by itself: it keeps unverified senders away from a check that proves more. Where a provider
// sends from a cloud, anybody can rent an address there.
package sources
