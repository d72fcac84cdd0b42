// Package journal keeps dead letters: events that were proved and could not be finished. An operator
// sees them here, and core.Redriver runs them again.
//
// An [Entry] is one event, not one delivery: the provider's retries of it are one entry with a count.
// It is in one of four states:
//
//	open       it failed and was released: the provider may send it again
//	parked     it failed and was answered 2xx: nobody sends it again
//	done       it succeeded since
//	dismissed  a person closed it
//
// A journal is made from a [Store], which keeps opaque rows and is a page of code, and a [Config]:
//
//	kept, err := journal.New(store, journal.Config{Keys: secrets.FromEnv("JOURNAL_KEY")})
//	guard, err := core.New(core.Config{Journal: kept, ...})
//
// [InMemory] is a journal of one process. Package sqljournal keeps one in a SQL database, package
// storetest is the contract of a store of one's own.
//
// # What is kept
//
// Guards keep entries of proved deliveries only. An unverified sender cannot fill the store, and
// nothing unproved stands where a redrive would find it. The request's headers are chosen by an
// allow-list. No credential, signature or cookie is kept, so an entry cannot be sent again over the
// network.
//
// Bodies and error texts can hold personal data. They stand in the row's blob: compressed, and sealed
// with AES-256-GCM where [Config.Keys] is set. [Config.Filter] removes what must not be stored at all,
// [Journal.Delete] erases an entry.
//
// # Trust
//
// Without Keys a journal is trusted as the app's own tables are: whoever can write it can have anything
// run. With Keys an entry that was changed, or moved to another id, endpoint, state or revision, is
// [ErrForged]. Whoever can write the table can still delete rows, and restore an older row as a whole.
package journal
