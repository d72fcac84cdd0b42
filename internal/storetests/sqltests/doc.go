// Package sqltests runs core/replay/sqlstore on real databases: PostgreSQL and MariaDB, which its tests start and stop
// themselves, and SQLite, which is linked.
//
// Where an engine's programs are missing the tests say so loudly and do not run; with SALLYPORT_REQUIRE_ENGINES=1 they
// fail instead. SALLYPORT_HISTORIES says how many random histories each engine runs.
package sqltests
