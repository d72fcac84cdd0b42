// Package sqltests runs core/replay/sqlstore on real databases: PostgreSQL and MariaDB, which its tests start and stop
// themselves, and SQLite, which is linked.
//
// Where an engine's programs are missing the tests say so loudly and do not run; with SALLYPORT_REQUIRE_ENGINES=1 they
// fail instead. SALLYPORT_HISTORIES and SALLYPORT_CRASH_ROUNDS say how many random histories and crashes each engine
// sees; SALLYPORT_REAL_TIME=1 lets the rules of the contract wait for the time to pass, which is otherwise moved.
package sqltests
