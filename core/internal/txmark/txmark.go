// Package txmark sets a mark in a SQL transaction, by which its end shows that the database has caused by itself.
//
// MySQL rolls a transaction back at a deadlock, and commits it before CREATE, ALTER or TRUNCATE. SQLite rolls it back
// where a statement is interrupted, or finds no room. The connection then commits every further statement by itself,
// and a driver goes on as if the transaction was open: "done" would be stored without what the app wrote before.
// PostgreSQL needs no mark: it refuses every further statement.
package txmark

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// ErrGone is returned for a transaction that has lost its mark: the database has ended it.
//
//lint:immutable an error value
var ErrGone = errors.New("the database has ended the transaction before its commit")

// mark is the name of a savepoint, which ends with its transaction.
const mark = "sallyport_event"

// Set marks a transaction that has just begun.
func Set(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "SAVEPOINT "+mark)
	return err
}

// Take removes the mark. It fails closed: any error means that nothing more may be written.
func Take(ctx context.Context, tx *sql.Tx) error {
	_, err := release(ctx, tx)
	return err
}

// Check reports by an error that the mark is gone. Nobody else may use the transaction meanwhile.
func Check(ctx context.Context, tx *sql.Tx) error {
	if stays, err := release(ctx, tx); stays || err != nil {
		return err
	}
	return Set(ctx, tx)
}

// release removes the mark, or reports that it stays: SQLite keeps it while the app has rows open of a statement that
// writes. The transaction is then open too, and database/sql closes the rows before it commits.
func release(ctx context.Context, tx *sql.Tx) (stays bool, err error) {
	_, err = tx.ExecContext(ctx, "RELEASE SAVEPOINT "+mark)
	if err == nil {
		return false, nil
	}
	// Drivers have no error in common. SQLite looks for the mark before it looks for such rows.
	text := strings.ToLower(err.Error())
	if strings.Contains(text, "cannot release savepoint") {
		return true, nil
	}
	// The servers' words: "SAVEPOINT x does not exist" and "no such savepoint: x".
	if strings.Contains(text, "savepoint") {
		return false, ErrGone
	}
	return false, err
}
