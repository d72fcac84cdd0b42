// Package sqljournal keeps a journal in a SQL database: PostgreSQL, MySQL, MariaDB or SQLite. It works
// through database/sql and links no driver.
//
//	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "billing")
//	err = sqljournal.Migrate(ctx, store) // or apply sqljournal.Schema with a migration tool
//	kept, err := sqljournal.New(ctx, store, journal.Config{Keys: secrets.FromEnv("JOURNAL_KEY")})
//
// [New] takes database, dialect and namespace from the replay store. [Open] takes them one by one.
//
// # Transactions
//
// Where a receiver has begun the transaction of its event with sqltx.Tx, and that is of the same
// *sql.DB, the journal writes in it: the app's writes, the entry and "done" are one step. Elsewhere an
// entry is written on its own, before the event is settled. On SQLite always use the replay store's
// *sql.DB: a second one of the same file would wait for the first one's lock until it gives up.
//
// # The table
//
// One table, sallyport_journal, serves all namespaces. Each row is an entry: its id, revision, state,
// endpoint and time of change, and its content, which only the journal reads. A row takes about 2.5 KB
// for a small JSON body. Both indexes hold the order of lists, so saving, loading and the first page
// stay as fast with a million entries.
//
// # Versions
//
// The schema's version is [Version]. A version that means something else by a column gives it another
// name, and [New] refuses a table of another version with [ErrSchema], which names what differs.
// Version 1 is the first. To move a table by hand, between databases too, stop the writers, copy the
// rows as they are, and start the new version: rows need no conversion, because content has a version
// of its own. What an application that is gone has left behind is removed with DELETE FROM
// sallyport_journal WHERE namespace = 'its-name'.
//
// # MySQL and MariaDB
//
// A statement holds an entry as a whole: max_allowed_packet, 16 MB or more by default, must be larger
// than journal.Config.MaxBody.
package sqljournal
