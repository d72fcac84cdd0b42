package journal

import (
	"context"
	"time"
)

// Row is what a [Store] keeps of an entry. Blob is opaque. The other values are short, valid UTF-8
// without NUL, so that any column takes them: what a sender wrote stands in Blob alone.
type Row struct {
	ID ID
	// Revision counts the writes of the row. In a call of Save it is the revision that was loaded, and
	// 0 where there must be no row yet. Save stores one more than it.
	Revision uint64
	State    State
	Endpoint string    // at most MaxEndpoint bytes
	At       time.Time // when the entry changed last; UTC, in whole microseconds
	Blob     []byte    // at most MaxBlob bytes
}

// Limits of what a [Store] must take.
const (
	MaxID       = len(inboxPrefix) + digits
	MaxEndpoint = 200      // bytes of Row.Endpoint
	MaxBlob     = 80 << 20 // bytes of Row.Blob; far less without a larger Config.MaxBody
)

// Store keeps rows. It is safe for concurrent use, keeps none of the slices it is given, and changes
// none of them. The contract is package storetest. When ctx has ended, a call changes nothing and
// returns its error.
type Store interface {
	// Save writes all rows or none. Each ID stands in rows once. It returns [ErrChanged] where a
	// revision is not the stored one, and [ErrFull] where there is no room; nothing open or parked is
	// deleted to make room, but for the bounds that the store documents.
	//
	// A store in a *sql.DB writes in the transaction of ctx where that is of the same *sql.DB
	// (sqltx.Begun), and leaves it usable whatever it returns: an insert that would break a unique key
	// is [ErrChanged], not an error of the database.
	Save(ctx context.Context, rows []Row) error

	// Load returns the rows with these IDs, in any order. It leaves out unknown ones.
	Load(ctx context.Context, ids []ID) ([]Row, error)

	// List returns a page of rows without Blob: the newest first, and of one time the greatest ID
	// first.
	List(ctx context.Context, page Page) ([]Row, error)

	// Delete removes the rows with these IDs. It passes over unknown ones.
	Delete(ctx context.Context, ids []ID) error
}

// Pruner is a [Store] that can delete a row only if nobody has changed it. The journal removes expired
// entries with it. Without it, an entry that fails again in the very moment of its removal is lost.
type Pruner interface {
	Store
	// Prune removes the rows whose ID and Revision are the stored ones. It passes over the others.
	Prune(ctx context.Context, rows []Row) error
}

// Page says which rows List returns.
type Page struct {
	Endpoint string  // empty: of all endpoints
	States   []State // empty: in any state
	Before   Cursor  // zero: from the newest on
	Limit    int     // at most so many rows; 0 or less: none
}

// Cursor is a place in a list of rows: the last row of a page is where the next page begins.
type Cursor struct {
	At time.Time
	ID ID
}

// Cursor returns the place of the row.
func (r *Row) Cursor() Cursor { return Cursor{At: r.At, ID: r.ID} }

// Behind reports whether the row comes after the cursor in a list: it is older, or of the same time
// with a lesser ID. Every row is behind the zero Cursor.
func (r *Row) Behind(c Cursor) bool {
	if c == (Cursor{}) {
		return true
	}
	return r.At.Before(c.At) || r.At.Equal(c.At) && r.ID < c.ID
}
