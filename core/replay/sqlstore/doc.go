// Package sqlstore is the [replay.Store] in a SQL database: PostgreSQL, SQLite, MySQL and MariaDB. It works through
// database/sql and links no driver; the app brings its own.
//
//	db, err := sql.Open("pgx", url)
//	err = sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL) // or apply sqlstore.Schema with a migration tool
//	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "billing") // the namespace: whose memory it is
//	guard, err := core.New(core.Config{Replay: store, ...})
//
// # What it is for
//
// Several processes that share what they have seen, and remember it over restarts; and apps that keep their data in
// the same database anyway, for which there is the transactional mode: the app's writes and the event's "done" are
// one step, so that an event takes effect exactly once whatever dies in between. Everything outside of the database
// (a mail, a call to another service) remains "at least once".
//
// # Namespaces
//
// Applications with different namespaces share a table without seeing each other; those with the same one share what
// they remember. Each store removes what has expired in its own namespace. What an application that is gone has left
// behind is removed with DELETE FROM sallyport_replay WHERE namespace = 'its-name'.
//
// # Transactional mode
//
// A signal that asks for its transaction with [sqltx.Tx] gets a *sql.Tx, begun at that moment; the guard writes "done"
// in it and commits when the signal has succeeded. The claim itself was committed before, so that a second delivery is
// told at once that the first is under way, instead of waiting for a lock. Whoever lost the claim meanwhile, because
// its lease ran out, cannot commit: everything it wrote is rolled back.
//
// The pool needs more connections than there are signals with a transaction at a time; the rest is for claims and
// renewals. A signal that does not ask for its transaction costs nothing more than before.
//
// # Time, leases and durability
//
// All time is the database's, so that the clocks of the receivers do not matter; a jump of the database's clock ends
// leases and TTLs early or late by as much. "Done" is as durable as the database's commit: with synchronous_commit =
// off (PostgreSQL), innodb_flush_log_at_trx_commit other than 1 (MySQL), synchronous = NORMAL or OFF (SQLite, on a
// loss of power) or a failover to an asynchronous replica, the last commits may be lost, and their events run again.
// Reads go to the same database as writes: a pool that spreads them over replicas will not do.
//
// # Cost
//
// A fresh event is one statement for the claim and one for the commit. A delivery of many events is one of each for
// every thousand of them; MySQL settles several in a transaction. A duplicate, or a claim that was lost, takes a
// second statement that looks what is known; on MySQL and MariaDB the take-over of a lease that ended takes four.
// Deadlocks and serialization failures are tried again up to a dozen times.
//
// A row takes some 200 bytes with its two indexes. What has ended is absent at once, and its row is removed by the
// way: every 500 claims remove up to twice as many rows, in batches of at most 1000, for at most a second. There is
// no goroutine. [WithoutPruning] leaves it to [Store.Prune], from a timer of the app's. There is no capacity: what an
// attacker can fill it with is bounded by what passes authentication, and the disk's end is [replay.ErrFull].
//
// # PostgreSQL
//
// PostgreSQL 12 or newer, with pgx or lib/pq. Through a pooler in transaction mode set the driver up for it, as for
// any other statement. Autovacuum should keep up: every event is an insert, an update and a delete.
//
// # MySQL and MariaDB
//
// MySQL 8.0 or MariaDB 10.5 or newer, with go-sql-driver/mysql; the table is InnoDB. The tests run on MariaDB. When the
// context of a call ends, the driver leaves the statement to the server, which may still carry it out: the store then
// answers [ErrSlow], and what took effect is found by the next call.
//
// # SQLite
//
// SQLite 3.35 or newer in a file in WAL mode, which New demands, with a pool of several connections and a
// busy_timeout for the app's own statements, for instance with modernc.org/sqlite:
//
//	file:app.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)
//
// SQLite has one writer at a time, in all processes. The store's calls wait for it no longer than their context,
// whatever the busy_timeout. A signal's transaction is the writer from [sqltx.Tx] to the end of the signal: claims of
// other events wait meanwhile, and its own lease is not renewed. Keep such signals short, ask for the transaction late,
// and make the lease longer than any of them. The clock is that of the machine, and has milliseconds. Network file
// systems will not do.
//
// # What the database learns
//
// SHA-256 values, tokens and times. No event id, body or secret. Errors say what the server said and never what a
// driver adds of its own, such as an address with its password.
package sqlstore
