// Package journaltests runs core/journal/sqljournal on real databases: PostgreSQL and MariaDB, which
// its tests start and stop, and SQLite, which is linked.
//
// Where an engine's programs are missing the tests say so and do not run; with
// SALLYPORT_REQUIRE_ENGINES=1 they fail instead. SALLYPORT_MILLION=1 lets the test of growth use a
// million entries instead of some thousands.
package journaltests
