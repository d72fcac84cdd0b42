package journal

import (
	"errors"
	"time"
)

// What a journal and a redrive answer, for errors.Is.
var (
	// ErrNotFound: there is no entry with this ID. It may have expired, or somebody has deleted it.
	ErrNotFound = errors.New("journal: there is no such entry")
	// ErrChanged: the entry is not at the revision that was given. Load it again, and look at it before
	// you repeat the call.
	ErrChanged = errors.New("journal: the entry has changed since it was loaded: load it again")
	// ErrFull: the store has no room, and holds nothing that may make room.
	ErrFull = errors.New("journal: the store is full")
	// ErrInFlight: the event runs at this moment, in a delivery or another redrive.
	ErrInFlight = errors.New("journal: the event runs at this moment")
	// ErrAlreadyDone: the event has succeeded since it was kept, so nothing ran.
	ErrAlreadyDone = errors.New("journal: the event is done already")
	// ErrNotReached: the app answered before the guard of the entry's endpoint was reached.
	ErrNotReached = errors.New("journal: the request did not reach the guard")
	// ErrNotRunnable: the entry does not hold what a run needs. Entry.WhyNot says why.
	ErrNotRunnable = errors.New("journal: the entry cannot run")
	// ErrForged: the entry was changed, moved or put there by somebody who does not have a key. It must
	// not run.
	ErrForged = errors.New("journal: the entry is not what this journal has written")
	// ErrSealed: the entry is sealed with a key that Config.Keys does not list.
	ErrSealed = errors.New("journal: the entry is sealed with a key that Config.Keys does not list")
)

// UnreadableError says which entry could not be read, and why: ErrForged or ErrSealed is in its chain.
type UnreadableError struct {
	ID       ID
	Endpoint string
	At       time.Time // when the entry changed last, as the store says
	Err      error
}

// Error names the entry and the cause.
func (e *UnreadableError) Error() string {
	return "journal: entry " + string(e.ID) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *UnreadableError) Unwrap() error { return e.Err }
