package sqlstore

import (
	"database/sql"
	"fmt"

	"github.com/sallyport-go/sallyport/core/internal/sqldb"
	"github.com/sallyport-go/sallyport/core/replay"
)

// readRows reads all rows of identity, token, digest, ends_at, done_at and the present time. It takes the results of
// QueryContext, so that calls can be nested.
func readRows(rows *sql.Rows, err error) (map[replay.Key]row, error) {
	list, err := sqldb.All(rows, err, readRow)
	known := make(map[replay.Key]row, len(list))
	for i := range list {
		known[list[i].key] = list[i]
	}
	return known, err
}

// readRow fails closed on a row of another length: a key that cannot be read is neither free nor done.
func readRow(rows *sql.Rows) (r row, err error) {
	var (
		identity, digest []byte
		token            int64
		doneAt           sql.NullInt64
	)
	if err := rows.Scan(&identity, &token, &digest, &r.endsAt, &doneAt, &r.now); err != nil {
		return r, err
	}
	if len(identity) != len(r.key) || len(digest) != len(r.digest) {
		return r, fmt.Errorf("%w: a row with an identity of %d bytes and a digest of %d, want 32 and 32", ErrSchema,
			len(identity), len(digest))
	}
	// Databases have only signed numbers of 64 bits. The conversion keeps the bits of the token.
	r.key, r.token, r.digest, r.doneAt = replay.Key(identity), replay.Token(token), replay.Digest(digest), doneAt.Int64
	return r, nil
}

// readKeys reads all rows of identities.
func readKeys(rows *sql.Rows, err error) ([]replay.Key, error) {
	return sqldb.All(rows, err, func(rows *sql.Rows) (key replay.Key, err error) {
		var identity []byte
		if err := rows.Scan(&identity); err != nil {
			return key, err
		}
		if len(identity) != len(key) {
			return key, fmt.Errorf("%w: a row with an identity of %d bytes, want 32", ErrSchema, len(identity))
		}
		return replay.Key(identity), nil
	})
}
