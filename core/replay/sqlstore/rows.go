package sqlstore

import (
	"database/sql"
	"fmt"

	"github.com/sallyport-go/sallyport/core/replay"
)

// readRows reads all rows of identity, token, digest, ends_at, done_at and the present time. It fails closed on a row
// of another length: a key that cannot be read is neither free nor done. It takes the error of QueryContext, so that
// calls can be nested.
func readRows(rows *sql.Rows, err error) (map[replay.Key]row, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	known := make(map[replay.Key]row)
	for rows.Next() {
		var (
			identity, digest []byte
			token            int64
			doneAt           sql.NullInt64
			r                row
		)
		if err := rows.Scan(&identity, &token, &digest, &r.endsAt, &doneAt, &r.now); err != nil {
			return nil, err
		}
		key, ok := keyOf(identity)
		if !ok || len(digest) != len(r.digest) {
			return nil, fmt.Errorf("%w: a row with an identity of %d bytes and a digest of %d, want 32 and 32",
				ErrSchema, len(identity), len(digest))
		}
		// Databases have only signed numbers of 64 bits. The conversion keeps the bits of the token.
		r.token, r.digest, r.doneAt = replay.Token(token), replay.Digest(digest), doneAt.Int64
		known[key] = r
	}
	// A connection that breaks in between ends the loop early, and only Err shows it: keys would count as absent.
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return known, rows.Close()
}

// readKeys reads all rows of identities.
func readKeys(rows *sql.Rows, err error) ([]replay.Key, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var keys []replay.Key
	for rows.Next() {
		var identity []byte
		if err := rows.Scan(&identity); err != nil {
			return nil, err
		}
		key, ok := keyOf(identity)
		if !ok {
			return nil, fmt.Errorf("%w: a row with an identity of %d bytes, want 32", ErrSchema, len(identity))
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return keys, rows.Close()
}

// keyOf converts the bytes of a column, and reports whether they have the length of a key.
func keyOf(identity []byte) (replay.Key, bool) {
	if len(identity) != len(replay.Key{}) {
		return replay.Key{}, false
	}
	return replay.Key(identity), true
}

// affected returns how many rows a statement changed. It takes the results of ExecContext, so that calls can be nested.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
