package journal

import "fmt"

// State says who has to do something about an entry. The zero State is none of them.
type State uint8

// The states. Stores write the numbers: they never change.
const (
	// Open: the event failed and was released. The provider may send it again.
	Open State = iota + 1
	// Parked: the event failed and was answered 2xx. Nobody sends it again.
	Parked
	// Done: the event succeeded.
	Done
	// Dismissed: a person closed it without a success.
	Dismissed
)

// States returns all states.
func States() []State { return []State{Open, Parked, Done, Dismissed} }

// String returns the state's name.
func (s State) String() string {
	if s.valid() {
		return [...]string{Open: "open", Parked: "parked", Done: "done", Dismissed: "dismissed"}[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Closed reports whether nobody has to do anything any more.
func (s State) Closed() bool { return s == Done || s == Dismissed }

// valid guards what is written: a store or a list knows no other state.
func (s State) valid() bool { return s >= Open && s <= Dismissed }

// Kind says what an entry holds, and so how it runs again.
type Kind uint8

// The kinds. They are written into entries: the numbers never change.
const (
	// FromRequest: the entry holds a request, and runs through the app's router.
	FromRequest Kind = iota
	// FromInbox: the entry holds an encoded event, and runs in a worker.
	FromInbox
	// FromBatch: the entry holds the request of a batch that a handler took as a whole, and runs through the app's
	// router: see Entry.Parts.
	FromBatch
)

// String returns the kind's name.
func (k Kind) String() string {
	if k <= FromBatch {
		return [...]string{FromRequest: "request", FromInbox: "inbox", FromBatch: "batch"}[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}
