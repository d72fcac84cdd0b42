// Package sqldb is what the stores in SQL databases share: checked names of tables, the errors of drivers, and the one
// writer of SQLite. It links no driver. What a kind of error means to a caller is for each store to say.
package sqldb
