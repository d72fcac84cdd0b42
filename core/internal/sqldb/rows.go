package sqldb

import "database/sql"

// All reads rows to their end and closes them. Then the connection is free, and an error on the way does not pass for
// the end. It takes the results of QueryContext.
func All[T any](rows *sql.Rows, err error, read func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		one, err := read(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	// A connection that breaks in between ends the loop early, and only Err shows it: rows would count as absent.
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return all, rows.Close()
}

// Affected returns how many rows a statement changed. It takes the results of ExecContext, so that calls can be nested.
func Affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
