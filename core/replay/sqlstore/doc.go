// Package sqlstore provides a [replay.Store] in a SQL database: PostgreSQL, SQLite, MySQL and MariaDB. It uses
// database/sql and links no driver; the app brings its own.
//
//	db, err := sql.Open("pgx", url)
//	err = sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL) // or apply sqlstore.Schema with a migration tool
//	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "billing") // the namespace: who owns the memory
//	guard, err := core.New(core.Config{Replay: store, ...})
//
// # What it is for
//
// It is for several processes that share their memory of events, over restarts too. It is also for apps that keep their
// data in the same database. In the transactional mode the app's writes and the event's "done" are one step. An event
// then takes effect exactly once, whatever crashes in between. Everything outside of the database (a mail, a call to
// another service) remains "at least once".
//
// # Namespaces
//
// Applications with different namespaces can share a table. Applications with the same namespace share one memory. Each
// store removes the expired rows of its own namespace. To remove the rows of an application that no longer runs, use
// DELETE FROM sallyport_replay WHERE namespace = 'its-name'.
//
// # Transactional mode
//
// A signal that calls [sqltx.Tx] gets a *sql.Tx, which begins at that moment. After the signal has succeeded, the
// guard writes "done" in it and commits. The claim itself was committed before. So a second delivery is answered at
// once that the first is in flight, and does not wait for a lock. If the lease has expired in the meantime and the
// claim is lost, the commit fails closed: everything that the signal wrote is rolled back.
//
// A receiver must return the error of a statement that failed. PostgreSQL then refuses to commit, MySQL has rolled
// everything back at a deadlock, and SQLite where a statement was interrupted: "done" is not written without the rest,
// and the event fails with [sqltx.ErrRolledBack]. So it does in MySQL after a statement that commits by itself, such as
// CREATE or TRUNCATE. An event that is given up (core.Permanent) is settled all the same, without the transaction.
//
// The pool needs more connections than there are signals with a transaction at a time: the others are for claims and
// renewals. A signal that does not use its transaction costs nothing more.
//
// # Time, leases and durability
//
// All time is the database's, so the clocks of the receivers do not matter. If the database's clock jumps, leases and
// TTLs expire early or late by as much.
//
// "Done" is as durable as the database's commit. The last commits may be lost, and their events run again, with:
//
//   - synchronous_commit = off (PostgreSQL),
//   - innodb_flush_log_at_trx_commit other than 1 (MySQL),
//   - synchronous = NORMAL or OFF (SQLite, on a loss of power),
//   - a failover to an asynchronous replica.
//
// Reads must go to the same database as writes. A pool that spreads them over replicas does not work.
//
// # Cost
//
// A fresh event takes one statement for the claim and one for the commit. A delivery of many events takes one of each
// for every thousand events; MySQL settles several in a transaction. A transaction of the app has two statements more
// on MySQL and SQLite, which show whether it is still open. A duplicate, or a claim that was lost, takes a second
// statement that reads the rows. On MySQL and MariaDB the take-over of an expired lease takes four. Deadlocks and
// serialization failures are tried again, up to a dozen times.
//
// A row takes some 200 bytes with its two indexes. An expired identity is absent at once, and its row is removed later:
// every 500 claims remove up to twice as many rows, in batches of at most 1000, for at most a second. There is no
// goroutine. With [WithoutPruning] the app must call [Store.Prune] itself.
//
// There is no capacity. Only events that pass authentication take room, and a full disk is [replay.ErrFull].
//
// # PostgreSQL
//
// It works with PostgreSQL 12 or newer, and pgx or lib/pq. Through a pooler in transaction mode, configure the driver
// for it as for any other statement. Autovacuum should keep up: every event is an insert, an update and a delete.
//
// # MySQL and MariaDB
//
// It works with MySQL 8.0 or MariaDB 10.5 or newer, and go-sql-driver/mysql. The table must be InnoDB. The tests run on
// MariaDB. When the context of a call ends, the server may still carry out the statement. The store then returns
// [ErrSlow], and the next call finds out what took effect.
//
// # SQLite
//
// It works with SQLite 3.35 or newer, in a file in WAL mode, which New checks. Use a pool of several connections, and a
// busy_timeout for the app's own statements. For instance with modernc.org/sqlite:
//
//	file:app.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)
//
// SQLite has one writer at a time, over all processes. The store's calls wait for it no longer than their context,
// whatever the busy_timeout is. A signal's transaction is the writer from [sqltx.Tx] to the end of the signal. In that
// time claims of other events wait, and its own lease is not renewed. Keep such signals short, begin the transaction
// late, and make the lease longer than any of them.
//
// The clock is that of the machine, in milliseconds. Network file systems do not work.
//
// # What the database learns
//
// The database learns SHA-256 values, tokens and times. It learns no event id, body or secret. Errors quote the
// server's message, and never the text that a driver adds, such as an address with its password.
package sqlstore
