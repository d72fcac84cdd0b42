// Package database names the databases that replay stores can be in. It links no driver: package drivers opens them.
package database

// The kinds of databases.
const (
	Redis    = "redis"
	SQLite   = "sqlite"
	Postgres = "postgres"
	MySQL    = "mysql"
)

// Full says how to get a build that links the databases.
const Full = "go install -tags full github.com/sallyport-go/sallyport/cmd/sallyport@latest"

// Place says where a replay store is: the kind of database, its URL, and the namespace in it.
type Place struct {
	Kind, URL, Namespace string

	Existing bool   // whoever opens it makes no file and no table
	Table    string // of a journal; empty: the one that it has without WithTable
	ReadOnly bool   // of a journal: the rights to write are not needed
}
