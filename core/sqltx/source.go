package sqltx

import (
	"database/sql"
	"fmt"
)

// Dialect says which database SQL is written for. The zero Dialect is none, and refused.
type Dialect uint8

// The dialects.
const (
	// PostgreSQL is PostgreSQL 12 or newer.
	PostgreSQL Dialect = iota + 1
	// SQLite is SQLite 3.35 or newer, in WAL mode, in a file.
	SQLite
	// MySQL is MySQL 8.0 or newer, or MariaDB 10.5 or newer, with InnoDB.
	MySQL
)

// String returns the dialect's name.
func (d Dialect) String() string {
	if d >= PostgreSQL && d <= MySQL {
		return [...]string{PostgreSQL: "PostgreSQL", SQLite: "SQLite", MySQL: "MySQL"}[d]
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// Database is where a store keeps its rows.
type Database struct {
	DB        *sql.DB // the app's: whoever is given it must not close it
	Dialect   Dialect
	Namespace string // of the application whose rows they are
}

// Source is a store that reports which database it uses, so that a journal in the same database joins its transactions.
// On SQLite a second *sql.DB of the same file would wait for the first one's lock.
type Source interface {
	Database() Database
}
