// Package riverinbox works events after the answer, in jobs of River (https://riverqueue.com), in one database: the job
// is enqueued in the transaction that records "done" of the event, and the receivers' work is committed in the
// transaction that completes the job.
//
//	config := &river.Config{}
//	riverinbox.AddTo(config, signals, riverinbox.Config{DB: db, Journal: kept, MaxWorkers: 10})
//	jobs, err := river.NewClient(riverdatabasesql.New(db), config)
//	err = jobs.Start(ctx)
//
//	route := core.NewSignals()
//	route.On("*", riverinbox.Enqueue(jobs))
//
// The receivers in signals are those of any router. In a worker, too, sqltx.Tx(ctx) gives them a transaction.
//
// # What becomes of an event
//
//	the receivers succeed      their writes and the job's completion are one commit
//	an error, a panic          everything is rolled back, and River tries again later
//	core.Permanent             their writes, an entry of the journal and the job's completion are one commit
//	nobody takes it, or nobody can decode it; the last attempt fails
//	                           it is rolled back, and the entry and the job's completion are one commit
//
// An entry of the journal is parked: an operator sees it, and core.Redriver with its Inbox runs it again.
//
// # What is promised
//
// Work in the database is done exactly once, whatever crashes, where the replay store, River's tables and the journal
// are in the database of Config.DB. Work elsewhere (a mail, a call) is done at least once: give the other side
// Event.Identity as an idempotency key. Named receivers that succeeded without the transaction do not run again.
//
// # Order
//
// Jobs run at once, and what failed runs later than what came after it. [WithOrder] works the events of one key one
// after the other instead.
//
// # The databases
//
// PostgreSQL, and SQLite for one process: there the replay store, the journal and the workers share one *sql.DB of many
// connections, and River's client has another one of the same file with SetMaxOpenConns(1); both in WAL mode and with a
// busy_timeout. River calls its driver for SQLite early. Keep transactions short: call other services first, then
// write.
//
// An ErrorHandler of river.Config that cancels jobs, and whoever cancels or deletes them by hand, gives their events
// up: the journal has no entry of those.
//
// Every River client that works jobs on the same tables needs AddTo, or Config.LeaderElectionDisabled: a client that
// does not know the kind of these jobs, and leads, discards them after a crash.
package riverinbox
