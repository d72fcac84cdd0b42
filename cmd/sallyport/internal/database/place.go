// Package database names the databases that replay stores can be in. It links no driver: package drivers opens them.
package database

// The kinds of databases.
const (
	Redis    = "redis"
	SQLite   = "sqlite"
	Postgres = "postgres"
	MySQL    = "mysql"
)

// Place says where a replay store is: the kind of database, its URL, and the namespace in it.
type Place struct{ Kind, URL, Namespace string }
